//! Rules of Containerfiles, one a case, as text: `tests/containerfiles/*.cases`. The same cases run on ours, on the engine of `MINKE_PEER`,
//! and on a Docker with BuildKit whose commands `MINKE_PEER_DOCKER` runs (`MINKE_PEER_DOCKER='dockerd-and-then'`: what follows it is
//! executed where `docker` works).
//!
//! ```text
//! ## what the rule says
//! $ a shell's line, executed in the context before
//! + flags of the build
//! the Containerfile
//! ? a script for a shell in the image, whose output is
//! = these lines
//! @ a template for `image inspect`, which shows
//! = this
//! ! the build fails, and says this
//! ~ podman: why it does something else on purpose or by mistake (or docker)
//! ```

mod docker;
mod text;

use testkit::{TestEnv, note_skipped};
use text::{Case, Check};

/// What `engine` makes of it, where that isn't what the case says.
fn wrong(env: &TestEnv, case: &Case) -> Option<String> {
    let folder = env.work().join("ctx");
    let prepare = format!("rm -rf ctx; mkdir ctx; cd ctx\n{}", case.prepare);
    env.host("sh -ec").arg(&prepare).run().ok();
    if !case.text.trim().is_empty() {
        env.write("ctx/Containerfile", &case.text);
    }
    let built = env.engine().words(&format!("build --network none -t case {} {}", case.flags, folder.display())).run();
    let said = format!("{}{}", built.whole(), built.complaint());
    if let Some(why) = &case.fails {
        return match built.status.success() {
            true => Some("it is built".to_owned()),
            false => (!said.contains(why.as_str())).then(|| format!("it says {said}")),
        };
    }
    if !built.status.success() {
        return Some(said);
    }
    case.checks.iter().find_map(|(check, expected)| {
        let run = match check {
            Check::Inside(script) => {
                env.engine().words("run --rm --network none --user 0 --entrypoint sh case -c").arg(script).run()
            }
            Check::Shown(template) => env.engine().words("image inspect case --format").arg(template).run(),
        };
        let found = format!("{}{}", run.whole(), run.complaint());
        (found.trim() != expected.trim()).then(|| format!("{check:?}: {found}, expected {expected}"))
    })
}

fn all_of(env: &TestEnv, cases: &str) {
    env.base();
    let name = if env.is_peer() { "podman" } else { "minke" };
    let mut wrongs = Vec::new();
    for case in text::parse(cases) {
        match (case.differs(name), wrong(env, &case)) {
            (false, Some(found)) => wrongs.push(format!("## {}\n{}", case.name, found.trim())),
            (true, None) => wrongs.push(format!("## {}\nit does the same: its ~ line is wrong", case.name)),
            _ => {}
        }
    }
    assert!(wrongs.is_empty(), "{} cases\n{}", wrongs.len(), wrongs.join("\n\n"));
}

const FILES: &[&str] = &[
    include_str!("../../../../containerfiles/copy.cases"),
    include_str!("../../../../containerfiles/add.cases"),
    include_str!("../../../../containerfiles/variables.cases"),
    include_str!("../../../../containerfiles/config.cases"),
    include_str!("../../../../containerfiles/run.cases"),
    include_str!("../../../../containerfiles/stages.cases"),
    include_str!("../../../../containerfiles/syntax.cases"),
];

fn copy(env: &TestEnv) {
    all_of(env, FILES[0]);
}

fn add(env: &TestEnv) {
    all_of(env, FILES[1]);
}

fn variables(env: &TestEnv) {
    all_of(env, FILES[2]);
}

fn config(env: &TestEnv) {
    all_of(env, FILES[3]);
}

fn run(env: &TestEnv) {
    all_of(env, FILES[4]);
}

fn stages(env: &TestEnv) {
    all_of(env, FILES[5]);
}

fn syntax(env: &TestEnv) {
    all_of(env, FILES[6]);
}

/// BuildKit says the same.
fn with_docker(env: &TestEnv) {
    let Ok(prefix) = std::env::var("MINKE_PEER_DOCKER") else {
        return note_skipped("MINKE_PEER_DOCKER names no Docker to compare with");
    };
    if env.is_peer() {
        return note_skipped("Docker is compared with ours");
    }
    let cases: Vec<Case> = FILES.iter().flat_map(|text| text::parse(text)).collect();
    let wrongs = docker::compare(env, &prefix, &cases);
    assert!(wrongs.is_empty(), "{} cases\n{}", wrongs.len(), wrongs.join("\n\n"));
}

testkit::cases! {
    both: [copy, add, variables, config, run, stages, syntax]
    root: [with_docker]
}
