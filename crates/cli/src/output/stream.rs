//! Writing to standard output and error. A reader that went away ends the program quietly.

use crate::error::Failure;
use std::io::{self, Write};

/// Writes text to standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    bytes(text.as_bytes())
}

/// Writes text and a newline.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).map_err(failed)
}

/// Writes bytes to standard output.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(failed)
}

/// Writes a line to standard error; nobody can be told when that fails.
pub fn error_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn failed(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(BROKEN_PIPE),
        _ => Failure::new(format!("write to standard output: {error}")),
    }
}

/// What a shell reports for a program that SIGPIPE ended.
const BROKEN_PIPE: i32 = 141;
