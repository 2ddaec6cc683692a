//! Which boot of the machine this is: what was written in an earlier one and never synced may be lost.

use std::sync::OnceLock;

/// The kernel's boot id, or a constant where `/proc` has none (then nothing is ever doubted).
pub(crate) fn id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_or_else(|_| String::new(), |s| s.trim().into())
    })
}
