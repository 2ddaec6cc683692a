//! Skopeo's commands, by that word or by the program's name.

mod copy;
mod daemon;
mod delete;
mod inspect;
mod options;
mod registry;
mod sync;

use testkit::{Entry, Image, Layer, Output, Run, TestEnv};

/// `minke skopeo`, or the real one where the reference is asked.
pub fn skopeo<'e>(env: &'e TestEnv, line: &str) -> Run<'e> {
    if env.is_peer() { env.host("skopeo").words(line) } else { env.engine().words("skopeo").words(line) }
}

/// Runs it and demands exit code 0.
#[track_caller]
pub fn ok(env: &TestEnv, line: &str) -> Output {
    let output = skopeo(env, line).run();
    output.ok();
    output
}

/// A small image for an architecture.
pub fn small(architecture: &str) -> Image {
    Image::new(vec![Layer::new(&[Entry::file("f", architecture)])])
        .architecture(architecture)
        .config("Env", serde_json::json!(["A=b"]))
        .config("Labels", serde_json::json!({ "x": "y" }))
}
