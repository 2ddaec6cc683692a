//! `--device`.

use testkit::TestEnv;

fn device_appears(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --device /dev/fuse base sh -c 'test -c /dev/fuse && echo there'").prints("there\n");
    env.ok("run --rm --network none --device /dev/fuse:/dev/other base sh -c 'test -c /dev/other && echo there'")
        .prints("there\n");
}

fn a_missing_device_is_named(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --device /dev/no-such base true").refused("/dev/no-such");
}

fn permissions_are_kept(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --device /dev/fuse:/dev/reader:r base sh -c 'exec 3</dev/reader'");
    env.run("run --rm --network none --device /dev/fuse:/dev/reader:r base sh -c 'exec 3<>/dev/reader'")
        .complains("not permitted");
    env.run("run --rm --network none --device /dev/null:/dev/x:q base true").code(125).is_readable();
}

/// Other devices can't be opened, even where `mknod` is allowed.
fn the_rest_is_denied(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --cap-add MKNOD base sh -c 'mknod /disk b 254 0; head -c 1 /disk'")
        .complains("not permitted");
}

fn rules_cannot_be_had_by_an_ordinary_user(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --device-cgroup-rule 'c 1:* rwm' base true").refused("rootless");
}

testkit::cases! { both: [device_appears, a_missing_device_is_named]; root: [permissions_are_kept, the_rest_is_denied];
user: [rules_cannot_be_had_by_an_ordinary_user] }
