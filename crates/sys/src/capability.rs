//! Capabilities by name and the five sets of a process. See capabilities(7).

use rustix::thread::{CapabilitySet, CapabilitySets, capability_is_in_bounding_set};
use std::io;

/// Names in the kernel's order (the bit is the index), without `CAP_`.
pub const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A set of capabilities, one bit each.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Set(pub u64);

impl Set {
    /// Of names with or without `CAP_`, in any case; names not known are skipped and returned.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> (Self, Vec<&'a str>) {
        let (mut set, mut unknown) = (Self(0), Vec::new());
        for name in names {
            match number(name) {
                Some(bit) => set.0 |= 1 << bit,
                None => unknown.push(name),
            }
        }
        (set, unknown)
    }

    /// Those also in `other`.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Numbers of its members.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |bit| self.0 >> bit & 1 == 1)
    }

    fn raw(self) -> CapabilitySet {
        CapabilitySet::from_bits_retain(self.0)
    }
}

/// The bit of a name, with or without `CAP_`, in any case.
pub fn number(name: &str) -> Option<u32> {
    let bare = name.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("CAP_")).map_or(name, |_| &name[4..]);
    NAMES.iter().position(|known| known.eq_ignore_ascii_case(bare)).map(|bit| bit as u32)
}

/// Effective, permitted and inheritable set of this thread.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sets {
    /// Checked by the kernel.
    pub effective: Set,
    /// May be made effective.
    pub permitted: Set,
    /// Kept over exec by file capabilities.
    pub inheritable: Set,
}

/// capget(2) of the calling thread.
pub fn get() -> io::Result<Sets> {
    let sets = rustix::thread::capabilities(None)?;
    Ok(Sets {
        effective: Set(sets.effective.bits()),
        permitted: Set(sets.permitted.bits()),
        inheritable: Set(sets.inheritable.bits()),
    })
}

/// capset(2) of the calling thread.
pub fn set(sets: Sets) -> io::Result<()> {
    let sets = CapabilitySets {
        effective: sets.effective.raw(),
        permitted: sets.permitted.raw(),
        inheritable: sets.inheritable.raw(),
    };
    Ok(rustix::thread::set_capabilities(None, sets)?)
}

/// Drops everything outside `keep` from the bounding set (needs CAP_SETPCAP).
pub fn limit_bounding(keep: Set) -> io::Result<()> {
    for bit in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << bit);
        if keep.0 >> bit & 1 == 1 {
            continue;
        }
        match rustix::thread::remove_capability_from_bounding_set(one) {
            // Beyond the last one this kernel has.
            Err(rustix::io::Errno::INVAL) => break,
            other => other?,
        }
    }
    Ok(())
}

/// The bounding set of the calling thread.
pub fn bounding() -> Set {
    let has = |bit: &u32| capability_is_in_bounding_set(CapabilitySet::from_bits_retain(1 << bit)).unwrap_or(false);
    Set((0..NAMES.len() as u32).filter(has).fold(0, |set, bit| set | 1 << bit))
}

/// Makes the ambient set exactly this one; members must be permitted and inheritable.
pub fn set_ambient(ambient: Set) -> io::Result<()> {
    rustix::thread::clear_ambient_capability_set()?;
    for bit in ambient.iter() {
        rustix::thread::configure_capability_in_ambient_set(CapabilitySet::from_bits_retain(1 << bit), true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_both_forms() {
        assert_eq!(number("CAP_CHOWN"), Some(0));
        assert_eq!(number("checkpoint_restore"), Some(40));
        assert_eq!(number("CAP_NOPE"), None);
        let (set, unknown) = Set::from_names(["CAP_KILL", "what", "cap_setuid"]);
        assert_eq!((set, unknown), (Set(1 << 5 | 1 << 7), vec!["what"]));
    }
}
