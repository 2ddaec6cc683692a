//! Artifacts in the store: what they share, what is damaged, what a kill leaves.

use super::{NAME, OCI, by_hand, sha256};
use rustix::process::Signal;
use testkit::{Base, LIMIT, TestEnv, wait_until};

fn blob(env: &TestEnv, content: &str) -> std::path::PathBuf {
    env.graphroot().join("minke/blobs/sha256").join(&sha256(content)["sha256:".len()..])
}

fn images_and_artifacts_leave_each_other_alone(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base:1", registry.host());
    env.ok(&format!("pull -q --tls-verify=false {name}"));
    env.ok(&format!("artifact pull -q --tls-verify=false {name}"));
    env.ok("image prune -af");
    env.ok("images -q").prints("");
    env.ok(&format!("artifact extract {name} layer"));
    env.ok(&format!("pull -q --tls-verify=false {name}"));
    env.ok("artifact rm -a");
    env.ok(&format!("image inspect {name}"));
    env.ok(&format!("run --rm --network none {name} true"));
    env.write("a", "1");
    env.ok("artifact add a a");
    env.ok("rmi -a");
    env.ok("artifact extract a out");
    if !env.is_peer() {
        env.ok("system check").prints("");
    }
    let before = env.ok("system df").text();
    env.ok("artifact rm -a");
    env.ok("system df").prints(&format!("{before}\n"));
}

fn damage_is_found_and_repaired(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman doesn't look after artifacts");
    }
    let registry = env.fake_registry();
    registry.offer_blob("a/b", b"{}");
    registry.offer_blob("a/b", b"fetched");
    registry.offer_manifest("a/b", "1", OCI, &by_hand(&[("f", "fetched")]));
    let manifest = by_hand(&[("f", "fetched")]);
    registry.offer_manifest("a/b", &format!("sha256:{}", testkit::sha256_hex(&manifest)), OCI, &manifest);
    let name = format!("{}/a/b:1", registry.host());
    let conf = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", registry.host());
    env.configure(&testkit::Settings { system: &[("registries.conf", &conf)], user: &[] });
    env.ok(&format!("artifact pull -q {name}"));
    env.write("a", "made here");
    env.ok("artifact add local a");
    env.write_at(&blob(env, "fetched"), b"FETCHED");
    env.run(&format!("artifact extract {name} out")).code(125).complains("damaged");
    assert!(!env.exists(env.work().join("out")));
    env.host_root("rm").arg(blob(env, "made here")).run().ok();
    let found = env.run("system check").code(125).text();
    assert!(found.contains(&format!("Damaged artifact {name}:\n")), "{found}");
    assert!(found.contains("has incorrect digest") && found.contains("is missing"), "{found}");
    let repaired = env.ok("system check --repair").text();
    assert!(repaired.contains(&format!("Fetched damaged artifact: {name}")), "{repaired}");
    assert!(repaired.contains("Deleted damaged artifact: local"), "{repaired}");
    env.ok("system check").prints("");
    env.ok(&format!("artifact extract {name} out"));
}

/// Killed while it copies: nothing is listed, nothing is left.
fn a_kill_leaves_nothing(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman leaves what it had begun");
    }
    env.ok("artifact ls -n").prints("");
    env.script("truncate -s 20G endless");
    let tmp = env.graphroot().join("minke/tmp");
    for _ in 0..3 {
        let adding = env.engine().words(&format!("artifact add {NAME} endless")).spawn();
        let begun = || env.host_root("find").arg(&tmp).args(["-type", "f", "-size", "+10M"]).run().text();
        wait_until("a copy that has begun", || !begun().is_empty());
        adding.signal(Signal::KILL);
        drop(adding.wait());
        env.ok("artifact ls -n").prints("");
    }
    env.ok("system check").prints("");
    let left = || env.host_root("du -sm").arg(env.graphroot()).run().text();
    wait_until("the waste to go", || left().split_whitespace().next().is_some_and(|megabytes| megabytes.len() == 1));
    env.write("a", "1");
    env.ok(&format!("artifact add {NAME} a"));
}

/// All of them are there in the end, and whoever comes second is told or comes after.
fn several_at_once(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's lose each other's files");
    }
    env.write("first", "1");
    env.ok(&format!("artifact add {NAME} first"));
    let names: Vec<String> = (0..6).map(|at| format!("file-{at}")).collect();
    names.iter().for_each(|name| drop(env.write(name, name)));
    let add = |name: &String| env.engine().words(&format!("artifact add --append {NAME} {name}")).limit(LIMIT).spawn();
    let processes: Vec<_> = names.iter().map(add).collect();
    for process in processes {
        process.wait().ok();
    }
    let mut found = super::titles(env, NAME);
    found.sort();
    assert_eq!(found, [&names[..], &["first".to_owned()]].concat());
}

testkit::cases! {
    both: [
        images_and_artifacts_leave_each_other_alone, damage_is_found_and_repaired, a_kill_leaves_nothing, several_at_once,
    ]
}
