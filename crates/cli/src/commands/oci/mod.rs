//! The OCI runtime's commands, as other engines call them: the program called `crun` or `runc`, or with the word `oci` first.
//! Containers of bundles only: those of `run` and `create` are not seen here.

pub mod create;
pub mod delete;
pub mod events;
pub mod exec;
pub mod features;
pub mod global;
pub mod kill;
pub mod list;
pub mod log;
pub mod pause;
pub mod ps;
pub mod run;
pub mod spec;
pub mod start;
pub mod state;
pub mod update;

use crate::context::Context;
use crate::error::{ENGINE_ERROR, Failure};
use crate::output::{logger, stream};
use crate::syntax::command::Command;
use crate::syntax::matches::Matches;

/// The word before its commands.
pub const NAME: &str = "oci";

/// Programs that it stands in for.
pub const PROGRAMS: &[&str] = &["crun", "runc"];

impl From<bundle::Error> for Failure {
    fn from(error: bundle::Error) -> Self {
        Failure::new(crate::error::chain(&error))
    }
}

/// Runs one of its commands; the exit code. What fails is told where `--log` says, and on standard error.
pub fn carry_out(command: &Command, context: &Context, matches: &Matches) -> i32 {
    let given = &context.given;
    let done = log::start(given).and_then(|()| global::check(given)).and_then(|()| (command.run)(context, matches));
    let failure = match done {
        Ok(code) => return code,
        Err(failure) => failure,
    };
    let text = failure.text();
    if let (Some(text), true) = (&text, logger::is_elsewhere()) {
        logger::line("error", text);
    }
    if let Some(text) = text {
        stream::error_line(&text);
    }
    // 1, as crun and runc have it.
    if failure.code == ENGINE_ERROR { 1 } else { failure.code }
}

/// What `--version` prints; engines look at the first word.
pub fn version(path: &str) -> String {
    format!("{path} version {}\nspec: {}\n", engine::info::VERSION, oci::runtime::VERSION)
}
