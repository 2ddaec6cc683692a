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
    without_pasta_it_says_so, without_the_tun_device_it_says_so,
] }
