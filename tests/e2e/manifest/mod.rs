//! Lists of images, verb by verb.

mod add;
mod annotate;
mod create;
mod exists;
mod inspect;
mod life;
mod push;
mod remove;
mod rm;

use serde_json::Value;
use testkit::{Base, Image, TestEnv};

/// `base` for this machine, `other` for another one.
fn two_images(env: &TestEnv) {
    env.base();
    env.load(&other(), "localhost/other:latest");
}

fn other() -> Image {
    Base::image().architecture("s390x")
}

/// What the list says.
fn index(env: &TestEnv, list: &str) -> Value {
    serde_json::from_str(&env.ok(&format!("manifest inspect {list}")).text()).expect("JSON")
}

fn architectures(env: &TestEnv, list: &str) -> Vec<String> {
    let index = index(env, list);
    let entries = index["manifests"].as_array().expect("entries");
    entries.iter().map(|entry| entry["platform"]["architecture"].as_str().expect("text").to_owned()).collect()
}

/// The manifest's digest of a stored image.
fn digest(env: &TestEnv, image: &str) -> String {
    env.ok(&format!("image inspect --format {{{{.Digest}}}} {image}")).text().trim().to_owned()
}

fn host() -> String {
    Base::image().architecture
}
