//! `build`, part by part of the language and of its promises.

mod cache;
mod cases;
mod check;
mod configuration;
mod contexts;
mod copy;
mod flags;
mod isolation;
mod mistakes;
mod mounts;
mod outputs;
mod platforms;
mod remote;
mod result;
mod run;
mod shared_cache;
mod squash;
mod stages;
mod terminal;
mod why;

use testkit::{Output, TestEnv};

/// Builds this text in the context `ctx`, as image `built`.
fn build(env: &TestEnv, flags: &str, text: &str) -> Output {
    env.base();
    env.write("ctx/Containerfile", text);
    env.run(&format!("build --network none -t built {flags} ctx"))
}

/// What a shell in the image prints.
fn inside(env: &TestEnv, script: &str) -> String {
    let run = env.engine().words("run --rm --network none --entrypoint sh --user 0 built -c").arg(script).run();
    run.ok();
    run.text().trim().to_owned()
}

/// A field of the image's configuration.
fn field(env: &TestEnv, template: &str) -> String {
    let shown = env.engine().words("image inspect built --format").arg(template).run();
    shown.ok();
    shown.text().trim().to_owned()
}
