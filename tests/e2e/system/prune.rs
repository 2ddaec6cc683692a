//! `system prune`.

use testkit::TestEnv;

fn what_nothing_needs_goes(env: &TestEnv) {
    env.base();
    env.ok("run --name stopped --network none base true");
    env.ok("run -d --name running --network none base sleep 300");
    env.ok("tag base spare");
    let pruned = env.ok("system prune -f");
    pruned.has("Deleted Containers\n").has("Total reclaimed space: ");
    env.ok("ps -a --format {{.Names}}").prints("running\n");
    env.ok("image exists spare");
    env.ok("rm -ft0 running");
    env.ok("system prune -af").has("Deleted Images\n");
    env.run("image exists base").code(1);
}

fn volumes_go_if_asked_for(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -v unused:/v base true");
    env.ok("run --name c --network none -v used:/v base true");
    env.ok("system prune -f --filter until=1h --filter label=none");
    env.ok("system prune -f --volumes --filter label=none");
    let volumes = || env.ok("system df --format '{{.Type}} {{.Total}}'").lines()[2].clone();
    if !env.is_peer() {
        env.ok("system prune -f --volumes").has("Deleted Volumes\nunused\n");
        assert_eq!(volumes(), "Local Volumes 0");
    }
}

fn asks_first(env: &TestEnv) {
    env.base();
    env.ok("run --name c --network none base true");
    let asked = env.engine().words("system prune").stdin("n\n").run();
    asked.ok().has("WARNING! This command removes:\n\t- all stopped containers\n").has("[y/N]");
    env.ok("container exists c");
    env.run("system prune x").code(125).complains("takes no arguments");
    env.run("system prune -f --filter foo=bar").code(125).complains("foo is an invalid filter");
    env.run("system prune -f --filter foo").code(125).complains("filter=value");
}

testkit::cases! { both: [what_nothing_needs_goes, volumes_go_if_asked_for, asks_first] }
