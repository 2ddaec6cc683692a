//! Files of a folder that aren't to be seen: the upper folder of an overlay over it says so with whiteouts.

use crate::Error;
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid};
use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Makes the whiteouts in `upper`, and the folders that they lie in like those of `source`.
pub(super) fn hide(source: &Path, upper: &Path, hidden: &[PathBuf]) -> Result<(), Error> {
    let mut made = BTreeSet::from([PathBuf::new()]);
    for path in hidden {
        let folders: Vec<&Path> = path.ancestors().skip(1).collect();
        for folder in folders.into_iter().rev() {
            if made.insert(folder.to_owned()) {
                make_folder(upper, folder)?;
            }
        }
        let failed = |error: rustix::io::Errno| Error::io("hide", path.display().to_string(), error.into());
        let whiteout = FileType::CharacterDevice;
        rustix::fs::mknodat(CWD, upper.join(path), whiteout, Mode::empty(), 0).map_err(failed)?;
    }
    // What is in them comes first: it changes their times.
    for folder in made.iter().rev() {
        like(&upper.join(folder), &source.join(folder))?;
    }
    Ok(())
}

fn make_folder(upper: &Path, folder: &Path) -> Result<(), Error> {
    std::fs::create_dir(upper.join(folder))
        .map_err(|error| Error::io("make the folder", folder.display().to_string(), error))
}

/// Owner, mode and times.
fn like(place: &Path, source: &Path) -> Result<(), Error> {
    let failed = |error| Error::io("look at", source.display().to_string(), error);
    let own: Metadata = std::fs::symlink_metadata(source).map_err(failed)?;
    let changed = |error: rustix::io::Errno| failed(error.into());
    let (uid, gid) = (Uid::from_raw(own.uid()), Gid::from_raw(own.gid()));
    // Owners that this user namespace doesn't have can't be given.
    let _ = rustix::fs::chownat(CWD, place, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW);
    rustix::fs::chmod(place, Mode::from_raw_mode(own.mode() & 0o7777)).map_err(changed)?;
    let time = Timespec { tv_sec: own.mtime(), tv_nsec: own.mtime_nsec() as _ };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(CWD, place, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(changed)
}
