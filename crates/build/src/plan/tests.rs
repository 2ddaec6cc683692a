//! Plans of small files.

use super::*;
use crate::language::parse;

fn plan_with(text: &str, wishes: &Wishes) -> Result<Plan, Fault> {
    Plan::new(parse(text)?, wishes)
}

fn plan(text: &str) -> Result<Plan, Fault> {
    plan_with(text, &wishes())
}

fn wishes() -> Wishes {
    let amd64 = Platform::new("linux", "amd64", "");
    Wishes { build_platform: amd64, platform: Platform::new("linux", "arm", "v7"), ..Wishes::default() }
}

#[test]
fn unneeded_stages_are_left_out() {
    let text = "FROM a AS one\nFROM b AS two\nFROM one AS three\nCOPY --from=0 x y\nFROM c\nRUN --mount=from=three,target=/m x";
    let plan = plan(text).unwrap();
    assert_eq!(plan.needed_stages(false).unwrap(), [0, 2, 3]);
    assert_eq!(plan.needed_stages(true).unwrap(), [0, 1, 2, 3]);
    assert_eq!(plan.stages[2].base, Origin::Stage(0));
}

#[test]
fn bases_have_global_arguments() {
    let given = BTreeMap::from([("version".to_owned(), "2".to_owned())]);
    let wishes = Wishes { arguments: given, ..wishes() };
    let text = "ARG version=1 name=img\nARG full=$name:${version}\nFROM --platform=$BUILDPLATFORM $full\nFROM b:$TARGETARCH$TARGETVARIANT";
    let plan = plan_with(text, &wishes).unwrap();
    assert_eq!(plan.stages[0].base, Origin::Image("img:2".to_owned()));
    assert_eq!(plan.stages[0].platform.as_ref().unwrap().to_string(), "linux/amd64");
    assert_eq!(plan.stages[1].base, Origin::Image("b:armv7".to_owned()));
    assert!(plan.arguments.unused().is_empty());
    assert!(super::tests::plan("FROM $none").unwrap_err().message.contains("should not be blank"));
}

#[test]
fn targets_by_name_and_number() {
    let text = "FROM a AS Build\nFROM b";
    let target =
        |target: &str| plan_with(text, &Wishes { target: Some(target.to_owned()), ..wishes() }).map(|plan| plan.target);
    assert_eq!(target("BUILD"), Ok(0));
    assert_eq!(target("1"), Ok(1));
    assert_eq!(target("biuld").unwrap_err().hint.as_deref(), Some("did you mean build?"));
    assert_eq!(plan(text).unwrap().target, 1);
}

#[test]
fn contexts_come_before_stages_and_images() {
    let wishes = Wishes { contexts: BTreeSet::from(["a".to_owned()]), ..wishes() };
    let plan = plan_with("FROM x AS a\nFROM a\nCOPY --from=A f /\nCOPY --from=scratch f /", &wishes).unwrap();
    assert_eq!(plan.stages[1].base, Origin::Named("a".to_owned()));
    let needs = plan.needs(1).unwrap();
    assert_eq!(needs.into_iter().collect::<Vec<_>>(), [Origin::Scratch, Origin::Named("a".to_owned())]);
}

#[test]
fn stages_go_downwards_only() {
    for text in [
        "FROM a AS x\nCOPY --from=x f /",
        "FROM a\nCOPY --from=later f /\nFROM b AS later",
        "FROM a AS x\nRUN --mount=from=x,target=/m true",
    ] {
        let fault = plan(text).unwrap_err();
        assert!(fault.message.contains("circular"), "{fault}");
    }
    assert!(plan("FROM a\nCOPY --from=0 f /").unwrap_err().message.contains("invalid stage index"));
    assert!(plan("RUN x\nFROM a").unwrap_err().message.contains("before the first FROM"));
    assert!(plan("ARG a").unwrap_err().message.contains("no build stage"));
}

#[test]
fn triggers_come_first() {
    let mut plan = plan("FROM a\nUSER x").unwrap();
    plan.insert_triggers(0, &["RUN one".to_owned(), "COPY <<E /x\nin it\nE".to_owned()]).unwrap();
    let texts: Vec<_> = plan.stages[0].instructions.iter().map(|located| located.text.as_str()).collect();
    assert_eq!(texts, ["RUN one", "COPY <<E /x", "USER x"]);
    assert!(plan.insert_triggers(0, &["FETCH x".to_owned()]).unwrap_err().message.contains("unknown instruction"));
}
