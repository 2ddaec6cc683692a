//! Mounts and volumes.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::array("mount", "stringArray", "Mount something (type=bind|tmpfs|volume,source=…,destination=…,…)"),
    Flag::text("shm-size", "<number>[<unit>]", "Size of /dev/shm (units b, k, m, g)").default("65536k"),
    Flag::array("tmpfs", "tmpfs", "Mount an empty folder in memory (path[:options])"),
    Flag::array("volume", "stringArray", "Mount a folder or a volume ([source:]path[:options])").short('v'),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let cwd = std::env::current_dir().map_err(|error| Failure::new(format!("find the working folder: {error}")));
    for text in matches.list("volume") {
        spec.mounts.add_volume(text, &cwd.clone()?)?;
    }
    for text in matches.list("mount") {
        spec.mounts.add_mount(text, &cwd.clone()?)?;
    }
    for text in matches.list("tmpfs") {
        spec.mounts.add_tmpfs(text)?;
    }
    if let Some(text) = matches.text("shm-size") {
        spec.mounts.shm_size = Some(spec::size::parse(text)?);
    }
    Ok(())
}
