//! Words of a seccomp profile: actions and filter flags (config-linux.md "Seccomp", seccomp(2)).

use crate::error::Error;
use sys::seccomp::flag;

pub(crate) const KILL_PROCESS: u32 = 0x8000_0000;
pub(crate) const KILL_THREAD: u32 = 0;
const TRAP: u32 = 0x0003_0000;
const ERRNO: u32 = 0x0005_0000;
const USER_NOTIF: u32 = 0x7fc0_0000;
const TRACE: u32 = 0x7ff0_0000;
const LOG: u32 = 0x7ffc_0000;
pub(crate) const ALLOW: u32 = 0x7fff_0000;

/// SCMP_ACT_… with its number → SECCOMP_RET_….
pub(crate) fn parse(word: &str, errno: Option<u32>) -> Result<u32, Error> {
    // The specification's default is EPERM.
    let data = errno.unwrap_or(libc::EPERM as u32) & 0xffff;
    Ok(match word {
        "SCMP_ACT_ALLOW" => ALLOW,
        "SCMP_ACT_ERRNO" => ERRNO | data,
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => KILL_THREAD,
        "SCMP_ACT_KILL_PROCESS" => KILL_PROCESS,
        "SCMP_ACT_TRAP" => TRAP,
        "SCMP_ACT_TRACE" => TRACE | data,
        "SCMP_ACT_LOG" => LOG,
        "SCMP_ACT_NOTIFY" => USER_NOTIF,
        other => return Err(Error::other(format!("unknown seccomp action `{other}`"))),
    })
}

/// `flags` of a profile.
pub(crate) fn filter_flags(words: &[String]) -> Result<u32, Error> {
    let bit = |word: &String| match word.as_str() {
        "SECCOMP_FILTER_FLAG_TSYNC" => Ok(flag::TSYNC),
        "SECCOMP_FILTER_FLAG_LOG" => Ok(flag::LOG),
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => Ok(flag::SPEC_ALLOW),
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => Ok(flag::WAIT_KILLABLE_RECV),
        other => Err(Error::other(format!("unknown seccomp flag `{other}`"))),
    };
    words.iter().try_fold(0, |flags, word| Ok(flags | bit(word)?))
}
