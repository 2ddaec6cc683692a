//! Words of `process.scheduler` and `process.ioPriority` (config.md "Linux Process").

use crate::error::{Error, Tried};
use oci::runtime::{IoPriority, Scheduler};
use sys::scheduling::Attributes;

pub(crate) fn set(wish: &Scheduler) -> Result<(), Error> {
    let policy = match wish.policy.as_str() {
        "SCHED_OTHER" => 0,
        "SCHED_FIFO" => 1,
        "SCHED_RR" => 2,
        "SCHED_BATCH" => 3,
        "SCHED_ISO" => 4,
        "SCHED_IDLE" => 5,
        "SCHED_DEADLINE" => 6,
        other => return Err(Error::other(format!("unknown scheduler `{other}`"))),
    };
    let mut attributes = Attributes::default();
    attributes.policy = policy;
    attributes.flags = wish.flags.iter().try_fold(0, |flags, word| Ok::<u64, Error>(flags | flag(word)?))?;
    attributes.nice = wish.nice.unwrap_or(0);
    attributes.priority = wish.priority.unwrap_or(0).max(0) as u32;
    attributes.runtime = wish.runtime.unwrap_or(0);
    attributes.deadline = wish.deadline.unwrap_or(0);
    attributes.period = wish.period.unwrap_or(0);
    sys::scheduling::set(attributes).tried(|| format!("set the scheduler {}", wish.policy))
}

fn flag(word: &str) -> Result<u64, Error> {
    Ok(match word {
        "SCHED_FLAG_RESET_ON_FORK" => 0x01,
        "SCHED_FLAG_RECLAIM" => 0x02,
        "SCHED_FLAG_DL_OVERRUN" => 0x04,
        "SCHED_FLAG_KEEP_POLICY" => 0x08,
        "SCHED_FLAG_KEEP_PARAMS" => 0x10,
        "SCHED_FLAG_UTIL_CLAMP_MIN" => 0x20,
        "SCHED_FLAG_UTIL_CLAMP_MAX" => 0x40,
        other => return Err(Error::other(format!("unknown scheduler flag `{other}`"))),
    })
}

pub(crate) fn set_io_priority(wish: &IoPriority) -> Result<(), Error> {
    let class = match wish.class.as_str() {
        "IOPRIO_CLASS_RT" => 1,
        "IOPRIO_CLASS_BE" => 2,
        "IOPRIO_CLASS_IDLE" => 3,
        other => return Err(Error::other(format!("unknown I/O priority class `{other}`"))),
    };
    let level = u8::try_from(wish.priority).ok().filter(|level| *level < 8);
    let level = level.ok_or_else(|| Error::other(format!("I/O priority {} is not in 0-7", wish.priority)))?;
    sys::scheduling::set_io_priority(class, level).tried(|| format!("set the I/O priority {} {level}", wish.class))
}
