//! A thousand containers made and gone: nothing is left of them.

use testkit::{TestEnv, Who};

use super::scale;

fn churn(who: Who, flags: &str, count: u32) {
    let env = TestEnv::new(who);
    env.base();
    env.warm_up();
    let before = env.trace();
    let disk = used(&env);
    std::thread::scope(|scope| {
        for part in 0..4 {
            let env = &env;
            scope.spawn(move || {
                for n in (part..count).step_by(4) {
                    one_life(env, flags, n);
                }
            });
        }
    });
    before.assert_restored(&env);
    let grown = used(&env).saturating_sub(disk);
    assert!(grown < 4 << 20, "the disk holds {grown} bytes more");
}

/// Different ways to live and to end.
fn one_life(env: &TestEnv, flags: &str, n: u32) {
    let name = format!("c{n}");
    match n % 4 {
        0 => drop(env.ok(&format!("run --rm {flags} base true"))),
        1 => {
            env.ok(&format!("run -d --name {name} {flags} -v /anon base sleep 1000"));
            env.ok(&format!("exec {name} true"));
            env.ok(&format!("rm -f -v -t 0 {name}"));
        }
        2 => {
            env.run(&format!("run --name {name} {flags} base no-such-program")).code(127);
            env.ok(&format!("rm {name}"));
        }
        _ => {
            env.ok(&format!("create --name {name} {flags} base sh -c 'echo x >/x'"));
            env.ok(&format!("start -a {name}"));
            env.ok(&format!("rm {name}"));
        }
    }
}

/// Bytes that the store's folder takes on its disk.
fn used(env: &TestEnv) -> u64 {
    let root = env.graphroot();
    let line = env.host_root("du -s --block-size=1").arg(root).run().text();
    line.split_whitespace().next().unwrap_or_default().parse().unwrap_or(0)
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_root_with_a_bridge() {
    churn(Who::Root, "", scale(1000, 60));
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_user_without_a_network() {
    churn(Who::User, "--network none", scale(400, 40));
}
