//! Each rule finds what it is for, and nothing else.

use super::*;
use oci::Platform;

fn rules(text: &str) -> Vec<String> {
    let file = crate::language::parse(text).unwrap();
    let platform = Platform::host();
    let arguments = Arguments::new(&std::collections::BTreeMap::new(), &platform, &platform, "default");
    let ignore = Ignore::parse("ignored\n").unwrap();
    let facts = Facts {
        arguments: &arguments,
        ignore: &ignore,
        variables_of: &|name| (name == "known").then(|| BTreeSet::from(["PATH".to_owned(), "SET".to_owned()])),
    };
    let options = options(&file, None).unwrap();
    lint(&file, &facts, &options).iter().map(|warning| format!("{} {}", warning.place.first, warning.rule)).collect()
}

#[test]
fn each_rule_finds_what_it_is_for() {
    for (text, expected) in [
        ("FROM scratch AS Foo\n", "1 StageNameCasing"),
        ("FROM scratch as foo\n", "1 FromAsCasing"),
        ("FROM scratch\nRUN a \\\n\n b\n", "4 NoEmptyContinuation"),
        ("FROM scratch\ncopy a b\n", "2 ConsistentInstructionCasing"),
        ("from scratch\ncopy a b\nADD a b\n", "3 ConsistentInstructionCasing"),
        ("FROM scratch AS a\nFROM scratch AS a\n", "2 DuplicateStageName"),
        ("FROM scratch AS context\n", "1 ReservedStageName"),
        ("FROM scratch\nCMD a\n", "2 JSONArgsRecommended"),
        ("FROM scratch\nENTRYPOINT a\n", "2 JSONArgsRecommended"),
        ("FROM scratch\nMAINTAINER a\n", "2 MaintainerDeprecated"),
        ("ARG v=1\nFROM a:${v}$vv\n", "2 UndefinedArgInFrom"),
        ("FROM scratch\nWORKDIR a\nWORKDIR b\n", "2 WorkdirRelativePath"),
        ("FROM scratch\nLABEL a=$x\n", "2 UndefinedVar"),
        ("FROM known\nLABEL a=$SET b=$x\n", "2 UndefinedVar"),
        ("FROM scratch\nCMD [\"a\"]\nCMD [\"b\"]\n", "2 MultipleInstructionsDisallowed"),
        ("FROM scratch\nENV a b\n", "2 LegacyKeyValueFormat"),
        ("FROM --platform=$TARGETPLATFORM scratch\n", "1 RedundantTargetPlatform"),
        ("FROM scratch\nARG my_token\n", "2 SecretsUsedInArgOrEnv"),
        ("ARG v\nFROM a:$v\n", "2 InvalidDefaultArgInFrom"),
        ("FROM --platform=linux/amd64 scratch\n", "1 FromPlatformFlagConstDisallowed"),
        ("# check=experimental=all\nFROM scratch\nCOPY ignored /\n", "3 CopyIgnoredFile"),
        ("# check=experimental=all\n\n# what\nFROM scratch AS a\n", "4 InvalidDefinitionDescription"),
        ("FROM scratch\nEXPOSE 80/TCP\n", "2 ExposeProtoCasing"),
        ("FROM scratch\nEXPOSE 80:80\n", "2 ExposeInvalidFormat"),
    ] {
        assert_eq!(rules(text), [expected], "{text}");
    }
}

#[test]
fn what_is_meant_is_left_alone() {
    for text in [
        "FROM scratch AS a\nSHELL [\"/x\"]\nCMD a\n",
        "FROM scratch\nWORKDIR /a\nWORKDIR b\n",
        "FROM unknown\nLABEL a=$x\n",
        "FROM scratch\nARG x\nLABEL a=$x\n",
        "FROM --platform=linux/amd64 scratch AS for-amd64\n",
        "FROM --platform=$BUILDPLATFORM scratch\n",
        "FROM scratch\nARG public_key keyring\n",
        "# check=skip=CopyIgnoredFile,jsonargsrecommended\nFROM scratch\nCMD a\n",
        "# check=skip=all\nfrom scratch AS A\nCMD a\n",
        "FROM scratch\nCOPY ignored /\n",
        "FROM scratch AS a\nWORKDIR /a\nENV x=1\nFROM a\nWORKDIR b$x\n",
    ] {
        assert_eq!(rules(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn nonsense_is_no_option() {
    for text in ["error=yes", "skip", "skip=a;x=1"] {
        assert!(Options::parse(text).is_err(), "{text}");
    }
    assert!(Options::parse("error=true;skip=a").unwrap().error);
}
