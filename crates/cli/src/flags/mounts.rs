//! Mounts and volumes.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::{ContainerSpec, Invalid};
use std::path::PathBuf;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::array(
        "mount",
        "stringArray",
        "Mount something (type=artifact|bind|glob|image|tmpfs|volume,source=…,destination=…,…)",
    ),
    Flag::text("shm-size", "<number>[<unit>]", "Size of /dev/shm (units b, k, m, g)").default("65536k"),
    Flag::array("tmpfs", "tmpfs", "Mount an empty folder in memory (path[:options])"),
    Flag::array("volume", "stringArray", "Mount a folder or a volume ([source:]path[:options])").short('v'),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    folders(matches, spec)?;
    mounts(matches.list("mount"), spec)
}

/// The values of `--mount`.
pub fn mounts(texts: &[String], spec: &mut ContainerSpec) -> Result<(), Failure> {
    match texts {
        [] => Ok(()),
        texts => Ok(spec.mounts.add_mounts(texts, &working_folder()?, &glob)?),
    }
}

fn working_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::new(format!("find the working folder: {error}")))
}

/// All but `--mount`.
pub fn folders(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    for text in matches.list("volume") {
        spec.mounts.add_volume(text, &working_folder()?)?;
    }
    for text in matches.list("tmpfs") {
        spec.mounts.add_tmpfs(text)?;
    }
    if let Some(text) = matches.text("shm-size") {
        spec.mounts.shm_size = Some(spec::size::parse(text)?);
    }
    Ok(())
}

/// The files that a pattern of `type=glob` means, sorted; what can't be looked into has none.
fn glob(pattern: &str) -> Result<Vec<String>, Invalid> {
    let found =
        glob::glob(pattern).map_err(|error| Invalid::new(format!("syntax error in pattern {pattern:?}: {error}")))?;
    Ok(found.flatten().map(|path| path.to_string_lossy().into_owned()).collect())
}
