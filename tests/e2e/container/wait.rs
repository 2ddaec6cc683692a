//! `wait`.

use std::path::Path;

use rustix::process::Signal;
use testkit::{Process, TestEnv, wait_until};

fn gives_the_exit_code(env: &TestEnv) {
    env.base();
    env.run("run --name w --network none base sh -c 'exit 9'").code(9);
    env.ok("wait w").prints("9\n");
}

fn waits_for_the_end(env: &TestEnv) {
    env.base();
    env.ok("run -d --name w --network none base sleep 1000");
    let mut process = env.engine().words("wait w").spawn();
    assert!(process.is_running());
    env.ok("kill w");
    process.wait().ok().prints("137\n");
}

/// A `wait` that has found its container and can't miss its end.
fn waiting(env: &TestEnv, id: &str) -> Process {
    let process = env.engine().words(&format!("wait {id}")).spawn();
    wait_until("`wait` has found its container", || env.inside(|| watches(id, env.is_peer())));
    process
}

/// Whether a `wait` for this container has open what tells its end: the lock of its run, at Podman its monitor's pidfd.
fn watches(id: &str, is_peer: bool) -> bool {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    processes.filter(|process| is_wait(&process.path(), id)).any(|process| {
        // One that has just gone has none.
        let open = std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        open.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|file| match is_peer {
            true => file.to_string_lossy().contains("pidfd"),
            false => file.ends_with(format!("{id}/lock")),
        })
    })
}

fn is_wait(process: &Path, id: &str) -> bool {
    let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    words.contains("\0wait\0") && words.ends_with(&format!("\0{id}\0"))
}

fn what_goes_with_its_end_tells_its_code(env: &TestEnv) {
    env.base();
    for _ in 0..5 {
        let id = env.ok("run -d --rm --name w --network none base sleep 1000").text();
        let process = waiting(env, &id);
        env.ok("kill w");
        process.wait().ok().prints("137\n");
        wait_until("it is gone", || env.ok("ps -aq").text().is_empty());
    }
}

/// As if the machine were busy: it looks when nothing is left.
fn what_went_before_it_looked_tells_its_code(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's -1 is a matter of luck");
    }
    env.base();
    let id = env.ok("run -d --rm --name w --network none base sleep 1000").text();
    let process = env.engine().words(&format!("wait --condition removing {id}")).spawn();
    wait_until("`wait` has found its container", || env.inside(|| watches(&id, false)));
    process.signal(Signal::STOP);
    env.ok("kill w");
    wait_until("it is gone", || env.ok("ps -aq").text().is_empty());
    process.signal(Signal::CONT);
    process.wait().ok().prints("137\n");
}

fn what_goes_with_its_end_tells_its_own_code(env: &TestEnv) {
    env.base();
    let until = "until [ -e /work/end ]; do sleep 0.01; done; exit 5";
    let id = env.ok(&format!("run -d --rm --network none -v {}:/work base sh -c '{until}'", env.work().display()));
    let process = waiting(env, &id.text());
    env.write("end", "");
    process.wait().ok().prints("5\n");
}

fn several_in_order(env: &TestEnv) {
    env.base();
    env.run("run --name a --network none base sh -c 'exit 1'").code(1);
    env.run("run --name b --network none base sh -c 'exit 2'").code(2);
    env.ok("wait a b").prints("1\n2\n");
    env.run("wait no-such").refused("no-such");
    env.ok("wait --ignore no-such").prints("-1\n");
}

fn condition_can_be_chosen(env: &TestEnv) {
    env.base();
    env.ok("run -d --name w --network none base sleep 1000");
    env.ok("wait --condition running w").prints("-1\n");
    env.run("wait w no-such").code(125).complains("no-such").prints("");
    env.run("wait --condition nonsense w").code(125).complains("nonsense");
    for state in ["healthy", "unhealthy"] {
        let none = format!("cannot use condition \"{state}\": container");
        env.run(&format!("wait --condition running --condition {state} w")).code(125).complains(&none);
    }
    env.run("wait --condition configured w").code(125).complains("unknown container state: configured");
    env.ok("rm -f -t 0 w");
}

fn a_condition_is_waited_for(env: &TestEnv) {
    env.base();
    env.ok("create --name w --network none base sleep 1000");
    env.ok("wait --condition created w").prints("-1\n");
    let running = env.engine().words("wait --condition running --condition removing w").spawn();
    env.ok("start w");
    running.wait().ok().prints("-1\n");
    let exited = env.engine().words("wait --condition exited w").spawn();
    env.ok("kill w");
    exited.wait().ok().prints("137\n");
}

fn one_that_never_ran_has_ended_well(env: &TestEnv) {
    env.base();
    env.ok("create --name w --network none base false");
    env.ok("wait w").prints("0\n");
    env.ok("wait --condition exited w").prints("0\n");
    env.ok("wait --condition created w").prints("-1\n");
}

/// What it ended with before is no news.
fn one_that_runs_again_has_no_code(env: &TestEnv) {
    env.base();
    env.ok("create --name w --network none -v t:/t base sh -c '[ ! -e /t/x ] || exec sleep 1000; touch /t/x; exit 3'");
    env.run("start -a w").code(3);
    env.ok("start w");
    env.ok("wait --condition running w").prints("-1\n");
    env.ok("rm -f -t 0 w");
}

testkit::cases! { both: [ one_that_never_ran_has_ended_well, one_that_runs_again_has_no_code,
    gives_the_exit_code, waits_for_the_end, what_goes_with_its_end_tells_its_code,
    what_goes_with_its_end_tells_its_own_code, what_went_before_it_looked_tells_its_code, several_in_order, condition_can_be_chosen, a_condition_is_waited_for,
] }
