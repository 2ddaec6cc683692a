//! The image inside the binary: a container on a fresh machine, without a network.

use testkit::{Settings, TestEnv};

fn greets_and_shows_its_isolation(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("minke's own image");
    }
    let output = env.ok("run --rm hello");
    for word in ["user", "pid", "hostname", "cgroup", "network"] {
        assert!(output.text().to_lowercase().contains(word), "{word}\n{output}");
    }
    env.ok("ps -aq").prints("");
    env.ok("images").has("hello");
}

fn can_be_removed_and_comes_back(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("minke's own image");
    }
    env.ok("run --rm --network none hello");
    env.ok("rmi hello");
    env.ok("run --rm --network none hello");
}

fn the_alias_of_distributions_sends_nobody_to_the_network(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("minke's own image");
    }
    let alias = |target: &str| format!("[aliases]\n\"hello\" = \"{target}\"\n");
    env.configure(&Settings {
        system: &[("registries.conf.d/000-shortnames.conf", &alias("quay.io/podman/hello"))],
        ..Settings::default()
    });
    env.ok("run --rm --network none hello").has("Hello from inside");
    env.ok("rmi hello");
    env.ok("pull -q hello");
    env.ok("rmi hello");
    // Another one was somebody's wish.
    env.configure(&Settings {
        system: &[("registries.conf.d/001-own.conf", &alias("localhost:5999/own/hello"))],
        ..Settings::default()
    });
    env.run("run --rm hello").code(125).complains("localhost:5999/own/hello");
}

testkit::cases! { both: [
    greets_and_shows_its_isolation, can_be_removed_and_comes_back,
    the_alias_of_distributions_sends_nobody_to_the_network,
] }
