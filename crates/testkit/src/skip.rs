//! Cases that this machine can't run say so, with the reason, and end.

use std::io::Write;
use std::path::Path;

/// Prints that a case was skipped, and why. (The test harness has no third result besides passed and failed.)
pub fn note_skipped(reason: &str) {
    let name = std::thread::current().name().unwrap_or("a case").to_owned();
    // Bypasses the capture of the harness: a skipped case must be seen.
    let _ = writeln!(std::io::stderr(), "skipped: {name}: {reason}");
}

/// Why a case for cgroup v2's unified hierarchy can't run here, if it can't.
#[must_use]
pub fn reason_without_cgroup2() -> Option<String> {
    missing("/sys/fs/cgroup/cgroup.controllers", "the machine has no unified cgroup v2 hierarchy")
}

/// Why a case for SELinux can't run here, if it can't.
#[must_use]
pub fn reason_without_selinux() -> Option<String> {
    missing("/sys/fs/selinux/enforce", "the kernel runs without SELinux")
}

/// Why a case for systemd can't run here, if it can't.
#[must_use]
pub fn reason_without_systemd() -> Option<String> {
    missing("/run/systemd/system", "systemd isn't the init of this machine")
}

fn missing(path: &str, reason: &str) -> Option<String> {
    (!Path::new(path).exists()).then(|| format!("{reason} ({path} is missing)"))
}
