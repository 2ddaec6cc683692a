//! The runtime's one error type, and its form on the wire between child and parent.

use std::io;
use std::os::fd::BorrowedFd;

/// What went wrong, where; `kind` decides the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// "mount `/x` on `/y`", with the names.
    pub what: String,
    /// 126 and 127 come from here.
    pub kind: ErrorKind,
    /// Why.
    #[source]
    pub source: Option<io::Error>,
}

/// For exit codes: command not found 127, not executable or user unknown 126, anything else 125.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// ENOENT of the command, or of its folder in `exec`.
    CommandNotFound,
    /// EACCES, ENOEXEC, a folder, ….
    CommandNotExecutable,
    /// No such user or group in the container.
    UnknownUser,
    /// The rest.
    Other,
}

impl Error {
    /// Without a cause from the kernel.
    pub(crate) fn other(what: impl Into<String>) -> Self {
        Self { what: what.into(), kind: ErrorKind::Other, source: None }
    }

    /// The same about what the user said of the command itself (its folder): exit code 126, as Podman's.
    pub(crate) fn not_executable(self) -> Self {
        Self { kind: ErrorKind::CommandNotExecutable, ..self }
    }

    /// The same when there is nothing at the path: exit code 127.
    pub(crate) fn not_found(self) -> Self {
        Self { kind: ErrorKind::CommandNotFound, ..self }
    }

    /// The words for user or groups mean nobody in the container.
    pub(crate) fn unknown_user(what: impl Into<String>) -> Self {
        Self { kind: ErrorKind::UnknownUser, ..Self::other(what) }
    }

    /// The kernel's answer to what was tried.
    pub(crate) fn io(what: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self { what: what.into(), kind: ErrorKind::Other, source: Some(source.into()) }
    }

    /// The same of a step of the mount API, with what the kernel wrote about it into the file system's context.
    pub(crate) fn of_mount(context: BorrowedFd<'_>, what: String, error: rustix::io::Errno) -> Self {
        let mut message = [0; 512];
        let said = match rustix::io::read(context, &mut message) {
            // "e overlay: …": the letter is the severity.
            Ok(length) => String::from_utf8_lossy(message[..length].get(2..).unwrap_or_default()).trim().to_owned(),
            Err(_) => String::new(),
        };
        Self::io(if said.is_empty() { what } else { format!("{what} ({said})") }, error)
    }

    /// The kernel's error number.
    pub(crate) fn errno(&self) -> Option<i32> {
        self.source.as_ref().and_then(io::Error::raw_os_error)
    }

    /// Kind, error number and text, for [`Error::from_wire`].
    pub(crate) fn to_wire(&self) -> Vec<u8> {
        let (number, text) = match &self.source {
            None => (0, self.what.clone()),
            Some(source) => match source.raw_os_error() {
                Some(number) => (number, self.what.clone()),
                None => (0, format!("{}: {source}", self.what)),
            },
        };
        let mut bytes = vec![self.kind as u8];
        bytes.extend_from_slice(&number.to_ne_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    /// Reads what [`Error::to_wire`] wrote.
    pub(crate) fn from_wire(bytes: &[u8]) -> Self {
        let Some((head, text)) = bytes.split_at_checked(5) else { return Self::other("a broken error report") };
        let number = i32::from_ne_bytes([head[1], head[2], head[3], head[4]]);
        Self {
            what: String::from_utf8_lossy(text).into_owned(),
            kind: match head[0] {
                0 => ErrorKind::CommandNotFound,
                1 => ErrorKind::CommandNotExecutable,
                2 => ErrorKind::UnknownUser,
                _ => ErrorKind::Other,
            },
            source: (number != 0).then(|| io::Error::from_raw_os_error(number)),
        }
    }
}

/// Adds what was tried to a result of the kernel.
pub(crate) trait Tried<T> {
    /// `what` is only built on failure.
    fn tried<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> Tried<T> for Result<T, E> {
    fn tried<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T, Error> {
        self.map_err(|error| Error::io(what(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_survive_the_wire() {
        let sent =
            Error { what: "x".into(), kind: ErrorKind::CommandNotFound, source: Some(io::Error::from_raw_os_error(2)) };
        let got = Error::from_wire(&sent.to_wire());
        assert_eq!((got.what.as_str(), got.kind), ("x", ErrorKind::CommandNotFound));
        assert_eq!(got.source.unwrap().raw_os_error(), Some(2));
        assert!(Error::from_wire(&Error::other("y").to_wire()).source.is_none());
    }
}
