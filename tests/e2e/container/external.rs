//! Working containers among all containers: `ps --external`, `container exists --external`, `rm`.

use crate::buildah::ok;
use testkit::TestEnv;

fn are_known(env: &TestEnv) {
    env.base();
    ok(env, "from --name w base");
    env.ok("create --name c --network none base true");
    env.ok("ps --all --format {{.Names}}").prints("c\n");
    let mut names = env.ok("ps --all --external --format {{.Names}}").lines();
    names.sort();
    assert_eq!(names, ["c", "w"]);
    let shown =
        env.engine().words("ps -a --external --format").arg("{{.Names}} {{.Image}} {{.Command}} {{.Status}}").run();
    shown.ok().has("w localhost/base:latest buildah Storage\n");
    env.run("container exists w").code(1);
    env.ok("container exists --external w");
    env.run("container exists --external nope").code(1);
    env.ok("rm w").prints("w\n");
    ok(env, "containers -q").prints("");
    env.run("rm w").code(1);
}

testkit::cases! { both: [are_known] }
