//! Artifacts, verb by verb.

mod add;
mod extract;
mod inspect;
mod interop;
mod life;
mod ls;
mod mount;
mod pull;
mod push;
mod rm;

use serde_json::Value;
use testkit::TestEnv;

const NAME: &str = "quay.io/my/artifact:1";

/// The manifest of an artifact.
fn manifest(env: &TestEnv, name: &str) -> Value {
    let object: Value = serde_json::from_str(&env.ok(&format!("artifact inspect {name}")).text()).expect("JSON");
    object["Manifest"].clone()
}

fn digest(env: &TestEnv, name: &str) -> String {
    env.ok(&format!("artifact inspect --format {{{{.Digest}}}} {name}")).text().trim().to_owned()
}

fn titles(env: &TestEnv, name: &str) -> Vec<String> {
    let manifest = manifest(env, name);
    let layers = manifest["layers"].as_array().expect("layers");
    let title =
        |layer: &Value| layer["annotations"]["org.opencontainers.image.title"].as_str().expect("a title").to_owned();
    layers.iter().map(title).collect()
}

/// A manifest over files, each with a title, by hand.
fn by_hand(files: &[(&str, &str)]) -> Vec<u8> {
    let layer = |(title, content): &(&str, &str)| {
        serde_json::json!({
            "mediaType": "x/y", "digest": sha256(content), "size": content.len(),
            "annotations": {"org.opencontainers.image.title": title},
        })
    };
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": OCI, "artifactType": "a/b",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256("{}"), "size": 2},
        "layers": files.iter().map(layer).collect::<Vec<_>>(),
    });
    manifest.to_string().into_bytes()
}

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn sha256(content: &str) -> String {
    format!("sha256:{}", testkit::sha256_hex(content.as_bytes()))
}
