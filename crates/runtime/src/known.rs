//! Words of a configuration that this runtime understands, for `features` (features-linux.md).

use crate::seccomp;

/// Options of mounts.
pub fn mount_options() -> Vec<String> {
    let flags = ["ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "nodiratime", "diratime"];
    let more =
        ["nosymfollow", "symfollow", "noatime", "strictatime", "relatime", "atime", "norelatime", "nostrictatime"];
    let propagations = ["shared", "slave", "private", "unbindable", "bind", "idmap"];
    let once = ["defaults", "async", "sync", "dirsync", "remount", "silent", "loud", "mand", "nomand", "lazytime"];
    let special = ["nolazytime", "iversion", "noiversion", "tmpcopyup", "copy-symlink"];
    let both = flags.iter().chain(&more).chain(&propagations).flat_map(|word| {
        let recursive = if *word == "idmap" { "ridmap".to_owned() } else { format!("r{word}") };
        [(*word).to_owned(), recursive]
    });
    let mut all: Vec<String> = both.chain(once.iter().chain(&special).map(|word| (*word).to_owned())).collect();
    all.sort_unstable();
    all
}

/// Names with `CAP_`.
pub fn capabilities() -> Vec<String> {
    sys::capability::NAMES.iter().map(|name| format!("CAP_{name}")).collect()
}

/// Actions of system call filters.
pub const SECCOMP_ACTIONS: &[&str] = &[
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO",
    "SCMP_ACT_KILL",
    "SCMP_ACT_KILL_PROCESS",
    "SCMP_ACT_KILL_THREAD",
    "SCMP_ACT_LOG",
    "SCMP_ACT_TRACE",
    "SCMP_ACT_TRAP",
];

/// Comparisons of their arguments.
pub const SECCOMP_OPERATORS: &[&str] =
    &["SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"];

/// Flags of filters.
pub const SECCOMP_FLAGS: &[&str] = &[
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
];

/// Architectures of system calls.
pub fn seccomp_architectures() -> Vec<&'static str> {
    seccomp::architectures().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp::{filter_flags, is_action};

    #[test]
    fn what_is_said_to_be_known_is() {
        assert!(SECCOMP_ACTIONS.iter().all(|word| is_action(word)));
        let flags: Vec<String> = SECCOMP_FLAGS.iter().map(|word| (*word).to_owned()).collect();
        assert!(filter_flags(&flags).is_ok());
    }
}
