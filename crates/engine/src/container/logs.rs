//! `logs`: reads what the monitor wrote.

use crate::{Engine, Error};
use jiff::Timestamp;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Stay until the container ends.
    pub follow: bool,
    /// Only the last N lines.
    pub tail: Option<usize>,
    /// Not older.
    pub since: Option<Timestamp>,
    /// Not newer.
    pub until: Option<Timestamp>,
}

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line or part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read from the container.
    pub time: Timestamp,
    /// Where from.
    pub stream: Stream,
    /// The line goes on in the next one: no newline to be printed.
    pub partial: bool,
    /// Without the newline.
    pub text: Vec<u8>,
}

/// Calls `each` for every line; stops early when it returns an error of kind BrokenPipe (the reader went away).
pub fn logs(
    _engine: &Engine,
    _name: &str,
    _options: &LogOptions,
    _each: &mut dyn FnMut(&LogLine) -> std::io::Result<()>,
) -> Result<(), Error> {
    todo!()
}
