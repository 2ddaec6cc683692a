//! `buildah source`.

use super::{buildah, ok};
use serde_json::Value;
use testkit::TestEnv;

/// The only manifest of a layout.
fn manifest(env: &TestEnv, folder: &str) -> Value {
    let read = |path: String| -> Value { serde_json::from_str(&env.read(env.work().join(path)).unwrap()).unwrap() };
    let index = read(format!("{folder}/index.json"));
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    let digest = index["manifests"][0]["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    read(format!("{folder}/blobs/sha256/{digest}"))
}

fn made_added_to_and_copied(env: &TestEnv) {
    ok(env, "source create --author me src");
    assert_eq!(manifest(env, "src")["config"]["mediaType"], "application/vnd.oci.source.image.config.v1+json");
    buildah(env, "source create src").run().code(125).complains("already exists");
    env.write("notes", "text");
    env.write("tree/deep/file", "content");
    ok(env, "source add --annotation a=b src notes");
    ok(env, "source add src tree");
    let layers = manifest(env, "src")["layers"].clone();
    assert_eq!(layers.as_array().unwrap().len(), 2);
    assert_eq!(layers[0]["annotations"]["a"], "b");
    assert_eq!(layers[0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
    let layer = layers[1]["digest"].as_str().unwrap().trim_start_matches("sha256:");
    let content = env
        .host("sh -c")
        .arg(format!("tar xzOf src/blobs/sha256/{layer} deep/file || tar xzOf src/blobs/sha256/{layer} ./deep/file"))
        .run();
    content.ok().prints("content");
    buildah(env, "source add nope notes").run().code(125).complains("nope");
    let registry = env.registry();
    let name = format!("{}/app:source", registry.host());
    ok(env, &format!("source push -q --tls-verify=false src {name}"));
    ok(env, &format!("source pull -q --tls-verify=false {name} back"));
    assert_eq!(manifest(env, "back"), manifest(env, "src"));
}

testkit::cases! { both: [made_added_to_and_copied] }
