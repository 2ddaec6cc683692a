//! `attach`.

use testkit::{TestEnv, wait_until};

/// A container that answers each line of its stdin.
fn echo(env: &TestEnv) {
    env.base();
    env.ok("run -d -i --name e --network none base sh -c 'while read l; do echo \"got $l\"; test \"$l\" = bye && exit 6; done'");
}

fn passes_both_ways(env: &TestEnv) {
    echo(env);
    let output = env.engine().words("attach e").stdin("hello\nbye\n").run();
    output.prints("got hello\ngot bye\n");
    env.ok("wait e").prints("6\n");
}

fn several_see_the_output(env: &TestEnv) {
    echo(env);
    let first = env.engine().words("attach --no-stdin e").spawn();
    let mut second = env.engine().words("attach e").spawn();
    // Whoever writes is attached; the first may come later but before the end.
    second.write("one\n");
    assert_eq!(second.read_line(), "got one");
    wait_until("both to be attached", || env.ok("logs e").text() == "got one");
    second.write("bye\n");
    second.wait().has("got bye");
    let _ = first.wait();
}

fn signals_are_proxied(env: &TestEnv) {
    env.base();
    let script = "trap \"exit 8\" USR1; while :; do echo tick; sleep 0.1; done";
    env.ok(&format!("run -d --name s --network none base sh -c '{script}'"));
    let mut process = env.engine().words("attach --no-stdin s").spawn();
    // Output says that it is attached, and minds signals.
    assert_eq!(process.read_line(), "tick");
    process.signal(rustix::process::Signal::USR1);
    let _ = process.wait();
    env.ok("wait s").prints("8\n");
}

fn what_does_not_run_is_refused(env: &TestEnv) {
    env.base();
    env.ok("create --name c base true");
    env.run("attach c").refused("c");
    env.run("attach no-such").refused("no-such");
}

testkit::cases! { both: [
    passes_both_ways, several_see_the_output, signals_are_proxied, what_does_not_run_is_refused,
] }
