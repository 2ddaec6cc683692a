//! Rootless traffic through `pasta`, and life without it.

use testkit::TestEnv;

use super::bridge::answers;

fn a_container_sees_the_hosts_address(env: &TestEnv) {
    env.base();
    env.outside();
    let output = env.ok("run --rm --network pasta base ip -4 addr");
    output.has("192.0.2.1");
}

fn the_outside_is_reached(env: &TestEnv) {
    env.base();
    let outside = env.outside();
    let listener = outside.call(|| std::net::TcpListener::bind("192.0.2.2:9")).unwrap();
    let process = env.engine().words("run --rm --network pasta base nc -w 5 192.0.2.2 9").spawn();
    listener.set_nonblocking(true).unwrap();
    let peer = testkit::wait_for("a connection from inside", || listener.accept().ok()).1;
    assert_eq!(peer.ip().to_string(), "192.0.2.1");
    let _ = process.wait();
}

fn published_ports_answer(env: &TestEnv) {
    env.base();
    env.outside();
    env.ok("run -d --name p --network pasta -p 8080:80 base nc -ll -p 80 -e echo hello");
    testkit::wait_until("the port", || answers(env, None, "127.0.0.1:8080").as_deref() == Some("hello\n"));
    let outside = env.outside();
    testkit::wait_until("the port", || answers(env, Some(&outside), "192.0.2.1:8080").as_deref() == Some("hello\n"));
    env.ok("rm -f -t 0 p");
}

fn pasta_ends_with_the_container(env: &TestEnv) {
    env.base();
    env.outside();
    env.ok("run --rm --network pasta base true");
    let before = env.trace();
    env.ok("run -d --name p --network pasta base sleep 1000");
    env.ok("rm -f -t 0 p");
    before.assert_restored(env);
}

fn the_network_is_there_from_the_first_moment(env: &TestEnv) {
    env.base();
    env.outside();
    let output = env.ok("run --rm --network pasta base sh -c 'ip route; ip -6 route; ip -o addr'");
    output.has("default via 192.0.2.2").has("default via fd00:2::2").has("192.0.2.1/24").has("fd00:2::1/64");
}

/// Runs `script` in pasta's place, with the container's network namespace as its standard input.
fn replace_pasta(env: &TestEnv, script: &str) {
    let fake = env.write("pasta", format!("#!/bin/sh\n{script}\n"));
    env.script(&format!(
        "chmod 755 {0}; p=$(readlink -f \"$(command -v pasta)\"); for f in \"$p\" \"$p.avx2\"; do
         [ ! -e \"$f\" ] || mount --bind {0} \"$f\"; done",
        fake.display()
    ));
}

fn a_pasta_that_fails_is_an_error(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman asks pasta for its version first");
    }
    env.base();
    env.outside();
    replace_pasta(env, "echo 'no way out' >&2; exit 3");
    let output = env.run("run --rm --network pasta base echo started");
    output.code(126).complains("pasta failed with exit code 3").complains("no way out");
    assert!(!output.text().contains("started"));
}

/// What pasta does first, with a way out by both families.
const CONFIGURES: &str = "nsenter --net=/proc/self/fd/0 sh -c 'ip link add d0 type veth peer name d1
    ip link set d1 up; ip link set d0 up; ip addr add 192.0.2.1/24 dev d0; ip addr add fd00:2::1/64 dev d0 nodad
    ip route add default via 192.0.2.2; ip route add default via fd00:2::2'";

fn a_container_ends_with_a_pasta_that_fails_later(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman asks pasta for its version first");
    }
    env.base();
    env.outside();
    replace_pasta(env, &format!("{CONFIGURES}; sleep 0.3; echo broken >&2; exit 1"));
    env.ok("run --rm --network none base true");
    let before = env.trace();
    let work = env.work();
    let line = format!("run --name c --network pasta -v {}:/w base sh -c '>/w/begun; exec sleep 1000'", work.display());
    env.run(&line).code(126).complains("broken");
    assert!(work.join("begun").exists(), "it begins when the routes are there");
    env.ok("rm c");
    before.assert_restored(env);
}

fn a_pasta_on_its_way_is_waited_for_by_senders_only(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman asks pasta for its version first");
    }
    env.base();
    env.outside();
    let ready = env.work().join("ready");
    let script = format!("{CONFIGURES}; sleep 1; echo >{}; echo $$; while :; do sleep 1; done", ready.display());
    replace_pasta(env, &script);
    env.ok("run --rm --network pasta base true");
    assert!(!ready.exists(), "nobody needed pasta");
    env.ok("run --rm --network pasta base sh -c 'nc -w 1 192.0.2.9 9 & sleep 0.1'");
    assert!(ready.exists(), "pasta must see what was sent");
}

fn a_killed_monitor_leaves_no_pasta(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's pasta is another's child");
    }
    env.base();
    env.outside();
    let pids = env.work().join("pids");
    replace_pasta(env, &format!("trap 'exit 0' TERM; echo $$ $PPID >{}; while :; do sleep 0.1; done", pids.display()));
    env.ok("run --rm --network none base true");
    let before = env.trace();
    let starting = env.engine().words("run --name c --network pasta base true").spawn();
    let both = testkit::wait_for("pasta to run", || env.read(&pids).filter(|text| text.ends_with('\n')));
    let (pasta, monitor) = both.trim().split_once(' ').unwrap();
    env.host_root(&format!("kill -9 {monitor}")).run().ok();
    assert_eq!(starting.wait().status.code(), Some(125));
    testkit::wait_until("pasta's end", || !env.exists(format!("/proc/{pasta}")));
    env.ok("rm c");
    before.assert_restored(env);
}

fn a_pasta_that_hangs_holds_nothing_up(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman waits for ever");
    }
    env.base();
    env.outside();
    replace_pasta(env, &format!("{CONFIGURES}; exec sleep 1000"));
    env.ok("run --rm --network none base true");
    let before = env.trace();
    let sends = "sh -c 'nc -w 1 192.0.2.9 9; exec sleep 1000'";
    let starting = env.engine().words(&format!("run -d --name c --network pasta base {sends}")).spawn();
    testkit::wait_until("it to run", || env.run("ps --format {{.Status}}").text().starts_with("Up"));
    env.ok("stop -t 0 c");
    env.ok("rm -f c");
    let _ = starting.wait();
    let output = env.run(&format!("run --rm --network pasta base {sends}"));
    output.code(126).complains("did not get the network ready within 10 s").is_readable();
    before.assert_restored(env);
}

fn without_pasta_it_says_so(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's message is its own");
    }
    env.base();
    env.script(
        "p=$(command -v pasta); mount --bind /dev/null \"$(readlink -f \"$p\")\"; mount --bind /dev/null \"$p\"",
    );
    let output = env.run("run --rm base ip -o link");
    output.complains("pasta").is_readable();
}

fn without_the_tun_device_it_says_so(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's message is its own");
    }
    env.base();
    env.script("chmod 600 /dev/net/tun");
    env.ok("run --rm --network pasta base true").complains("/dev/net/tun");
}

testkit::cases! { user: [
    a_container_sees_the_hosts_address, the_outside_is_reached, published_ports_answer, pasta_ends_with_the_container,
    the_network_is_there_from_the_first_moment, a_pasta_that_fails_is_an_error,
    a_container_ends_with_a_pasta_that_fails_later, a_pasta_on_its_way_is_waited_for_by_senders_only, a_pasta_that_hangs_holds_nothing_up, a_killed_monitor_leaves_no_pasta, without_pasta_it_says_so, without_the_tun_device_it_says_so,
] }
