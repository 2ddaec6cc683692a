//! The image that comes out, and how it is told.

use super::{build, field, inside};
use testkit::TestEnv;

fn names_ids_and_forms(env: &TestEnv) {
    let built = build(
        env,
        "-t second:2 --iidfile id --label l=v --annotation a=b --env NEW=1 --unsetenv OLD",
        "FROM base\nENV OLD=1\nRUN echo $NEW\n",
    );
    built.ok().has(": FROM base").has("\n1\n").has("Successfully tagged localhost/second:2");
    let id = field(env, "{{.Id}}");
    assert_eq!(built.lines().last().unwrap(), &id, "{built}");
    assert_eq!(env.read(env.work().join("id")).unwrap(), format!("sha256:{id}"));
    assert_eq!(field(env, "{{.Config.Labels.l}} {{.Annotations.a}}"), "v b");
    let variables = field(env, "{{.Config.Env}}");
    assert!(variables.contains("NEW=1") && !variables.contains("OLD"), "{variables}");
    let quiet = build(env, "-q", "FROM base\nENV OLD=1\n");
    assert_eq!(quiet.lines().len(), 1, "{quiet}");
    build(env, "--format docker", "FROM base\nRUN true\n").ok();
    assert_eq!(field(env, "{{.ManifestType}}"), "application/vnd.docker.distribution.manifest.v2+json");
    env.run("build --format nope ctx").code(125).complains("nope");
}

fn history_tells_the_steps(env: &TestEnv) {
    env.write("ctx/f", "x");
    build(env, "", "FROM base\nARG a=1\nRUN echo x > /y\nCOPY f /f\nENV e=2\n").ok();
    let history = env.ok("history --no-trunc --format {{.CreatedBy}} built");
    let lines = history.lines();
    assert_eq!(lines[0], "/bin/sh -c #(nop) ENV e=2");
    assert!(lines[1].starts_with("/bin/sh -c #(nop) COPY file:") && lines[1].contains(" in /f"), "{history}");
    assert_eq!(lines[2], "|1 a=1 /bin/sh -c echo x > /y");
}

fn the_same_twice_is_the_same_image(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman needs --rewrite-timestamp for that");
    }
    env.write("ctx/d/f", "x");
    let text = "FROM base\nCOPY d /d\nRUN date > /dev/null; mkdir /new; echo y > /new/z\nWORKDIR /w\n";
    let once = || {
        build(env, "--no-cache --source-date-epoch 1700000000", text).ok();
        field(env, "{{.Id}} {{.Digest}}")
    };
    let first = once();
    env.host("touch -d 2001-01-01 ctx/Containerfile").run().ok();
    assert_eq!(once(), first);
    assert_eq!(field(env, "{{.Created.Unix}}"), "1700000000");
    assert_eq!(inside(env, "find /new /w -newermt 2023-11-15 2>/dev/null | wc -l"), "0");
}

fn pushed_and_run_elsewhere(env: &TestEnv) {
    let registry = env.registry();
    build(env, "", "FROM base\nRUN mkdir -p /d/e && echo content > /d/e/f && rm /etc/group\nRUN chmod 700 /d\n").ok();
    env.ok(&format!("push built {}/built:1", registry.host()));
    env.ok("rmi -af");
    env.ok(&format!("pull {}/built:1", registry.host()));
    let name = format!("{}/built:1", registry.host());
    let script = "cat /d/e/f; stat -c %a /d; ls /etc/group 2>/dev/null | wc -l";
    let run = env.engine().words("run --rm --network none").arg(name).words("sh -c").arg(script).run();
    run.ok().prints("content\n700\n0\n");
}

testkit::cases! { both: [
    names_ids_and_forms, history_tells_the_steps, the_same_twice_is_the_same_image, pushed_and_run_elsewhere,
] }
