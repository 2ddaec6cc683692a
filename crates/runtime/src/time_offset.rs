//! `linux.timeOffsets`: clocks of a new time namespace. See time_namespaces(7).

use crate::error::{Error, Tried};
use oci::runtime::Linux;
use sys::namespace::Namespaces;

/// Makes the namespace that the next child will be in. The kernel takes offsets only while nobody is in it, so this can't be
/// left to clone3.
pub(crate) fn make_namespace(linux: &Linux) -> Result<(), Error> {
    sys::namespace::unshare(Namespaces::TIME).tried(|| "make a time namespace")?;
    for (clock, offset) in &linux.time_offsets {
        let line = format!("{clock} {} {}\n", offset.secs, offset.nanosecs);
        std::fs::write("/proc/self/timens_offsets", &line)
            .tried(|| format!("set the time offset `{}`", line.trim()))?;
    }
    Ok(())
}
