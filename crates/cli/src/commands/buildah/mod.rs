//! Buildah's commands: the program called by that name, or with that word first. Commands that are the same as ours are the same
//! code with Buildah's flags.

pub mod about;
pub mod commit;
pub mod config;
pub mod containers;
pub mod copy;
mod describe;
pub mod from;
pub mod images;
pub mod inspect;
mod isolation;
pub mod mount;
pub mod rename;
pub mod rm;
pub mod run;
pub mod same;
mod settings;
pub mod source;
pub mod umount;
pub mod unshare;

use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::quote;
use engine::working::{self, Working};

/// By which the program is told that it is Buildah.
pub const NAME: &str = "buildah";

/// The working container of that name or id.
pub fn find(context: &Context, name: &str) -> Result<Working, Failure> {
    working::find(context.engine()?, name).map_err(|error| not_read(name, &error))
}

/// Buildah's words for one that can't be read.
pub fn not_read(name: &str, error: &engine::Error) -> Failure {
    Failure::new(format!("reading build container {}: {}", quote(name), chain(error)))
}

/// The only argument; Buildah's complaints else.
pub fn only<'m>(arguments: &'m [String], missing: &str) -> Result<&'m str, Failure> {
    match arguments {
        [] => Err(Failure::new(missing)),
        [only] => Ok(only),
        _ => Err(Failure::new("too many arguments specified")),
    }
}

/// Whether steps are noted in the history: `--add-history`, else the variable BUILDAH_HISTORY.
pub fn adds_history(matches: &crate::syntax::matches::Matches) -> bool {
    let variable = || std::env::var("BUILDAH_HISTORY").ok();
    let wished = || variable().as_deref().and_then(crate::syntax::matches::parse_bool);
    matches.maybe_bool("add-history").or_else(wished).unwrap_or(false)
}
