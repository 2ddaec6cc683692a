//! The one place that turns errors into `Error: …` and an exit code.

use crate::output::logger;
use crate::output::stream::error_line;
use std::error::Error;

/// A command's failure, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// One line without `Error:`; `None`: everything was said already.
    pub message: Option<String>,
    /// A second line.
    pub hint: Option<String>,
    /// Exit code.
    pub code: i32,
    /// Shown as a log line of the level "fatal", as Skopeo does.
    pub fatal: bool,
}

/// Podman's exit code for the engine's own errors.
pub const ENGINE_ERROR: i32 = 125;

impl Failure {
    /// An engine error.
    pub fn new(message: impl Into<String>) -> Self {
        Failure { message: Some(message.into()), hint: None, code: ENGINE_ERROR, fatal: false }
    }

    /// Nothing more to be said.
    pub fn quiet(code: i32) -> Self {
        Failure { message: None, hint: None, code, fatal: false }
    }

    /// Adds a second line.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Changes the exit code.
    pub fn code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// In Skopeo's way: a log line, and exit code 1 for whatever is 125 elsewhere.
    pub fn fatal(mut self) -> Self {
        self.fatal = true;
        self.code = if self.code == ENGINE_ERROR { 1 } else { self.code };
        self
    }

    /// Puts words before the message.
    pub fn context(mut self, words: impl std::fmt::Display) -> Self {
        self.message = self.message.map(|message| format!("{words}: {message}"));
        self
    }

    /// Message and hint as one text, for other ways to show it.
    pub fn text(&self) -> Option<String> {
        let lines: Vec<&str> = self.message.iter().chain(&self.hint).map(String::as_str).collect();
        (!lines.is_empty()).then(|| without_numbers(&lines.join("\n")))
    }

    /// Shows it; the exit code.
    pub fn show(&self) -> i32 {
        self.print();
        self.code
    }

    /// Shows it on standard error.
    pub fn print(&self) {
        if self.fatal {
            return self.text().into_iter().for_each(|text| logger::line("fatal", &text));
        }
        if let Some(message) = &self.message {
            error_line(&format!("Error: {}", without_numbers(message)));
        }
        if let Some(hint) = &self.hint {
            error_line(hint);
        }
    }
}

/// The error and its causes, joined by `: `; a cause whose text its error repeats is left out.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// Rust adds ` (os error 2)` to the kernel's words, which says nothing more to a user.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(" (os error ") {
        let digits = &rest[start + " (os error ".len()..];
        match digits.find(')').filter(|end| digits[..*end].bytes().all(|b| b.is_ascii_digit())) {
            Some(end) => {
                out.push_str(&rest[..start]);
                rest = &digits[end + 1..];
            }
            None => {
                out.push_str(&rest[..rest.len() - digits.len()]);
                rest = digits;
            }
        }
    }
    out + rest
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Failure::new(chain(&error)).code(error.exit_code())
    }
}

impl From<spec::Invalid> for Failure {
    fn from(error: spec::Invalid) -> Self {
        Failure { message: Some(error.message), hint: error.hint, code: ENGINE_ERROR, fatal: false }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::new(format!("write JSON: {error}"))
    }
}

/// Replaces Rust's panic message by one line. (A panic ends the program: it is built to abort; the hook exits first.)
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("unknown");
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        error_line(&format!("Error: internal error: {what}{place}"));
        error_line("This is a bug in minke: please report it with the command that led here.");
        std::process::exit(ENGINE_ERROR);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_errors_go() {
        assert_eq!(without_numbers("a: No such file (os error 2): b (os error 13)"), "a: No such file: b");
        assert_eq!(without_numbers("x (os error q)"), "x (os error q)");
    }
}
