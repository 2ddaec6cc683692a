//! `image unmount`.

use testkit::TestEnv;

use super::mount::two;

fn mounts_count(env: &TestEnv) {
    two(env);
    let place = env.ok("image mount two:1").text();
    env.ok("image mount two:1").prints(&format!("{place}\n"));
    let id = env.ok("image inspect two:1 --format {{.Id}}").text();
    env.ok("image unmount two:1").prints(&format!("{id}\n"));
    assert!(env.exists(format!("{place}/mine")));
    env.ok("image umount two:1");
    assert!(!env.exists(format!("{place}/mine")));
    env.ok("image unmount two:1").prints("");
    env.ok("image mount two:1");
    env.ok("image mount two:1");
    env.ok("image unmount --force two:1");
    env.ok("image mount").prints("");
}

/// Two people mount and unmount an image at once: nobody fails, and in the end it isn't mounted.
fn at_once_with_mounts(env: &TestEnv) {
    two(env);
    let id = env.ok("image inspect two:1 --format {{.Id}}").text();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..40 {
                    let place = env.ok("image mount two:1").text();
                    // Whoever has mounted it sees it until he takes it away.
                    assert!(env.exists(format!("{place}/mine")));
                    env.ok("image unmount two:1").prints(&format!("{id}\n"));
                }
            });
        }
    });
    env.ok("image mount").prints("");
    env.ok("image unmount two:1").prints("");
}

fn wrong_calls(env: &TestEnv) {
    two(env);
    env.run("image unmount no-such").code(125).complains("no-such");
    env.run("image unmount").code(125).complains("image name or ID must be specified");
    let all = "when using the --all switch, you may not pass any image names or IDs";
    env.run("image unmount --all two:1").code(125).complains(all);
}

testkit::cases! { root: [mounts_count, at_once_with_mounts, wrong_calls] }
