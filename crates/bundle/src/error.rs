//! What can go wrong with a container of a bundle.

use runtime::ErrorKind;
use std::io;
use std::path::Path;

/// See each.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No folder of that id.
    #[error("container `{0}` does not exist")]
    NotFound(String),
    /// An id is given once.
    #[error("container `{0}` already exists")]
    Exists(String),
    /// The operation isn't one for the state that it is in (runtime.md, "Operations").
    #[error("cannot {what} container `{id}`: it is {status}")]
    State {
        /// What was asked for.
        what: &'static str,
        /// Of which.
        id: String,
        /// Its state.
        status: crate::Status,
    },
    /// What was given can't be meant.
    #[error("{0}")]
    Invalid(String),
    /// config.json, process.json or resources that don't say what they must; with the path of the field.
    #[error("{file}: {why}")]
    Config {
        /// Which file.
        file: String,
        /// Where and what.
        why: String,
    },
    /// The command isn't there, or is none. Engines look for these words to tell their users with 127 and 126.
    #[error("{words}")]
    Command {
        /// runc's.
        words: &'static str,
        /// In full.
        #[source]
        error: runtime::Error,
    },
    /// The kernel, or what it runs.
    #[error(transparent)]
    Runtime(runtime::Error),
    /// A file.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl From<runtime::Error> for Error {
    fn from(error: runtime::Error) -> Self {
        match error.kind {
            ErrorKind::CommandNotFound => Error::Command { words: "exec: executable file not found in $PATH", error },
            ErrorKind::CommandNotExecutable => Error::Command { words: "exec: permission denied", error },
            ErrorKind::UnknownUser | ErrorKind::Other => Error::Runtime(error),
        }
    }
}

/// Adds what was tried.
pub(crate) trait Tried<T> {
    fn tried<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T, Error>;

    /// The same about a path.
    fn at(self, verb: &str, path: &Path) -> Result<T, Error>
    where
        Self: Sized,
    {
        self.tried(|| format!("{verb} `{}`", path.display()))
    }
}

impl<T, E: Into<io::Error>> Tried<T> for Result<T, E> {
    fn tried<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T, Error> {
        self.map_err(|error| Error::Io { what: what().into(), source: error.into() })
    }
}
