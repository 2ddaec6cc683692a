//! Commands that are the same as ours, in Buildah's form: `images`, `rmi`, `prune`, `push`, `pull`, `manifest`, `info`, `version`.

use super::{buildah, ok};
use serde_json::Value;
use testkit::TestEnv;

fn json(env: &TestEnv, line: &str) -> Value {
    serde_json::from_slice(&ok(env, line).stdout).unwrap()
}

fn listed_and_removed(env: &TestEnv) {
    env.base();
    ok(env, "tag base x:1");
    let listed = json(env, "images --json");
    let mut names = listed[0]["names"].as_array().unwrap().clone();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["localhost/base:latest", "localhost/x:1"]);
    assert_eq!(listed[0]["readonly"], false);
    ok(env, "rmi x:1").prints("untagged: localhost/x:1\n");
    let id = ok(env, "images -q --no-trunc").text().trim_start_matches("sha256:").to_owned();
    ok(env, "rmi base").prints(&format!("untagged: localhost/base:latest\n{id}\n"));
    buildah(env, "rmi base").run().code(125).complains("1 error occurred");
    buildah(env, "rmi").run().code(125).complains("image name or ID must be specified");
    buildah(env, "rmi --all x").run().code(125).complains("when using the --all switch");
}

fn pruned(env: &TestEnv) {
    env.base();
    ok(env, "from --name c base");
    let nameless = ok(env, "commit -q c").text();
    // Buildah keeps one whose container is still there.
    if !env.is_peer() {
        ok(env, "prune").has(nameless.trim());
    }
    // The container's stays. (Buildah complains of it.)
    buildah(env, "prune --all").run().code(if env.is_peer() { 125 } else { 0 });
    assert_eq!(ok(env, "images -q").lines().len(), 1);
    ok(env, "prune --all --force").has("untagged: localhost/base:latest");
    ok(env, "containers -q").prints("");
}

fn to_and_fro(env: &TestEnv) {
    env.base();
    ok(env, "push -q base oci:layout:1");
    ok(env, "rmi base");
    ok(env, "pull -q oci:layout:1");
    assert_eq!(ok(env, "images -q").lines().len(), 1);
    env.base();
    ok(env, "manifest create list base");
    assert_eq!(json(env, "manifest inspect list")["manifests"].as_array().unwrap().len(), 1);
    ok(env, "manifest push -q list oci:layout:list");
    buildah(env, "login").run().code(125).complains("please specify a registry to login to");
    buildah(env, "logout").run().code(125).complains("registry must be given");
}

fn about_itself(env: &TestEnv) {
    let info = json(env, "info");
    assert_eq!(info["host"]["os"], "linux");
    assert_eq!(info["host"]["rootless"], !env.is_root());
    assert_eq!(info["store"]["GraphRoot"], env.graphroot().display().to_string());
    let root = ok(env, "info --format {{.store.GraphRoot}}").text();
    assert_eq!(root, env.graphroot().display().to_string());
    assert_eq!(json(env, "version --json")["imageSpec"], "1.1.1");
    ok(env, "version").has("OS/Arch:");
    ok(env, "--version").has("buildah version ");
    buildah(env, "").run().ok().has("Available Commands:");
    ok(env, "from --help").has("--cidfile");
}

testkit::cases! { both: [listed_and_removed, pruned, to_and_fro, about_itself] }
