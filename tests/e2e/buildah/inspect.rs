//! `buildah inspect`.

use super::{buildah, image, ok, shown};
use serde_json::Value;
use testkit::TestEnv;

fn json(env: &TestEnv, line: &str) -> Value {
    serde_json::from_slice(&ok(env, line).stdout).unwrap()
}

fn shows_container_and_image(env: &TestEnv) {
    env.base();
    ok(env, "from base");
    let object = json(env, "inspect base-working-container");
    assert_eq!(object["Type"], "buildah 0.0.1");
    assert_eq!(object["FromImage"], "localhost/base:latest");
    assert_eq!(object["Container"], "base-working-container");
    assert_eq!(object["OCIv1"]["config"]["Cmd"][0], "sh");
    assert_eq!(object["Docker"]["config"]["Cmd"][0], "sh");
    assert_eq!(object["Docker"]["config"]["AttachStdin"], false);
    assert_eq!(object["OCIv1"]["rootfs"]["type"], "layers");
    assert!(object["Capabilities"].as_array().unwrap().contains(&"CAP_CHOWN".into()));
    let names: Vec<&Value> = object["NamespaceOptions"].as_array().unwrap().iter().map(|one| &one["Name"]).collect();
    assert_eq!(names, ["cgroup", "ipc", "mount", "network", "pid", "user", "uts"]);
    let config: Value = serde_json::from_str(object["Config"].as_str().unwrap()).unwrap();
    assert_eq!(config["os"], "linux");
    let of_image = json(env, "inspect --type image base");
    assert_eq!(of_image["FromImageID"], object["FromImageID"]);
    assert_eq!(of_image["Container"], "");
    // What isn't a container may be an image.
    assert_eq!(json(env, "inspect base")["FromImageID"], object["FromImageID"]);
}

fn templates_have_gos_names(env: &TestEnv) {
    env.base();
    ok(env, "from --name c base");
    assert_eq!(shown(env, "c", "{{.OCIv1.Config.Cmd}} {{.Docker.Config.Cmd}}"), "[sh] [sh]");
    assert_eq!(shown(env, "c", "{{json .OCIv1.Config.Cmd}}"), "[\"sh\"]");
    assert_eq!(
        shown(env, "c", "{{.OCIv1.Architecture}}/{{.OCIv1.OS}}"),
        shown(env, "c", "{{.Docker.Architecture}}/{{.Docker.OS}}")
    );
    assert_eq!(shown(env, "c", "{{len .OCIv1.History}} {{(index .OCIv1.History 0).CreatedBy}}"), "1 testkit");
    assert_eq!(image(env, "base", "{{.FromImage}}"), "localhost/base:latest");
}

fn what_is_not_there(env: &TestEnv) {
    buildah(env, "inspect nope").run().code(125).complains("nope");
    buildah(env, "inspect --type container nope").run().code(125).complains("container not known");
    buildah(env, "inspect --type foo nope").run().code(125).complains("the only recognized types are");
    buildah(env, "inspect").run().code(125).complains("container or image name must be specified");
}

testkit::cases! { both: [shows_container_and_image, templates_have_gos_names, what_is_not_there] }
