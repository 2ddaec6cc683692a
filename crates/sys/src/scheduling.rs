//! CPU and disk scheduling of the calling thread. See sched_setattr(2), ioprio_set(2).

use crate::check;
use std::io;

/// sched_setattr(2)'s structure, version 0.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy)]
pub struct Attributes {
    size: u32,
    /// SCHED_OTHER 0, FIFO 1, RR 2, BATCH 3, ISO 4, IDLE 5, DEADLINE 6.
    pub policy: u32,
    /// SCHED_FLAG_….
    pub flags: u64,
    /// For OTHER and BATCH: −20 … 19.
    pub nice: i32,
    /// For FIFO and RR: 1 … 99.
    pub priority: u32,
    /// DEADLINE, nanoseconds.
    pub runtime: u64,
    /// DEADLINE, nanoseconds.
    pub deadline: u64,
    /// DEADLINE, nanoseconds.
    pub period: u64,
}

/// Sets them for the calling thread; children inherit them.
pub fn set(attributes: Attributes) -> io::Result<()> {
    let attributes = Attributes { size: size_of::<Attributes>() as u32, ..attributes };
    // SAFETY: the structure says its own size and outlives the call.
    check(unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) }).map(drop)
}

/// ioprio_set(2) for this process: class 1 real time, 2 best effort, 3 idle; level 0 (first) to 7.
pub fn set_io_priority(class: u8, level: u8) -> io::Result<()> {
    const IOPRIO_WHO_PROCESS: libc::c_int = 1;
    let value = libc::c_int::from(class) << 13 | libc::c_int::from(level);
    // SAFETY: plain numbers.
    check(unsafe { libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) }).map(drop)
}
