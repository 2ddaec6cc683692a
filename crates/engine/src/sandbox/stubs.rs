//! Empty files and folders to mount on, in a layer below all others: where an image has nothing, a build step's mounts leave no
//! trace in what it makes.

use crate::Error;
use oci::runtime::Mount;
use std::io;
use std::path::{Component, Path};

/// Makes what these mounts need.
pub(super) fn make(stubs: &Path, mounts: &[Mount]) -> Result<(), Error> {
    for mount in mounts {
        let inside = Path::new(&mount.destination).components().filter(|part| matches!(part, Component::Normal(_)));
        let place = stubs.join(inside.collect::<std::path::PathBuf>());
        if is_in_folder(mount, mounts) {
            continue;
        }
        let made = if is_file(mount) { file(&place) } else { std::fs::create_dir_all(&place) };
        made.map_err(|source| Error::io("make a place to mount on", &place, source))?;
    }
    Ok(())
}

/// Another mount of the same container hides the place.
fn is_in_folder(mount: &Mount, mounts: &[Mount]) -> bool {
    let place = Path::new(&mount.destination);
    let hides = |other: &&Mount| {
        let other = Path::new(&other.destination);
        other != Path::new("/") && place != other && place.starts_with(other)
    };
    mounts.iter().find(hides).is_some()
}

fn is_file(mount: &Mount) -> bool {
    let bind = mount.options.iter().any(|option| matches!(option.as_str(), "bind" | "rbind"));
    bind && mount.source.as_ref().is_some_and(|source| std::fs::metadata(source).is_ok_and(|found| !found.is_dir()))
}

fn file(place: &Path) -> io::Result<()> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::File::create_new(place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}
