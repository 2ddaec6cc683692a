//! `--log-driver` and `--log-opt`.

use testkit::{TestEnv, note_skipped};

fn k8s_file(env: &TestEnv) {
    env.base();
    env.ok("run --name l --log-driver k8s-file --network none base sh -c 'echo out; echo err >&2; printf part'");
    let path = env.ok("inspect l --format {{.HostConfig.LogConfig.Path}}").text();
    let text = env.read(path).unwrap();
    // The two streams are two pipes: their order isn't kept.
    for end in ["stdout F out", "stderr F err", "stdout P part"] {
        let line = text.lines().find(|line| line.ends_with(end)).unwrap_or_else(|| panic!("no {end} in {text}"));
        let time = line.split(' ').next().unwrap();
        assert!(time.contains('T') && time.contains('.'), "{line}");
    }
}

fn json_file(env: &TestEnv) {
    env.base();
    env.ok("run --name l --log-driver json-file --network none base sh -c 'echo out'");
    env.ok("logs l").prints("out\n");
    env.ok("inspect l --format {{.HostConfig.LogConfig.Type}}").has("file");
}

fn none_keeps_nothing(env: &TestEnv) {
    env.base();
    env.ok("run --name l --log-driver none --network none base echo shown").prints("shown\n");
    env.run("logs l").code(125).complains("none");
}

fn passthrough_gives_the_callers_streams(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --log-driver passthrough --network none base sh -c 'echo out; echo err >&2'");
    output.prints("out\n");
    assert_eq!(output.complaint(), "err\n");
}

fn an_unknown_driver_is_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --log-driver nonsense base true").refused("log driver");
}

fn path_and_size_are_kept(env: &TestEnv) {
    env.base();
    let path = env.work().join("my.log");
    let line =
        format!("run --name l --log-driver k8s-file --log-opt path={} --network none base echo here", path.display());
    env.ok(&line);
    assert!(env.read(&path).unwrap().contains("stdout F here"));
    if !env.is_peer() {
        env.run("run --rm --log-opt no-such=1 base true").refused("no-such");
    }
}

fn max_size_bounds_the_file(env: &TestEnv) {
    env.base();
    env.ok("run --name l --log-opt max-size=10k --network none base sh -c 'yes 0123456789 | head -n 20000'");
    let path = env.ok("inspect l --format {{.HostConfig.LogConfig.Path}}").text();
    let size = env.read(path).unwrap().len();
    assert!(size <= 20 << 10, "{size}");
}

fn the_default_driver_comes_from_containers_conf(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("the reference has its own containers.conf here");
    }
    env.base();
    let settings = [("containers.conf", "[containers]\nlog_driver = \"json-file\"\n")];
    env.configure(&testkit::Settings { system: &settings, user: &[] });
    env.ok("create --name l base true");
    env.ok("inspect l --format {{.HostConfig.LogConfig.Type}}").prints("json-file\n");
}

testkit::cases! { both: [
    k8s_file, json_file, none_keeps_nothing, passthrough_gives_the_callers_streams, an_unknown_driver_is_refused,
    path_and_size_are_kept, max_size_bounds_the_file, the_default_driver_comes_from_containers_conf,
] }
