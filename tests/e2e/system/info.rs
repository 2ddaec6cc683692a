//! `info`.

use serde_json::Value;
use testkit::TestEnv;

fn tells_where_everything_is(env: &TestEnv) {
    let output = env.ok("info --format json");
    let info: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(info["store"]["graphRoot"], env.graphroot().to_str().unwrap());
    assert_eq!(info["store"]["runRoot"], env.runroot().to_str().unwrap());
    assert_eq!(info["host"]["security"]["rootless"], !env.is_root());
    assert!(info["host"]["kernel"].is_string() && info["host"]["arch"].is_string());
    assert!(info["version"]["Version"].is_string());
}

fn is_readable_and_takes_a_format(env: &TestEnv) {
    env.ok("info").has("host:").has("store:").has("graphRoot:");
    env.ok("info --format {{.Store.GraphRoot}}").prints(&format!("{}\n", env.graphroot().display()));
}

fn counts_containers_and_images(env: &TestEnv) {
    env.base();
    env.ok("create base true");
    env.ok("info --format '{{.Store.ContainerStore.Number}} {{.Store.ImageStore.Number}}'").prints("1 1\n");
}

testkit::cases! { both: [tells_where_everything_is, is_readable_and_takes_a_format, counts_containers_and_images] }
