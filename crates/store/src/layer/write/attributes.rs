//! Owners, modes, extended attributes and times.

use super::{CHOWN, Extraction, Place};
use crate::layer::entry::Entry;
use crate::layer::place::{FolderId, Problem, both};
use crate::location::Ownership;
use rustix::fd::{AsFd, AsRawFd};
use rustix::fs::{AtFlags, FileType, Gid, Mode, Uid, XattrFlags};
use rustix::io::Errno;

impl Extraction {
    /// Owner, mode, attributes and times of something that isn't opened.
    pub(super) fn describe(&mut self, place: &Place<'_>, entry: &Entry, kind: FileType) -> Result<(), Problem> {
        if self.must_chown(place.folder, entry) {
            self.chown(place, entry)?;
        }
        if kind != FileType::Symlink && self.must_chmod(entry.mode) {
            self.chmod(place, entry.mode)?;
        }
        // No system call sets attributes relative to a folder before Linux 6.13.
        let path = [format!("/proc/self/fd/{}/", place.fd.as_raw_fd()).as_bytes(), place.name].concat();
        self.set_xattrs(entry, kind, |key, value| {
            rustix::fs::lsetxattr(path.as_slice(), key, value, XattrFlags::empty())
        })?;
        rustix::fs::utimensat(&*place.fd, place.name, &both(entry.time), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| Problem::Failed("set times", e))
    }

    pub(super) fn must_chown(&self, folder: FolderId, entry: &Entry) -> bool {
        self.ownership != Ownership::SingleId && (entry.uid != 0 || entry.gid != 0 || self.tree.setgid(folder))
    }

    /// Whether creating it with the mode's plain bits wasn't enough.
    pub(super) fn must_chmod(&self, mode: u32) -> bool {
        mode & (0o7000 | self.umask) != 0
    }

    pub(super) fn chown(&self, place: &Place<'_>, entry: &Entry) -> Result<(), Problem> {
        let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        rustix::fs::chownat(place.fd.as_fd(), place.name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| Problem::Failed(CHOWN, e))
    }

    /// Never for links: `place` was just made by us, or is a known folder.
    pub(super) fn chmod(&self, place: &Place<'_>, mode: u32) -> Result<(), Problem> {
        rustix::fs::chmodat(place.fd.as_fd(), place.name, Mode::from_raw_mode(mode), AtFlags::empty())
            .map_err(|e| Problem::Failed("change mode", e))
    }

    pub(super) fn set_xattrs(
        &self,
        entry: &Entry,
        kind: FileType,
        set: impl Fn(&[u8], &[u8]) -> rustix::io::Result<()>,
    ) -> Result<(), Problem> {
        for (key, value) in &entry.xattrs {
            let user = key.starts_with(b"user.");
            let in_namespace = self.ownership != Ownership::Root;
            if self.ownership == Ownership::SingleId && key == b"security.capability" {
                continue;
            }
            match set(&escaped(key, self.ownership), value) {
                Ok(()) => {}
                // As Podman does: file systems without attributes, attributes that a user namespace mustn't set, and
                // user attributes on what can't have them are no reason to refuse an image.
                Err(Errno::NOTSUP) => self.left_out(entry, key),
                Err(Errno::PERM) if in_namespace => self.left_out(entry, key),
                Err(Errno::PERM) if user && !matches!(kind, FileType::RegularFile | FileType::Directory) => {
                    self.left_out(entry, key);
                }
                Err(e) => return Err(Problem::Failed("set extended attribute", e)),
            }
        }
        Ok(())
    }

    pub(super) fn left_out(&self, entry: &Entry, key: &[u8]) {
        log::debug!("layer entry `{}`: attribute {} left out", entry.name, crate::error::printable(key));
    }
}

/// Overlay's own attributes would let an image name files of the layers below (`redirect`, `metacopy`) or hide them. In a
/// layer they are data: with `overlay.` once more the kernel shows them as they were and never acts on them (overlayfs.rst
/// "Nesting overlayfs mounts", Linux 6.7; older ones keep them to themselves).
fn escaped(key: &[u8], ownership: Ownership) -> Vec<u8> {
    let prefix: &[u8] = match ownership {
        Ownership::Root => b"trusted.overlay.",
        Ownership::UserNamespace | Ownership::SingleId => b"user.overlay.",
    };
    match key.strip_prefix(prefix) {
        Some(rest) => [prefix, b"overlay.", rest].concat(),
        None => key.to_vec(),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn overlays_own_attributes_are_escaped() {
        let as_root = |key: &str| String::from_utf8(escaped(key.as_bytes(), Ownership::Root)).unwrap();
        assert_eq!(as_root("trusted.overlay.opaque"), "trusted.overlay.overlay.opaque");
        assert_eq!(as_root("trusted.overlay.overlay.opaque"), "trusted.overlay.overlay.overlay.opaque");
        assert_eq!(as_root("user.overlay.opaque"), "user.overlay.opaque");
        assert_eq!(as_root("trusted.overlayed"), "trusted.overlayed");
        let key = escaped(b"user.overlay.whiteout", Ownership::UserNamespace);
        assert_eq!(key, b"user.overlay.overlay.whiteout");
    }
}
