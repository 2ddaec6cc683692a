//! Which image of an index.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use oci::Platform;
use spec::ContainerSpec;

/// See podman-pull(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("arch", "ARCH", "Take the image for this architecture").alias(&["override-arch"]),
    Flag::text("os", "OS", "Take the image for this operating system").alias(&["override-os"]),
    Flag::text("platform", "string", "Take the image for this platform (os/arch[/variant])"),
    Flag::text("variant", "VARIANT", "Take the image for this variant of the architecture")
        .alias(&["override-variant"]),
];

/// What the flags ask for; `None`: this machine's.
pub fn wanted(matches: &Matches) -> Result<Option<Platform>, Failure> {
    let parts = ["os", "arch", "variant"].map(|name| matches.text(name));
    // As from a script's empty variable.
    match (matches.text("platform").filter(|text| !text.is_empty()), parts) {
        (None, [None, None, None]) => Ok(None),
        (Some(text), [None, None, None]) => {
            text.parse::<Platform>().map(Some).map_err(|error| Failure::new(error.to_string()))
        }
        (Some(_), _) => Err(Failure::new("--platform option can not be specified with --arch or --os")),
        (None, [os, arch, variant]) => {
            let host = Platform::host();
            // The host's variant says nothing about another architecture.
            let kept = host.variant.as_deref().filter(|_| arch.is_none()).unwrap_or_default();
            let platform =
                Platform::new(os.unwrap_or(&host.os), arch.unwrap_or(&host.architecture), variant.unwrap_or(kept));
            Ok(Some(platform))
        }
    }
}

/// Records the wish in the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    if let Some(platform) = wanted(matches)? {
        spec.rootfs.image_os = platform.os;
        spec.rootfs.image_arch = platform.architecture;
        spec.rootfs.image_variant = platform.variant.unwrap_or_default();
    }
    Ok(())
}
