//! `artifact add`.

use super::{NAME, digest, manifest, titles};
use serde_json::json;
use testkit::TestEnv;

fn files_and_what_is_said_of_them(env: &TestEnv) {
    env.write("a&b.txt", "hello\n");
    env.write("b.bin", b"\0\x01\x02");
    env.ok("artifact add plain 'a&b.txt' b.bin");
    let plain = manifest(env, "plain");
    assert_eq!(plain["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(plain["config"]["mediaType"], "application/vnd.oci.empty.v1+json");
    assert_eq!((&plain["config"]["size"], &plain["config"]["data"]), (&json!(2), &json!("e30=")));
    assert_eq!(plain["layers"][0]["mediaType"], "text/plain; charset=utf-8");
    assert_eq!(plain["layers"][0]["size"], 6);
    assert_eq!(plain["layers"][0]["annotations"], json!({"org.opencontainers.image.title": "a&b.txt"}));
    assert_eq!(plain["layers"][1]["mediaType"], "application/octet-stream");
    let created = plain["annotations"]["org.opencontainers.image.created"].as_str().expect("a time");
    assert!(created.starts_with("20") && created.ends_with('Z'), "{created}");
    let id = env
        .ok(&format!("artifact add --type x/y --file-type t/f --annotation k=v --annotation e= {NAME} b.bin"))
        .text();
    assert_eq!(digest(env, NAME), format!("sha256:{}", id.trim()));
    let described = manifest(env, NAME);
    assert_eq!(described["artifactType"], "x/y");
    assert_eq!(described["layers"][0]["mediaType"], "t/f");
    let expected = json!({"e": "", "k": "v", "org.opencontainers.image.title": "b.bin"});
    assert_eq!(described["layers"][0]["annotations"], expected);
    assert_eq!(described["annotations"]["k"], "v");
    env.ok("artifact add --annotation org.opencontainers.image.title=other called b.bin");
    assert_eq!(titles(env, "called"), ["other"]);
}

fn appending_keeps_what_is_there(env: &TestEnv) {
    env.write("a", "1");
    env.write("b", "2");
    env.ok(&format!("artifact add --type x/y {NAME} a"));
    let before = manifest(env, NAME);
    let id = env.ok(&format!("artifact add --append --file-type t/f --annotation i=j {NAME} b")).text();
    assert_eq!(digest(env, NAME), format!("sha256:{}", id.trim()));
    let after = manifest(env, NAME);
    assert_eq!(titles(env, NAME), ["a", "b"]);
    assert_eq!(after["annotations"], before["annotations"]);
    assert_eq!(after["artifactType"], "x/y");
    assert_eq!(after["layers"][1]["annotations"]["i"], "j");
    env.run(&format!("artifact add -a {NAME} b")).code(125).complains("b: file already exists in artifact");
    env.run("artifact add -a nothing b").code(125).complains("nothing: artifact does not exist");
    env.run(&format!("artifact add -a --type x {NAME} b")).code(125).complains("not compatible with type");
    env.run(&format!("artifact add -a --replace {NAME} b")).code(125).complains("cannot be used together");
    assert_eq!(manifest(env, NAME), after);
}

fn a_name_is_taken_over_only_when_asked(env: &TestEnv) {
    env.write("a", "1");
    env.write("b", "2");
    env.ok(&format!("artifact add --replace {NAME} a"));
    env.run(&format!("artifact add {NAME} b")).code(125).complains(&format!("{NAME}: artifact already exists"));
    assert_eq!(titles(env, NAME), ["a"]);
    env.ok(&format!("artifact add --replace {NAME} b"));
    assert_eq!(titles(env, NAME), ["b"]);
}

fn nonsense_makes_nothing(env: &TestEnv) {
    env.write("a", "1");
    env.write("d/a", "2");
    env.run("artifact add x").code(125).complains("requires at least 2 arg(s), only received 1");
    env.run("artifact add x a d/a").code(125).complains("a: file already exists in artifact");
    env.run("artifact add x d").code(125).is_readable().complains("s a directory");
    env.run("artifact add x no-file").code(125).complains("no-file");
    env.run("artifact add x a no-file").code(125).complains("no-file");
    env.run("artifact add '' a").code(125).complains("artifact name cannot be empty");
    env.run("artifact add 'Bad Name' a").code(125).is_readable().complains("Bad Name");
    env.run("artifact add --annotation nonsense x a").code(125).complains("no value given for annotation \"nonsense\"");
    let title = "--annotation org.opencontainers.image.title=t";
    env.write("b", "3");
    env.run(&format!("artifact add {title} x a b")).code(125).complains("duplicate layers");
    if !env.is_peer() {
        // There such a name is taken, and breaks every listing from then on.
        env.run("artifact add quay.io/a:b:c a").refused("quay.io/a:b:c");
    }
    env.ok("artifact ls -n").prints("");
    env.run("artifact").code(125).complains("missing command");
}

/// An artifact may be larger than what fits into memory at once.
fn files_of_any_size(env: &TestEnv) {
    env.script("truncate -s 200M big");
    env.write("empty", "");
    env.ok(&format!("artifact add {NAME} big empty"));
    env.ok(&format!("artifact inspect --format {{{{.TotalSizeBytes}}}} {NAME}")).prints("209715200\n");
    env.ok(&format!("artifact extract --title big {NAME} out"));
    assert!(env.script("cmp big out && echo same").text().contains("same"));
}

/// They may never end.
fn devices_and_pipes_are_refused(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman waits for pipes and reads devices until the disk is full");
    }
    env.script("mkfifo pipe; ln -s pipe link");
    for odd in ["pipe", "link", "/dev/zero", "/dev/null"] {
        env.run(&format!("artifact add x {odd}")).code(125).complains(odd).complains("no regular file");
    }
    for none in ["inspect", "rm"] {
        env.run(&format!("artifact {none} ..")).code(125).complains("..: artifact does not exist");
        env.run(&format!("artifact {none} ''")).code(125).complains("artifact name cannot be empty");
    }
    env.ok("artifact ls -n").prints("");
}

/// What one has just stored goes with what another removes.
fn others_that_remove_the_same_content_do_no_harm(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("there they fail now and then");
    }
    env.write("a", "1");
    std::thread::scope(|scope| {
        for name in ["one", "two"] {
            scope.spawn(move || {
                for _ in 0..25 {
                    env.ok(&format!("artifact add {name} a"));
                    env.ok(&format!("artifact rm {name}"));
                }
            });
        }
    });
}

testkit::cases! {
    both: [
        files_and_what_is_said_of_them, appending_keeps_what_is_there, a_name_is_taken_over_only_when_asked,
        nonsense_makes_nothing, files_of_any_size, devices_and_pipes_are_refused,
        others_that_remove_the_same_content_do_no_harm,
    ]
}
