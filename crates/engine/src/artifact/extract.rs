//! `artifact extract`: files come out of the store, whole or not at all.
//!
//! What files are called is the word of whoever made the artifact: it is a name in the target folder or refused.

use super::{find, open};
use crate::{Engine, Error};
use ::image::artifact::title;
use oci::Digest;
use oci::image::{Descriptor, Manifest};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Which files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All.
    All,
    /// `--title`.
    Title(String),
    /// `--digest`.
    Digest(String),
}

/// Writes files of an artifact into a folder, or one of them into a file.
pub fn extract(engine: &Engine, name: &str, target: &Path, selection: &Selection) -> Result<(), Error> {
    let artifact = open(engine, find(engine, name)?)?;
    let chosen = chosen(&artifact.manifest, selection)?;
    if target.is_dir() {
        let files = names(&chosen, selection)?;
        let folder = folder(target).map_err(|e| Error::io("open target folder", target, e.into()))?;
        return files.iter().try_for_each(|(name, digest)| write(engine, digest, (&folder, target), name));
    }
    let [one] = chosen.as_slice() else {
        return Err(Error::Invalid(format!(
            "the artifact consists of several blobs and the target \"{}\" is not a directory and neither digest or title \
             was specified to only copy a single blob",
            target.display()
        )));
    };
    write_file(engine, &one.digest, target)
}

pub(super) fn chosen<'m>(manifest: &'m Manifest, selection: &Selection) -> Result<Vec<&'m Descriptor>, Error> {
    let invalid = |text: String| Err(Error::Invalid(text));
    if manifest.layers.is_empty() {
        return invalid("the artifact has no blobs, nothing to extract".to_owned());
    }
    let all = manifest.layers.iter();
    match selection {
        Selection::All => Ok(all.collect()),
        Selection::Digest(digest) => match all.clone().find(|layer| layer.digest.as_str() == digest) {
            Some(layer) => Ok(vec![layer]),
            None => invalid(format!("no blob with the digest {digest:?}")),
        },
        Selection::Title(wanted) => match all.filter(|layer| title(layer) == Some(wanted)).collect::<Vec<_>>() {
            found if found.is_empty() => invalid(format!("no blob with the title {wanted:?}")),
            found if found.len() > 1 => invalid(format!("more than one match for the title {wanted:?}")),
            found => Ok(found),
        },
    }
}

/// What the files are called in a folder: each name once.
fn names(chosen: &[&Descriptor], selection: &Selection) -> Result<BTreeMap<String, Digest>, Error> {
    let mut names = BTreeMap::new();
    for layer in chosen {
        let name = name(layer, selection)?;
        match names.insert(name, layer.digest.clone()) {
            Some(other) if other != layer.digest => {
                let name = shown(title(layer).unwrap_or_default());
                return Err(Error::Invalid(format!(
                    "more than one blob of the artifact has the title {name}: choose with --digest"
                )));
            }
            _ => {}
        }
    }
    Ok(names)
}

/// What a file is called: by its title, or its digest if that was asked for or is all there is.
pub(super) fn name(layer: &Descriptor, selection: &Selection) -> Result<String, Error> {
    match title(layer) {
        Some(title) if !matches!(selection, Selection::Digest(_)) => checked(title),
        _ => Ok(layer.digest.as_str().replace(':', "-")),
    }
}

/// In bytes, by the kernel.
const LONGEST_NAME: usize = 255;

/// A title as a file's name.
fn checked(title: &str) -> Result<String, Error> {
    let wrong = |why| Err(Error::Invalid(format!("invalid name: {} {why}: artifact blob title invalid", shown(title))));
    match title {
        "." | ".." => wrong("is a folder"),
        _ if title.contains('/') => wrong("cannot contain /"),
        _ if title.len() > LONGEST_NAME => wrong("is longer than a file's name may be"),
        _ if title.contains('\0') => wrong("cannot contain a null byte"),
        _ => Ok(title.to_owned()),
    }
}

/// For messages: not longer than a line, whatever somebody wrote into a manifest.
fn shown(title: &str) -> String {
    let short: String = title.chars().take(80).collect();
    let more = if short.len() < title.len() { "…" } else { "" };
    format!("{short:?}{more}")
}

/// A device or a pipe is written to; a file is replaced once the new one is whole, and keeps its mode and owner.
fn write_file(engine: &Engine, digest: &Digest, target: &Path) -> Result<(), Error> {
    let failed = |source| Error::io("create target file", target, source);
    // Whoever opened a file for us, as `/dev/stdout`, means that one, not one in its place.
    let opened = ["/dev", "/proc"].iter().any(|folder| target.starts_with(folder));
    if opened || target.metadata().is_ok_and(|there| !there.is_file()) {
        let stream = File::options().write(true).truncate(true).open(target).map_err(failed)?;
        engine.store().extract_blob(digest, &stream)?;
        return Ok(());
    }
    if target.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(failed(Errno::ISDIR.into()));
    }
    let target = followed(target).map_err(failed)?;
    let above = target.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let folder = folder(above).map_err(|e| failed(e.into()))?;
    write(engine, digest, (&folder, above), &name)
}

