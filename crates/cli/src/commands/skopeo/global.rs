//! Options that every command of Skopeo takes, before or after its name.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use oci::Platform;

/// Of all commands.
pub static FLAGS: &[Flag] = &[
    Flag::bool("insecure-policy", "Accept images from everywhere, whatever the policy says"),
    Flag::text("override-arch", "ARCH", "Take the image for this architecture"),
    Flag::text("override-os", "OS", "Take the image for this operating system"),
    Flag::text("override-variant", "VARIANT", "Take the image for this variant of the architecture"),
    Flag::text("policy", "string", "File with the policy of trust"),
];

/// Of the program itself.
pub static VERSION: Flag = Flag::bool("version", "Show the program's version").short('v');

/// Which image of an index; `None`: this machine's.
pub fn platform(matches: &Matches) -> Result<Option<Platform>, Failure> {
    let [os, arch, variant] = ["override-os", "override-arch", "override-variant"].map(|name| matches.text(name));
    if os.is_none() && arch.is_none() && variant.is_none() {
        return Ok(None);
    }
    let host = Platform::host();
    // The host's variant says nothing about another architecture.
    let kept = host.variant.as_deref().filter(|_| arch.is_none()).unwrap_or_default();
    let (os, arch) = (os.unwrap_or(&host.os), arch.unwrap_or(&host.architecture));
    Ok(Some(Platform::new(os, arch, variant.unwrap_or(kept))))
}
