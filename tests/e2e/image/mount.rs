//! `image mount`.

use serde_json::Value;
use testkit::{Base, Entry, Layer, TestEnv};

/// An image of two layers that changes and hides files.
pub(super) fn two(env: &TestEnv) {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("mine", "y"), Entry::file("bin/.wh.true", "")]));
    env.load(&image, "localhost/two:1");
}

fn files_can_be_looked_at(env: &TestEnv) {
    env.base();
    two(env);
    let place = env.ok("image mount two:1").text();
    assert_eq!(env.read(format!("{place}/mine")).as_deref(), Some("y"));
    assert!(env.exists(format!("{place}/bin/sh")) && !env.exists(format!("{place}/bin/true")));
    env.host_root(&format!("touch {place}/x")).run().code(1).complains("Read-only file system");
    // One layer alone.
    let base = env.ok("image mount base").text();
    assert!(env.exists(format!("{base}/bin/true")));
    env.host_root(&format!("touch {base}/x")).run().code(1).complains("Read-only file system");
    if !env.is_peer() {
        // A stranger's set-user-ID programs and devices are nothing but files.
        let options = env.script(&format!("findmnt -no OPTIONS {place}; findmnt -no OPTIONS {base}")).text();
        for line in options.lines() {
            assert!(
                ["ro", "nosuid", "nodev"].iter().all(|word| line.split(',').any(|option| option == *word)),
                "{line}"
            );
        }
    }
    let listed = env.ok("image mount").lines();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed.contains(&format!("localhost/two:1        {place}")), "{listed:?}");
    let json: Value = serde_json::from_slice(&env.ok("image mount --format json").stdout).unwrap();
    let one = json.as_array().unwrap().iter().find(|one| one["Repositories"][0] == "localhost/two:1").unwrap();
    assert_eq!(one["mountpoint"], place.as_str());
    env.ok("run --rm --network none two:1 cat /mine").prints("y");
    env.ok("image unmount --all");
    env.ok("image mount").prints("");
    assert!(!env.exists(format!("{place}/mine")));
}

fn an_image_that_goes_takes_its_mount_along(env: &TestEnv) {
    two(env);
    let place = env.ok("image mount two:1").text();
    env.ok("rmi two:1");
    assert!(!env.exists(format!("{place}/mine")));
    env.ok("image mount").prints("");
}

fn wrong_calls(env: &TestEnv) {
    two(env);
    env.run("image mount no-such").code(125).complains("no-such");
    let all = "when using the --all switch, you may not pass any image names or IDs";
    env.run("image mount --all two:1").code(125).complains(all);
    env.run("image mount --format {{.ID}}").code(125).complains("unknown --format argument: \"{{.ID}}\"");
}

fn not_for_ordinary_users(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman says that unshare is needed");
    }
    two(env);
    env.run("image mount two:1").code(125).complains("ordinary user");
    env.ok("image mount").prints("");
}

testkit::cases! {
    root: [files_can_be_looked_at, an_image_that_goes_takes_its_mount_along, wrong_calls];
    user: [not_for_ordinary_users]
}
