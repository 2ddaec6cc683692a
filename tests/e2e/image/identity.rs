//! policy.json's `signedIdentity`: which name in a signature is good enough for the name that was asked for.

use super::trust::{policy, with_key};
use testkit::{Base, Settings, TestEnv};

/// The image is signed as `lib/base:1`; it is there by other names, and its signature is, too.
fn signed(env: &TestEnv) -> (testkit::Registry<'_>, String) {
    let registry = env.registry();
    let digest = registry.push("lib/base", "1", &Base::image());
    registry.push("lib/base", "2", &Base::image());
    registry.push("other/base", "1", &Base::image());
    registry.push("other/base", "2", &Base::image());
    let work = env.work();
    let lookaside = format!("docker:\n  127.0.0.1:5000:\n    lookaside: file://{}/sigs\n", work.display());
    env.configure(&Settings { system: &[("registries.d/test.yaml", &lookaside)], user: &[] });
    policy(env, r#"{"default":[{"type":"insecureAcceptAnything"}]}"#);
    let sign = "image sign --sign-by me@example.com docker://127.0.0.1:5000/lib/base:1";
    env.engine().words(sign).var("GNUPGHOME", work.join("gnupg")).run().ok();
    env.script("mkdir -p sigs/other; cp -r sigs/lib/* sigs/other/; chmod -R a+rX sigs");
    (registry, digest)
}

/// Identity, and which of the names pass: `lib/base` by tag 1, tag 2 and digest, `other/base` by tag 1 and 2.
const TABLE: [(&str, [bool; 5]); 7] = [
    ("", [true, false, true, false, false]),
    (r#"{"type":"matchExact"}"#, [true, false, false, false, false]),
    (r#"{"type":"matchRepoDigestOrExact"}"#, [true, false, true, false, false]),
    (r#"{"type":"matchRepository"}"#, [true, true, true, false, false]),
    (r#"{"type":"exactReference","dockerReference":"127.0.0.1:5000/lib/base:1"}"#, [true, true, true, true, true]),
    (
        r#"{"type":"exactRepository","dockerRepository":"127.0.0.1:5000/other/base"}"#,
        [false, false, false, false, false],
    ),
    (
        r#"{"type":"remapIdentity","prefix":"127.0.0.1:5000/other","signedPrefix":"127.0.0.1:5000/lib"}"#,
        [true, false, true, true, false],
    ),
];

fn every_kind_of_identity(env: &TestEnv) {
    if !with_key(env) {
        return;
    }
    let (_registry, digest) = signed(env);
    let key = env.work().join("me.gpg");
    let names = ["lib/base:1", "lib/base:2", &format!("lib/base@{digest}"), "other/base:1", "other/base:2"];
    for (identity, expected) in TABLE {
        let identity = if identity.is_empty() { String::new() } else { format!(r#","signedIdentity":{identity}"#) };
        let signed = format!(r#"[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{}"{identity}}}]"#, key.display());
        policy(env, &format!(r#"{{"default":{signed}}}"#));
        for (name, passes) in names.iter().zip(expected) {
            let output = env.run(&format!("pull -q 127.0.0.1:5000/{name}"));
            assert_eq!(output.status.success(), passes, "{identity} {name}: {output}");
            if !passes {
                output.code(125).is_readable().complains("not accepted");
            }
        }
        env.run("rmi -a -f");
    }
}

fn identities_that_make_no_sense(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let key = env.write("me.gpg", "no key");
    for identity in [
        r#"{"type":"matchSomething"}"#,
        r#"{"type":"exactReference"}"#,
        r#"{"type":"exactReference","dockerReference":"a b"}"#,
        r#"{"type":"exactRepository","dockerRepository":""}"#,
        r#"{"type":"remapIdentity","prefix":"a.b"}"#,
        r#"{"type":"matchExact","more":1}"#,
    ] {
        let text = r#"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"KEY","signedIdentity":ID}]}"#;
        policy(env, &text.replace("KEY", &key.display().to_string()).replace("ID", identity));
        env.run("pull -q 127.0.0.1:5000/lib/base:1").code(125).is_readable().complains("policy");
    }
    env.ok("images -aq").prints("");
}

testkit::cases! { both: [every_kind_of_identity, identities_that_make_no_sense] }
