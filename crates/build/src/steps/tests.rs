//! Stages of small files.

use super::mount::Kind;
use super::*;
use crate::language::parse;
use crate::plan::{Origin, Wishes};
use std::collections::BTreeMap;

fn understand(text: &str) -> Result<Interpreted, Fault> {
    with(text, &[], Base::scratch())
}

fn with(text: &str, given: &[(&str, &str)], base: Base) -> Result<Interpreted, Fault> {
    let arguments: BTreeMap<_, _> = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let wishes = Wishes { arguments, ..Wishes::default() };
    let plan = Plan::new(parse(text)?, &wishes)?;
    interpret(&plan, plan.target, base)
}

fn run_of(step: &Step) -> &Run {
    let Action::Run(run) = &step.action else { panic!("{step:?}") };
    run
}

#[test]
fn variables_are_those_of_the_place() {
    let text = "ARG g=0\nFROM x\nARG a=1 b\nARG g\nENV e=$a f=$e\nENV f=${e}$f$g a=2\nLABEL l=$a\nRUN x";
    let stage = with(text, &[("b", "B")], Base::scratch()).unwrap();
    let config = &stage.end.config;
    assert_eq!(config.env[1..], ["e=1", "f=10", "a=2"]);
    assert_eq!(config.labels["l"], "2");
    let run = run_of(stage.steps.last().unwrap());
    assert_eq!(run.env[1..], ["e=1", "f=10", "a=2", "b=B", "g=0"]);
    assert_eq!(stage.steps.last().unwrap().created_by, "|3 a=1 b=B g=0 /bin/sh -c x");
}

#[test]
fn commands_and_their_shell() {
    let base = Base { config: ContainerConfig { cmd: vec!["old".into()], ..Default::default() }, ..Base::default() };
    let config = |text: &str| with(text, &[], base.clone()).unwrap().end.config;
    assert_eq!(config("FROM x\nENTRYPOINT [\"e\"]").cmd, [""; 0]);
    assert_eq!(config("FROM x\nCMD c\nENTRYPOINT e").cmd, ["/bin/sh", "-c", "c"]);
    let changed = config("FROM x\nSHELL [\"bash\", \"-e\", \"-c\"]\nENTRYPOINT a b");
    assert_eq!(changed.entrypoint, ["bash", "-e", "-c", "a b"]);
    assert_eq!(changed.shell, ["bash", "-e", "-c"]);
}

#[test]
fn configuration() {
    let text = "FROM x\nWORKDIR /a\nWORKDIR b/../c\nEXPOSE 1:80 90-91/UDP\nVOLUME [\"/v\"]\nUSER u:g\nSTOPSIGNAL SIGINT\n\
                HEALTHCHECK --interval=5s --retries=3 CMD true\nONBUILD RUN y\nMAINTAINER me you";
    let stage = understand(text).unwrap();
    let config = &stage.end.config;
    assert_eq!(config.working_dir, "/a/c");
    assert_eq!(config.exposed_ports.keys().collect::<Vec<_>>(), ["80/tcp", "90/udp", "91/udp"]);
    assert_eq!((config.user.as_str(), config.stop_signal.as_str()), ("u:g", "SIGINT"));
    let check = config.healthcheck.as_ref().unwrap();
    assert_eq!((check.test[1].as_str(), check.interval, check.retries), ("true", 5_000_000_000, 3));
    assert_eq!(config.on_build, ["RUN y"]);
    assert_eq!(stage.end.author.as_deref(), Some("me you"));
    assert!(matches!(&stage.steps[0].action, Action::Workdir { path, .. } if path == "/a"));
    assert!(understand("FROM x\nSTOPSIGNAL nope").is_err());
    assert!(understand("FROM x\nEXPOSE 99999").is_err());
    assert!(understand("FROM x\nCMD [\"a\", 1]").unwrap_err().message.contains("strings only"));
}

#[test]
fn heredocs_of_run() {
    let stage = understand("FROM x\nRUN <<E\na $b\nE\nRUN <<S\n#!/bin/py\nx\nS\nRUN cat <<A > f\nq\nA").unwrap();
    assert_eq!(run_of(&stage.steps[0]).argv, ["/bin/sh", "-c", "a $b\n"]);
    let script = run_of(&stage.steps[1]);
    assert_eq!(script.argv, ["/dev/pipes/S"]);
    assert_eq!(script.script.as_ref().unwrap().content, "#!/bin/py\nx\n");
    assert_eq!(run_of(&stage.steps[2]).argv[2], "cat <<A > f\nq\nA");
    assert!(understand("FROM x\nRUN <<E\n\nE").unwrap_err().message.contains("nothing to run"));
    assert!(understand("FROM x\nRUN").is_err());
}

#[test]
fn copies() {
    let text = "FROM x AS s\nFROM x\nWORKDIR /w\nARG d=sub\nCOPY --from=s --chown=$d a b* $d/\nADD http://h/f.tar https://h/r.git#v1 ./\n\
                COPY --chmod=u+x <<A <<'B' dir/\n$d\nA\n$d\nB";
    let stage = understand(text).unwrap();
    let copy = |at: usize| match &stage.steps[at].action {
        Action::Copy(copy) => copy,
        other => panic!("{other:?}"),
    };
    assert_eq!(copy(2).from, Origin::Stage(0));
    assert_eq!((copy(2).destination.as_str(), copy(2).owner.as_deref()), ("/w/sub/", Some("sub")));
    assert!(matches!(&copy(3).sources[..], [Source::Url(_), Source::Git(_)]));
    let text = |name: &str, content: &str| Source::Text { name: name.into(), content: content.into() };
    assert_eq!(copy(4).sources, [text("A", "sub\n"), text("B", "$d\n")]);
    for wrong in ["COPY a b c", "COPY $none /", "ADD --checksum=sha256:0 a /", "COPY --chmod=9 a /", "COPY a ''"] {
        assert!(understand(&format!("FROM x\n{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn mounts_know_where_files_come_from() {
    let text = "FROM x AS s\nFROM x\nARG t=/t\nRUN --mount=from=s,target=$t --mount=type=ssh --mount=target=m,rw true";
    let stage = understand(text).unwrap();
    let run = run_of(stage.steps.last().unwrap());
    assert_eq!((run.mounts[0].0.target.as_str(), &run.mounts[0].1), ("/t", &Origin::Stage(0)));
    assert_eq!(run.mounts[1].0.target, "/run/buildkit/ssh_agent.0");
    assert!(matches!(run.mounts[2].0.kind, Kind::Bind { writable: true, .. }));
    assert_eq!(run.mounts[2].1, Origin::Context);
}
