//! Installing system call filters. See seccomp(2). (Which filter is decided in `runtime`.)

use crate::check;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// One classic BPF instruction (struct sock_filter).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when true.
    pub jump_true: u8,
    /// Instructions to skip when false.
    pub jump_false: u8,
    /// Operand.
    pub operand: u32,
}

/// SECCOMP_FILTER_FLAG_….
pub mod flag {
    /// Apply to all threads.
    pub const TSYNC: u32 = 1;
    /// Log all actions but allow.
    pub const LOG: u32 = 2;
    /// Leave speculation mitigations off.
    pub const SPEC_ALLOW: u32 = 4;
    /// Return a descriptor for SECCOMP_RET_USER_NOTIF.
    pub const NEW_LISTENER: u32 = 8;
    /// A notified process can only be killed while it waits.
    pub const WAIT_KILLABLE_RECV: u32 = 32;
}

#[repr(C)]
struct Program {
    length: u16,
    filter: *const Instruction,
}

/// Adds a filter to the calling thread. Needs no_new_privs or CAP_SYS_ADMIN. With [`flag::NEW_LISTENER`] the listener comes back.
pub fn install(filter: &[Instruction], flags: u32) -> io::Result<Option<OwnedFd>> {
    const SECCOMP_SET_MODE_FILTER: libc::c_uint = 1;
    let length = u16::try_from(filter.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = Program { length, filter: filter.as_ptr() };
    // SAFETY: `program` points at `length` instructions that outlive the call; the kernel checks them.
    let result =
        check(unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &raw const program) })?;
    // SAFETY: with this flag the result is a new descriptor.
    Ok((flags & flag::NEW_LISTENER != 0).then(|| unsafe { OwnedFd::from_raw_fd(result as i32) }))
}

/// SECCOMP_GET_ACTION_AVAIL: whether this kernel knows an action (SECCOMP_RET_…).
pub fn knows_action(action: u32) -> bool {
    const SECCOMP_GET_ACTION_AVAIL: libc::c_uint = 2;
    // SAFETY: the kernel reads four bytes.
    unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) == 0 }
}
