//! Many `run -d` at once: all run, each has its own name and address.

use std::collections::BTreeSet;

use testkit::{TestEnv, Who};

use super::scale;

fn at_once(who: Who, flags: &str) {
    let env = TestEnv::new(who);
    env.base();
    let (count, processes) = (scale(100, 30), 8);
    env.warm_up();
    let before = env.trace();
    std::thread::scope(|scope| {
        for process in 0..processes {
            let env = &env;
            scope.spawn(move || {
                for n in (process..count).step_by(processes as usize) {
                    env.ok(&format!("run -d --name c{n} {flags} base sleep 1000"));
                }
            });
        }
    });
    let names: BTreeSet<String> = env.ok("ps --format {{.Names}}").lines().into_iter().collect();
    let expected: BTreeSet<String> = (0..count).map(|n| format!("c{n}")).collect();
    assert_eq!(names, expected);
    if flags.is_empty() {
        let line = "ps -q --no-trunc";
        let ids = env.ok(line).lines().join(" ");
        let format = "'{{(index .NetworkSettings.Networks \"podman\").IPAddress}}'";
        let addresses = env.ok(&format!("inspect --format {format} {ids}")).lines();
        assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), count as usize, "{addresses:?}");
        assert!(addresses.iter().all(|address| address.starts_with("10.")), "{addresses:?}");
    }
    env.ok("rm -f -t 0 -a");
    before.assert_restored(&env);
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_root_with_a_bridge() {
    at_once(Who::Root, "");
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_user_without_a_network() {
    at_once(Who::User, "--network none");
}
