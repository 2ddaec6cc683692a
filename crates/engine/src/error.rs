//! What goes wrong in the engine, in Podman's words where there are such.

use std::path::PathBuf;

/// Failure of an engine operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing has that name or id.
    #[error("no container with name or ID \"{0}\" found: no such container")]
    NoSuchContainer(String),
    /// Several ids begin so.
    #[error("more than one result for container name or ID \"{0}\": {1}")]
    Ambiguous(String, String),
    /// Names are unique.
    #[error(
        "the container name \"{name}\" is already in use by {id}. You have to remove that container to be able to reuse that name: that name is already in use, or use --replace to instruct minke to do so."
    )]
    NameInUse {
        /// The name.
        name: String,
        /// Who has it.
        id: String,
    },
    /// Names are unique: the same where nothing can be replaced.
    #[error(
        "creating container: the container name \"{name}\" is already in use by {id}. You have to remove that container to be able to reuse that name: that name is already in use"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// Who has it.
        id: String,
    },
    /// No working container has that name or id.
    #[error("container not known")]
    NotWorking(String),
    /// The container's state doesn't allow the operation.
    #[error("{0}")]
    State(String),
    /// Wrong input.
    #[error("{0}")]
    Invalid(String),
    /// Something uses the image.
    #[error("{0}")]
    ImageInUse(String),
    /// An image is to go by its id, but has several names.
    #[error("unable to delete image \"{id}\" by ID with more than one tag ([{names}]): please force removal")]
    SeveralNames {
        /// Hex digits.
        id: String,
        /// Separated by spaces.
        names: String,
    },
    /// The container didn't start, or an exec didn't; the text comes from the monitor's process.
    #[error("{message}")]
    Start {
        /// Cause chain joined by `: `.
        message: String,
        /// 125, 126 or 127.
        exit_code: i32,
    },
    /// A container that can't be made as asked.
    #[error(transparent)]
    Spec(#[from] spec::Invalid),
    /// A configuration file.
    #[error(transparent)]
    Config(#[from] config::containers::Error),
    /// Image operation.
    #[error(transparent)]
    Image(#[from] ::image::Error),
    /// Store operation.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Runtime operation.
    #[error(transparent)]
    Runtime(#[from] runtime::Error),
    /// Network operation.
    #[error(transparent)]
    Network(#[from] ::network::Error),
    /// The database.
    #[error("{what} in the database")]
    Database {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: rusqlite::Error,
    },
    /// A file operation.
    #[error("{what} `{path}`")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Several things failed in a cleanup that went on.
    #[error("{}", .0.join("; "))]
    Several(Vec<String>),
}

impl Error {
    /// A failed file operation.
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Error {
        Error::Io { what, path: path.into(), source }
    }

    /// Itself and its causes joined by `: `, as the last line of a failing command shows it.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            let line = error.to_string();
            // Rust adds "(os error 2)" to the kernel's words.
            text.push_str(line.split(" (os error ").next().unwrap_or_default());
            cause = error.source();
        }
        text
    }

    /// Podman's exit code for this error: 126 and 127 for commands that can't be executed, otherwise 125.
    pub fn exit_code(&self) -> i32 {
        match self {
            Error::Start { exit_code, .. } => *exit_code,
            Error::Runtime(error) => match error.kind {
                runtime::ErrorKind::CommandNotFound => 127,
                runtime::ErrorKind::CommandNotExecutable | runtime::ErrorKind::UnknownUser => 126,
                runtime::ErrorKind::Other => 125,
            },
            Error::ImageInUse(_) => 2,
            _ => 125,
        }
    }

    /// The same for a start that failed: 127 if something isn't there, be it the command or a file, otherwise 126.
    pub(crate) fn start_exit_code(&self) -> i32 {
        let mut cause = Some(self as &dyn std::error::Error);
        let missing = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        while let Some(error) = cause {
            if error.downcast_ref().is_some_and(missing) {
                return 127;
            }
            cause = error.source();
        }
        self.exit_code().max(126)
    }

    /// The same for `exec`: 255 for a container that doesn't run and a user that it doesn't know; a detached session that
    /// can't be started is an engine's failure.
    pub fn exec_exit_code(&self) -> i32 {
        match self {
            Error::State(_) => 255,
            Error::Runtime(error) if error.kind == runtime::ErrorKind::UnknownUser => 255,
            Error::Start { .. } => 125,
            _ => self.exit_code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use std::io;

    #[test]
    fn a_failed_starts_code_says_whether_something_is_missing() {
        let of = |kind: io::ErrorKind| Error::io("open", "/x", kind.into()).start_exit_code();
        assert_eq!((of(io::ErrorKind::NotFound), of(io::ErrorKind::AddrInUse)), (127, 126));
        assert_eq!(Error::State("y".into()).start_exit_code(), 126);
    }
}
