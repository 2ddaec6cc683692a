//! What a command answered, and claims about it that fail with everything one wants to know.

use std::process::ExitStatus;
use std::time::Duration;

/// The end of a command.
#[derive(Debug, Clone)]
pub struct Output {
    /// As typed.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it complained.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Output {
    /// Demands exit code 0.
    #[track_caller]
    pub fn ok(&self) -> &Self {
        self.code(0)
    }

    /// Demands an exit code.
    #[track_caller]
    pub fn code(&self, code: i32) -> &Self {
        assert!(self.status.code() == Some(code), "expected exit code {code}\n{self}");
        self
    }

    /// Demands exactly this on stdout.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        assert!(self.stdout == text.as_bytes(), "expected on stdout: {text:?}\n{self}");
        self
    }

    /// Demands that stdout holds `part`.
    #[track_caller]
    pub fn has(&self, part: &str) -> &Self {
        assert!(self.whole().contains(part), "expected on stdout: {part:?}\n{self}");
        self
    }

    /// Demands that stdout doesn't hold `part`.
    #[track_caller]
    pub fn lacks(&self, part: &str) -> &Self {
        assert!(!self.whole().contains(part), "not expected on stdout: {part:?}\n{self}");
        self
    }

    /// Demands that stderr holds `part`, in whatever case.
    #[track_caller]
    pub fn complains(&self, part: &str) -> &Self {
        let found = self.complaint().to_lowercase().contains(&part.to_lowercase());
        assert!(found, "expected on stderr: {part:?}\n{self}");
        self
    }

    /// Demands that stderr holds one of `parts`, in whatever case.
    #[track_caller]
    pub fn complains_of_one(&self, parts: &[&str]) -> &Self {
        let complaint = self.complaint().to_lowercase();
        let found = parts.iter().any(|part| complaint.contains(&part.to_lowercase()));
        assert!(found, "expected on stderr one of {parts:?}\n{self}");
        self
    }

    /// Demands a refusal by the engine as a person should see it: code 125, a message that names `thing`, neither a
    /// panic nor a debug dump.
    #[track_caller]
    pub fn refused(&self, thing: &str) -> &Self {
        self.code(125).complains(thing).complains("error").is_readable()
    }

    /// Demands that no panic and no debug output is shown.
    #[track_caller]
    pub fn is_readable(&self) -> &Self {
        let complaint = self.complaint();
        for mark in ["panicked at", "RUST_BACKTRACE", "Err(", "Os {", "Error {", "None\n"] {
            assert!(!complaint.contains(mark), "a person can't read {mark:?}\n{self}");
        }
        self
    }

    /// Demands an empty stderr.
    #[track_caller]
    pub fn quiet(&self) -> &Self {
        assert!(self.stderr.is_empty(), "expected nothing on stderr\n{self}");
        self
    }

    /// Stdout without blanks around it.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }

    /// Stdout as it is.
    #[must_use]
    pub fn whole(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Stderr.
    #[must_use]
    pub fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The lines of stdout.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }
}

/// Longest part of an output that a failure shows.
const SHOWN: usize = 4000;

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}", self.line)?;
        writeln!(f, "{} after {:?}", self.status, self.elapsed)?;
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let shown = &bytes[bytes.len().saturating_sub(SHOWN)..];
            writeln!(f, "--- {name} ({} bytes)\n{}", bytes.len(), String::from_utf8_lossy(shown))?;
        }
        Ok(())
    }
}
