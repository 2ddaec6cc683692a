//! `kill -9` of commands, monitors and containers at random moments. After each: what is told is true, names are free
//! after `rm`, the engine works; in the end nothing is left.

use std::time::Duration;

use rustix::process::Signal;
use testkit::{TestEnv, Who, wait_until};

use super::scale;

/// A generator of numbers that repeats with the seed, so that a failure can be repeated.
pub struct Dice(pub u64);

impl Dice {
    /// Below `below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn kills(who: Who, flags: &str, count: u32) {
    let env = TestEnv::new(who);
    env.base();
    env.warm_up();
    let before = env.trace();
    let mut dice = Dice(20_261_123);
    for round in 0..count {
        let what = match dice.roll(4) {
            0 => kill_command(&env, flags, &mut dice),
            1 => kill_process_of(&env, flags, &mut dice, false),
            2 => kill_process_of(&env, flags, &mut dice, true),
            _ => kill_removal(&env, flags, &mut dice),
        };
        check(&env, flags, &format!("round {round}: {what}"));
    }
    before.assert_restored(&env);
}

/// A `run` dies somewhere on its way.
fn kill_command(env: &TestEnv, flags: &str, dice: &mut Dice) -> String {
    let delay = dice.roll(25_000);
    let detached = if dice.roll(2) == 0 { "-d" } else { "" };
    let mut process = env.engine().words(&format!("run {detached} --name c {flags} base sleep 1000")).spawn();
    std::thread::park_timeout(Duration::from_micros(delay));
    process.signal(Signal::KILL);
    process.wait_status();
    format!("run {detached} killed after {delay} µs")
}

/// The container's first process, or its monitor, dies while things are being done with it.
fn kill_process_of(env: &TestEnv, flags: &str, dice: &mut Dice, monitor: bool) -> String {
    env.ok(&format!("run -d --name c {flags} base sleep 1000"));
    let pid = env.ok("inspect c --format {{.State.Pid}}").text();
    let target = if monitor { parent(env, &pid) } else { pid };
    let lines = ["exec c sleep 1000", "stop -t 1 c", "rm -f -t 0 c", "ps -a", "logs -f c", "wait c"];
    let line = lines[usize::try_from(dice.roll(lines.len() as u64)).unwrap_or(0)];
    let delay = dice.roll(15_000);
    let mut process = env.engine().words(line).spawn();
    std::thread::park_timeout(Duration::from_micros(delay));
    env.host_root(&format!("sh -c 'kill -9 {target}'")).run();
    let what = format!("{} killed during `{line}` after {delay} µs", if monitor { "monitor" } else { "container" });
    // With its container gone each of these comes to an end.
    wait_until(&format!("the command's end ({what})"), || !process.is_running());
    what
}

/// A `stop` or `rm` dies somewhere on its way.
fn kill_removal(env: &TestEnv, flags: &str, dice: &mut Dice) -> String {
    env.ok(&format!("run -d --name c {flags} base sleep 1000"));
    let line = if dice.roll(2) == 0 { "stop -t 0 c" } else { "rm -f -t 0 c" };
    let delay = dice.roll(20_000);
    let mut process = env.engine().words(line).spawn();
    std::thread::park_timeout(Duration::from_micros(delay));
    process.signal(Signal::KILL);
    process.wait_status();
    format!("`{line}` killed after {delay} µs")
}

/// What `ps` says must be what the kernel says, and everything must go on working.
fn check(env: &TestEnv, flags: &str, what: &str) {
    wait_until(&format!("a true state ({what})"), || {
        let told = env.ok("ps -a --format '{{.State}} {{.Pid}}'").text();
        match told.split_once(' ') {
            None => told.is_empty(),
            Some(("running", pid)) => {
                env.read(format!("/proc/{pid}/cmdline")).is_some_and(|line| line.contains("sleep"))
            }
            Some(("created" | "exited", _)) => !sleeps(env),
            Some(_) => panic!("{what}: {told}"),
        }
    });
    env.ok("rm -f -t 0 -a");
    assert_eq!(env.ok("ps -aq").text(), "", "{what}");
    env.ok(&format!("run --rm --name c {flags} base true"));
}

/// Whether a container's command runs anywhere in this environment.
fn sleeps(env: &TestEnv) -> bool {
    env.inside(|| {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.into_iter().any(|line| line.starts_with(b"sleep\x001000"))
    })
}

fn parent(env: &TestEnv, pid: &str) -> String {
    let status = env.read(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap_or("0").trim().to_owned()
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_root_with_a_bridge() {
    kills(Who::Root, "", scale(200, 24));
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_user_without_a_network() {
    kills(Who::User, "--network none", scale(100, 16));
}
