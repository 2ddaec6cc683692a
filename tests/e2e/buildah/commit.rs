//! `buildah commit`.

use super::{buildah, image, ok};
use testkit::TestEnv;

fn the_container_goes_on(env: &TestEnv) {
    env.base();
    ok(env, "from --name c base");
    env.write("file", "one");
    ok(env, "commit -q --iidfile iid --add-file file:/etc/added c made").prints("");
    let id = image(env, "made", "{{.FromImageID}}");
    assert_eq!(env.read(env.work().join("iid")).unwrap(), format!("sha256:{id}"));
    env.ok("run --rm --network none made cat /etc/added").prints("one");
    env.ok("run --rm --network none made stat -c %a:%u:%g /etc/added").prints("644:0:0\n");
    // What was added is the image's alone, and the container is as good as before.
    ok(env, "commit -q --rm c again");
    assert!(!env.run("run --rm --network none again cat /etc/added").status.success());
    ok(env, "containers -q").prints("");
}

fn of_another_form(env: &TestEnv) {
    env.base();
    ok(env, "from --name c base");
    ok(env, "commit -q --squash --timestamp 1000 --omit-history --annotation a=b c made");
    assert_eq!(image(env, "made", "{{len .OCIv1.RootFS.DiffIDs}} {{len .OCIv1.History}}"), "1 0");
    assert_eq!(image(env, "made", "{{.OCIv1.Created}}"), "1970-01-01 00:16:40 +0000 UTC");
    assert_eq!(image(env, "made", "{{index .ImageAnnotations \"a\"}}"), "b");
    env.ok("run --rm --network none made true");
    buildah(env, "commit -q --format docker --unsetenv PATH -c").arg("ENV X=y").args(["c", "docker"]).run().ok();
    assert_eq!(image(env, "docker", "{{.OCIv1.Config.Env}}"), "[X=y]");
    assert!(image(env, "docker", "{{.Manifest}}").contains("vnd.docker.distribution.manifest.v2"));
}

fn elsewhere(env: &TestEnv) {
    let registry = env.registry();
    let host = registry.host();
    env.base();
    ok(env, "from --name c base");
    ok(env, "commit -q c oci:layout:tag");
    assert!(env.exists(env.work().join("layout/index.json")));
    ok(env, &format!("commit -q --tls-verify=false c docker://{host}/pushed:1"));
    // Such images aren't kept here.
    assert_eq!(env.ok("images -aq").lines().len(), 1);
    env.ok("pull -q --tls-verify=false oci:layout:tag");
    ok(env, "commit -q --manifest list c");
    ok(env, "commit -q --manifest list --source-date-epoch 5 c");
    let list: serde_json::Value = serde_json::from_slice(&env.ok("manifest inspect list").stdout).unwrap();
    assert_eq!(list["manifests"].as_array().unwrap().len(), 2);
}

fn what_cannot_be_done(env: &TestEnv) {
    buildah(env, "commit").run().code(125).complains("container ID must be specified");
    buildah(env, "commit nope x").run().code(125).complains("reading build container \"nope\": container not known");
    ok(env, "from --name c scratch");
    buildah(env, "commit c UPPER").run().code(125).is_readable();
    buildah(env, "commit --format x c y").run().code(125).complains("unrecognized image type \"x\"");
    buildah(env, "commit --add-file no-such c y").run().code(125).complains("no-such");
}

testkit::cases! { both: [the_container_goes_on, of_another_form, elsewhere, what_cannot_be_done] }
