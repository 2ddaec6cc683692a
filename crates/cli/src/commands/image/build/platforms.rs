//! What the image is for: one platform, several, or all that its bases are there for.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use build::execute::Platforms;
use oci::Platform;

/// See podman-build(1).
pub(super) static FLAGS: &[Flag] = &[
    Flag::bool("all-platforms", "Build for all platforms that the base images are there for"),
    Flag::text("arch", "ARCH", "Build for this architecture").alias(&["override-arch"]),
    Flag::text("manifest", "name", "Add the image to this manifest list, made if it is missing"),
    Flag::text("os", "OS", "Build for this operating system").alias(&["override-os"]),
    Flag::list("platform", "os/arch[/variant]", "Build for this platform; several make a manifest list"),
    Flag::text("variant", "VARIANT", "Build for this variant of the architecture").alias(&["override-variant"]),
];

/// What the flags ask for; else this machine's.
pub(super) fn wanted(matches: &Matches) -> Result<Platforms, Failure> {
    let parts = ["os", "arch", "variant"].map(|name| matches.text(name));
    // As from a script's empty variable.
    let texts: Vec<&String> = matches.list("platform").iter().filter(|text| !text.is_empty()).collect();
    if matches.bool("all-platforms") {
        return match texts.is_empty() && parts == [None; 3] {
            true => Ok(Platforms::OfBases),
            false => Err(Failure::new("--all-platforms and --platform, --os, --arch or --variant exclude each other")),
        };
    }
    if !texts.is_empty() && parts != [None; 3] {
        return Err(Failure::new("--platform option can not be specified with --arch or --os"));
    }
    let mut platforms: Vec<Platform> = Vec::new();
    for text in texts {
        let platform = text.parse::<Platform>().map_err(|error| Failure::new(error.to_string()))?;
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    if platforms.is_empty() {
        let [os, arch, variant] = parts;
        let host = Platform::host();
        // The host's variant says nothing about another architecture.
        let kept = host.variant.as_deref().filter(|_| arch.is_none()).unwrap_or_default();
        let (os, arch) = (os.unwrap_or(&host.os), arch.unwrap_or(&host.architecture));
        platforms.push(Platform::new(os, arch, variant.unwrap_or(kept)));
    }
    Ok(Platforms::These(platforms))
}

/// There may be several.
pub(super) fn are_several(platforms: &Platforms) -> bool {
    !matches!(platforms, Platforms::These(platforms) if platforms.len() == 1)
}
