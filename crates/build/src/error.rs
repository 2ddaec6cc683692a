//! What can go wrong with a build.

use crate::files;
use crate::language::Fault;

/// See the variants.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Containerfile can't be understood; told with its lines.
    #[error("{0}")]
    Containerfile(String),
    /// An ignore file, or a pattern.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// A command of the build.
    #[error("building at STEP \"{step}\": the command ended with exit code {code}\n{lines}")]
    Command {
        /// The instruction.
        step: String,
        /// Where it stands: see [`language::excerpt`](crate::language::excerpt).
        lines: String,
        /// 128 + signal.
        code: i32,
    },
    /// Anything else at a step.
    #[error("building at STEP \"{step}\": {why}\n{lines}")]
    Step {
        /// The instruction.
        step: String,
        /// Likewise.
        lines: String,
        /// The chain of causes.
        why: String,
    },
    /// By a signal to this process; its steps were killed.
    #[error("the build was interrupted by signal {0}")]
    Interrupted(i32),
    /// What was built can't be written where it shall be.
    #[error("failed to export build output: {0}")]
    Output(String),
    /// A secret, an agent, a context that wasn't given.
    #[error("{0}")]
    Missing(String),
    /// What the system says.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
}

impl Error {
    /// Of a file with its text.
    pub fn fault(fault: &Fault, file: &str, text: &str) -> Error {
        Error::Containerfile(fault.explain(file, text))
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let what = what.into();
        move |source| Error::Io { what, source }
    }
}

/// The causes behind an error, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
