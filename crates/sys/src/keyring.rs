//! Kernel keyrings. See keyctl(2), session-keyring(7).

use crate::check;
use std::io;

/// Joins a new anonymous session keyring, so that the caller's keys are not reachable any more.
pub fn join_new_session() -> io::Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_ulong = 1;
    // SAFETY: a null name asks for an anonymous keyring.
    check(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<u8>()) }).map(drop)
}
