//! `image mount`.

use serde_json::Value;
use std::fs::File;
use std::path::Path;
use testkit::{Base, Entry, Image, Layer, TestEnv, wait_until};

/// An image of two layers that changes and hides files.
pub(super) fn two(env: &TestEnv) {
    env.load(&image_of_two(), "localhost/two:1");
}

fn image_of_two() -> Image {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("mine", "y"), Entry::file("bin/.wh.true", "")]));
    image
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

/// Whether a process of that name has the lock open, which means that it waits for it.
fn waits(command: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten().map(|process| process.path());
    let is_it = |path: &Path| {
        std::fs::read(path.join("cmdline")).is_ok_and(|words| String::from_utf8_lossy(&words).contains(command))
    };
    processes.filter(|path| is_it(path)).any(|path| {
        let files = std::fs::read_dir(path.join("fd")).into_iter().flatten().flatten();
        files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|file| file.ends_with("mounts/lock"))
    })
}

/// Its layers go with it, or (`shared`) are another's, too.
fn goes_before_it_is_mounted(env: &TestEnv, shared: bool) {
    if env.is_peer() {
        return testkit::note_skipped("its locks are others");
    }
    two(env);
    if shared {
        let mut other = image_of_two();
        other.config["Labels"] = serde_json::json!({"a": "b"});
        env.load(&other, "localhost/other:1");
    }
    env.ok("image mount two:1");
    env.ok("image unmount two:1");
    let folder = env.runroot().join("minke/mounts");
    let lock = env.inside(|| File::options().write(true).open(folder.join("lock")).expect("the lock"));
    lock.lock().expect("locked");
    let mount = env.engine().words("image mount two:1").spawn();
    wait_until("`image mount` waits", || env.inside(|| waits("image\0mount\0two:1\0")));
    env.ok("rmi two:1");
    drop(lock);
    mount.wait().code(125).complains("image not known");
    assert_eq!(env.script(&format!("ls {}", folder.display())).text(), "lock");
    env.ok("image mount").prints("");
    assert!(!env.script("findmnt -rno TARGET").text().contains("minke/mounts"));
}

fn an_image_that_goes_meanwhile_is_not_mounted(env: &TestEnv) {
    goes_before_it_is_mounted(env, true);
}

fn layers_that_go_meanwhile_are_an_image_that_goes(env: &TestEnv) {
    goes_before_it_is_mounted(env, false);
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
    root: [
        files_can_be_looked_at, an_image_that_goes_takes_its_mount_along, an_image_that_goes_meanwhile_is_not_mounted,
        layers_that_go_meanwhile_are_an_image_that_goes, wrong_calls,
    ];
    user: [not_for_ordinary_users]
}
