//! `port`.

use testkit::TestEnv;

fn lists_published_ports(env: &TestEnv) {
    env.base();
    env.ok("run -d --name p -p 8080:80 -p 127.0.0.1:5353:53/udp base sleep 1000");
    let output = env.ok("port p");
    output.has("80/tcp -> 0.0.0.0:8080").has("53/udp -> 127.0.0.1:5353");
    env.ok("port p 80").prints("0.0.0.0:8080\n");
    env.ok("port p 53/udp").prints("127.0.0.1:5353\n");
    env.run("port p 99").code(125).complains("99");
    env.ok("rm -f -t 0 p");
}

fn of_nothing_is_nothing(env: &TestEnv) {
    env.base();
    env.ok("create --name p --network none base true");
    env.ok("port p").prints("");
    env.run("port no-such").refused("no-such");
}

testkit::cases! { both: [of_nothing_is_nothing]; root: [lists_published_ports] }
