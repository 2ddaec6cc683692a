//! The image inside the binary: a container on a fresh machine, without a network.

use testkit::TestEnv;

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

testkit::cases! { both: [greets_and_shows_its_isolation, can_be_removed_and_comes_back] }
