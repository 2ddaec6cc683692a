//! `system check`.

use testkit::{Base, Reply, TestEnv, sha256_hex};

/// Changes a file of an image behind the engine's back.
fn damage(env: &TestEnv, file: &str) {
    let line = format!("find {} -path '*/diff/{file}' -type f", env.graphroot().display());
    let found = env.host_root(&line).run().text();
    assert!(!found.is_empty() && !found.contains('\n'), "{found:?}");
    env.write_at(found.as_ref(), b"root:x:0:0:somebody else:/root:/bin/sh\n");
}

fn a_sound_store_is_clean(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman takes links for damaged whose mode in the archive isn't 0777");
    }
    env.ok("system check").prints("");
    env.base();
    env.ok("create --name c --volume v:/v base true");
    env.ok("run --rm --network none base true");
    env.ok("system check").prints("");
    env.ok("system check --quick --max 1h30m").prints("");
}

fn a_changed_file_is_found(env: &TestEnv) {
    env.base();
    damage(env, "etc/passwd");
    let id = Base::image().id();
    let found = env.run("system check").code(125).complains("Error: damage detected in local storage").text();
    assert!(found.contains("Damaged layer ") && found.contains(&format!("Damaged image {id}:\n")), "{found}");
    assert!(found.contains("file integrity checksum failed for \"etc/passwd\""), "{found}");
    env.ok("system check -q").prints("");
    env.ok("system check --repair").has(&format!("Deleted damaged image: {id}"));
    env.ok("images -aq").prints("");
    env.ok("system check").prints("");
    env.base();
    env.ok("run --rm --network none base cat /etc/passwd").lacks("somebody else");
}

fn containers_go_only_by_force(env: &TestEnv) {
    env.base();
    env.ok("create --name c --network none base cat /etc/passwd");
    damage(env, "etc/passwd");
    env.run("system check --repair").code(125).complains("in use by a container");
    env.run("system check --repair").lacks("external");
    env.ok("start -a c").has("somebody else");
    env.ok("system check --repair --force").has("Deleted damaged container: ").has("Deleted damaged image: ");
    env.ok("ps -aq").prints("");
    env.ok("system check").prints("");
}

fn what_came_from_a_registry_is_fetched_again(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman removes the image");
    }
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base:1", registry.host());
    env.ok(&format!("pull -q {name}"));
    env.ok(&format!("create --name c --network none {name} cat /etc/passwd"));
    damage(env, "etc/passwd");
    env.ok("system check --repair").has(&format!("Fetched damaged image: {}", Base::image().id()));
    env.ok("start -a c").lacks("somebody else").has("root:x:0:0:root");
    env.ok("system check").prints("");
}

/// It may have the image: only one that says that it hasn't, or a person's word, is a reason to remove anything.
fn what_the_registry_refuses_stays(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman removes the image");
    }
    let fake = env.fake_registry();
    let image = Base::image();
    fake.offer("lib/base", "1", &image);
    env.ok(&format!("pull -q {}/lib/base:1", fake.host()));
    damage(env, "etc/passwd");
    let manifest = format!("/v2/lib/base/manifests/sha256:{}", sha256_hex(&image.manifest()));
    fake.reply(&manifest, Reply::status(403));
    let kept = env.run("system check --repair");
    kept.code(125).complains("stays damaged").complains("--force").complains("refused access (403)");
    env.ok("images -aq --no-trunc").has(&image.id());
    env.run("system check").code(125).complains("damage detected");
    fake.reply(&manifest, Reply::status(404));
    env.ok("system check --repair").has(&format!("Deleted damaged image: {}", image.id()));
    env.ok("images -aq").prints("");
    env.ok("system check").prints("");
    fake.offer("lib/base", "1", &image);
    env.ok(&format!("pull -q {}/lib/base:1", fake.host()));
    damage(env, "etc/passwd");
    fake.reply(&manifest, Reply::status(403));
    env.ok("system check --force").has(&format!("Deleted damaged image: {}", image.id()));
}

fn strays_are_named_and_go(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("the folders are ours");
    }
    env.base();
    let root = env.graphroot().join("minke");
    let rubbish = ["blobs/sha256/rubbish", "layers/rubbish", "names/rubbish"];
    let precious = ["volumes/forgotten", "containers/forgotten", "something"];
    for path in rubbish.iter().chain(&precious) {
        env.write_at(&root.join(path), b"x");
    }
    let found = env.run("system check").code(125).text();
    for path in ["blobs/sha256/rubbish", "names/rubbish"].iter().chain(&precious) {
        assert!(found.contains(&format!("Stray {}", root.join(path).display())), "{path}: {found}");
    }
    assert!(found.contains("layer in lower level storage driver not accounted for"), "{found}");
    env.run("system check --repair").code(125).complains("still present after repair attempt").complains("--force");
    assert!(rubbish.iter().all(|path| !env.exists(root.join(path))));
    assert!(precious.iter().all(|path| env.exists(root.join(path))), "what may be wanted was deleted");
    env.ok("system check --force");
    env.ok("system check").prints("");
    env.ok("run --rm --network none base echo fine").prints("fine\n");
}

fn wrong_arguments(env: &TestEnv) {
    env.run("system check --max never").code(125).complains("invalid duration \"never\"");
    env.run("system check now").code(125).complains("takes no arguments");
}

testkit::cases! { both: [
    a_sound_store_is_clean, a_changed_file_is_found, containers_go_only_by_force,
    what_came_from_a_registry_is_fetched_again, what_the_registry_refuses_stays, strays_are_named_and_go, wrong_arguments,
] }
