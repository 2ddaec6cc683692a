//! The real skopeo, podman and buildah, started beside us in the same environment: they see the same folders, registries
//! and settings, and keep a store of their own in the same place.
//!
//! `cargo xtask e2e --beside` runs the cases in the tree that `MINKE_PEER` names, where they are installed.

use testkit::{Output, TestEnv, note_skipped};

/// Whether the program is there; says so if it isn't.
pub fn is_there(env: &TestEnv, program: &str) -> bool {
    let found = env.host_root("sh -c").arg(format!("command -v {program}")).run().status.success();
    if !found {
        note_skipped(&format!("there is no {program} here"));
    }
    found && !env.is_peer()
}

/// Runs one of them as root and demands exit code 0.
#[track_caller]
pub fn ok(env: &TestEnv, line: &str) -> Output {
    let output = env.host_root(line).run();
    output.ok();
    output
}

/// The id of the image that a program finds at a place.
#[track_caller]
pub fn id_at(env: &TestEnv, program: &str, place: &str) -> String {
    if program == "skopeo" {
        // The layers have to be good, too.
        ok(env, "rm -rf their-copy");
        ok(env, &format!("skopeo copy -q {place} dir:their-copy"));
        return id_in_manifest(env, place);
    }
    let id = ok(env, &format!("{program} pull -q {place}")).text();
    ok(env, &format!("{program} rmi -f {id}"));
    id
}

/// The id of an image as its manifest tells it; the real skopeo reads that.
#[track_caller]
pub fn id_in_manifest(env: &TestEnv, place: &str) -> String {
    let raw = ok(env, &format!("skopeo inspect --raw {place}")).stdout;
    let raw: serde_json::Value = serde_json::from_slice(&raw).unwrap_or_else(|e| panic!("{place}: {e}"));
    raw["config"]["digest"].as_str().expect("a digest").trim_start_matches("sha256:").to_owned()
}

/// Lets a program write `from` (a name in a registry) to a place, in a format and compression; the digest it reports.
#[track_caller]
pub fn write(env: &TestEnv, program: &str, from: &str, place: &str, flags: &str) -> String {
    if program == "skopeo" {
        let flags = flags.replace("--compression-format", "--dest-compress-format");
        ok(env, &format!("skopeo copy -q {flags} --digestfile their-digest docker://{from} {place}"));
    } else {
        ok(env, &format!("{program} pull -q docker://{from}"));
        ok(env, &format!("{program} push -q {flags} --digestfile their-digest {from} {place}"));
        ok(env, &format!("{program} rmi -f {from}"));
    }
    env.read(env.work().join("their-digest")).expect("a digest file")
}