/// A link leads to the file that is meant, even if there is none yet.
fn followed(target: &Path) -> io::Result<PathBuf> {
    // As many as the kernel follows.
    const MOST: usize = 40;
    let mut target = target.to_owned();
    for _ in 0..MOST {
        match target.read_link() {
            Ok(link) => target = target.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(target),
        }
    }
    Err(Errno::LOOP.into())
}

fn folder(path: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Writes one file; `name` is one component, and what it names is never followed.
fn write(engine: &Engine, digest: &Digest, (folder, path): (&OwnedFd, &Path), name: &str) -> Result<(), Error> {
    // A title may have anything in it.
    let failed = |e: Errno| {
        let name = name.replace(char::is_control, "\u{fffd}");
        Error::io("create target file", path.join(name), e.into())
    };
    match replace(engine, digest, folder, name)? {
        Ok(()) => Ok(()),
        // Nothing can be put in its place, but it may be written to.
        Err(Errno::ACCESS | Errno::PERM | Errno::BUSY | Errno::ROFS) => {
            let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = rustix::fs::openat(folder, name, flags, Mode::empty()).map_err(failed)?;
            engine.store().verify_blob(digest)?;
            rustix::fs::ftruncate(&file, 0).map_err(failed)?;
            engine.store().extract_blob(digest, &file.into())?;
            Ok(())
        }
        Err(errno) => Err(failed(errno)),
    }
}

/// Puts a file in the place of what may be there, which has no name as long as it isn't whole; inside, why it can't be put
/// there.
fn replace(engine: &Engine, digest: &Digest, folder: &OwnedFd, name: &str) -> Result<rustix::io::Result<()>, Error> {
    let beside = format!(".{}-{}", digest.short(), std::process::id());
    let (file, is_named) = match unnamed(folder, &beside) {
        Ok(made) => made,
        Err(errno) => return Ok(Err(errno)),
    };
    let placed = engine.store().extract_blob(digest, &file).map(|_| {
        keep_owner(folder, name, &file)?;
        if !is_named {
            let own = format!("/proc/self/fd/{}", file.as_raw_fd());
            rustix::fs::linkat(CWD, own, folder, &beside, AtFlags::SYMLINK_FOLLOW)?;
        }
        rustix::fs::renameat(folder, &beside, folder, name)
    });
    if !matches!(placed, Ok(Ok(()))) {
        let _ = rustix::fs::unlinkat(folder, &beside, AtFlags::empty());
    }
    Ok(placed?)
}

/// A file without a name, or by this one where the file system has no others.
fn unnamed(folder: &OwnedFd, beside: &str) -> rustix::io::Result<(File, bool)> {
    let mode = Mode::from_raw_mode(0o644);
    match rustix::fs::openat(folder, ".", OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode) {
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Ok((rustix::fs::openat(folder, beside, flags, mode)?.into(), true))
        }
        file => Ok((file?.into(), false)),
    }
}

/// Those of the regular file that is replaced. An error if that can't be: then it isn't to be replaced.
fn keep_owner(folder: &OwnedFd, name: &str, file: impl AsFd) -> rustix::io::Result<()> {
    let Ok(old) = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { return Ok(()) };
    if FileType::from_raw_mode(old.st_mode) != FileType::RegularFile {
        return Ok(());
    }
    let new = rustix::fs::fstat(&file)?;
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid) {
        // In a user namespace others than its own are shown as nobody, who may be somebody else there.
        if [old.st_uid, old.st_gid].contains(&NOBODY) {
            return Err(Errno::PERM);
        }
        rustix::fs::fchown(&file, Some(Uid::from_raw(old.st_uid)), Some(Gid::from_raw(old.st_gid)))?;
    }
    rustix::fs::fchmod(&file, Mode::from_raw_mode(old.st_mode & 0o777))
}

/// The kernel's overflow id.
const NOBODY: u32 = 65534;

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::artifact::TITLE;

    fn layer(title: &str, content: &str) -> Descriptor {
        let plain = Descriptor::new("text/plain", Digest::sha256(content.as_bytes()), content.len() as u64);
        Descriptor { annotations: [(TITLE.to_owned(), title.to_owned())].into(), ..plain }
    }

    #[test]
    fn titles_never_lead_out_of_the_folder() {
        for bad in ["..", ".", "../x", "/etc/passwd", "a/b", "x\0y", &"x".repeat(256)] {
            let error = names(&[&layer(bad, "")], &Selection::All).unwrap_err().to_string();
            assert!(error.contains("artifact blob title invalid"), "{error}");
            assert!(names(&[&layer(bad, "")], &Selection::Digest(String::new())).is_ok());
        }
    }

    #[test]
    fn names_are_titles_or_digests_and_given_once() {
        let (a, b) = (layer("same", "a"), layer("same", "b"));
        assert!(names(&[&a, &b], &Selection::All).unwrap_err().to_string().contains("more than one blob"));
        assert_eq!(names(&[&a, &a], &Selection::All).unwrap().len(), 1);
        let empty = layer("", "a");
        let name = names(&[&empty], &Selection::All).unwrap().into_keys().next().unwrap();
        assert_eq!(name, empty.digest.as_str().replace(':', "-"));
    }
}
