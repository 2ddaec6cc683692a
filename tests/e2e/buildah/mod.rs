//! Buildah's commands, by that word or by the program's name.

mod commit;
mod config;
mod containers;
mod copy;
mod from;
mod images;
mod inspect;
mod kills;
mod mount;
mod rm;
mod run;
mod source;

use testkit::{Output, Run, TestEnv, note_skipped};

/// `minke buildah`, or the real one where the reference is asked.
pub fn buildah<'e>(env: &'e TestEnv, line: &str) -> Run<'e> {
    if env.is_peer() { env.host("buildah").words(line) } else { env.engine().words("buildah").words(line) }
}

/// Runs it and demands exit code 0.
#[track_caller]
pub fn ok(env: &TestEnv, line: &str) -> Output {
    let output = buildah(env, line).run();
    output.ok();
    output
}

/// Whether commands can be run here: the reference wants limits that a machine may not be allowed to give, as root.
pub fn can_run(env: &TestEnv) -> bool {
    let limited = env.is_peer() && env.is_root();
    if limited {
        note_skipped("the reference can't set its limits for `run` here");
    }
    !limited
}

/// What a template shows of a working container.
#[track_caller]
pub fn shown(env: &TestEnv, container: &str, template: &str) -> String {
    let output = buildah(env, "inspect --format").arg(template).arg(container).run();
    output.ok();
    output.text().trim().to_owned()
}

/// What a template shows of an image.
#[track_caller]
pub fn image(env: &TestEnv, image: &str, template: &str) -> String {
    let output = buildah(env, "inspect --type image --format").arg(template).arg(image).run();
    output.ok();
    output.text().trim().to_owned()
}
