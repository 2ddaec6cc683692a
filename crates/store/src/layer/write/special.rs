//! Links, devices and pipes: things without content.

use super::{Extraction, Place};
use crate::layer::entry::{Entry, Kind};
use crate::layer::place::{Missing, Problem};
use crate::location::Ownership;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

impl Extraction {
    /// Makes one.
    pub(super) fn special(&mut self, entry: &Entry) -> Result<(), Problem> {
        let place = self.place(&entry.parents, &entry.last, Missing::Make)?;
        match &entry.kind {
            Kind::Symlink(target) => {
                self.replacing(&place, "create symbolic link", |fd, name| {
                    rustix::fs::symlinkat(target.as_slice(), fd, name)
                })?;
                self.describe(&place, entry, FileType::Symlink)
            }
            Kind::Hardlink(target) => self.hard_link(&place, target),
            Kind::Fifo => self.node(&place, entry, FileType::Fifo, 0),
            Kind::CharDevice(major, minor) => {
                self.node(&place, entry, FileType::CharacterDevice, rustix::fs::makedev(*major, *minor))
            }
            Kind::BlockDevice(major, minor) => {
                self.node(&place, entry, FileType::BlockDevice, rustix::fs::makedev(*major, *minor))
            }
            Kind::File | Kind::Sparse { .. } | Kind::Folder | Kind::Whiteout(_) | Kind::Opaque | Kind::Ignored => {
                Ok(())
            }
        }
    }

    fn node(&mut self, place: &Place<'_>, entry: &Entry, kind: FileType, device: u64) -> Result<(), Problem> {
        if kind != FileType::Fifo && self.ownership != Ownership::Root {
            // The kernel lets no user namespace make devices; Podman leaves them out as well.
            self.skipped.insert((place.folder, place.name.to_vec()));
            return Ok(());
        }
        let mode = Mode::from_raw_mode(entry.mode & 0o777);
        self.replacing(place, "create device or pipe", |fd, name| rustix::fs::mknodat(fd, name, kind, mode, device))?;
        self.describe(place, entry, kind)
    }

    fn hard_link(&mut self, place: &Place<'_>, target: &[Vec<u8>]) -> Result<(), Problem> {
        const MISSING: Problem = Problem::Refused("it is a hard link to a file that the layer doesn't have");
        let Some((name, parents)) = target.split_last() else {
            return Err(Problem::Refused("it is a hard link to a folder"));
        };
        let from = match self.place(parents, name, Missing::Refuse) {
            Err(Problem::NotThere) => return Err(MISSING),
            from => from?,
        };
        if self.skipped.contains(&(from.folder, name.clone())) {
            self.skipped.insert((place.folder, place.name.to_vec()));
            return Ok(());
        }
        if from.folder == place.folder && from.name == place.name {
            return Err(Problem::Refused("it is a hard link to itself"));
        }
        let link = |fd: &OwnedFd, to: &[u8]| rustix::fs::linkat(&*from.fd, from.name, fd, to, AtFlags::empty());
        match self.replacing(place, "create hard link", link) {
            Err(Problem::Failed(_, Errno::NOENT)) => Err(MISSING),
            result => result,
        }
    }

    /// Makes something; if the name is taken, once more after clearing it.
    fn replacing(
        &mut self,
        place: &Place<'_>,
        what: &'static str,
        make: impl Fn(&OwnedFd, &[u8]) -> rustix::io::Result<()>,
    ) -> Result<(), Problem> {
        match make(&place.fd, place.name) {
            Err(Errno::EXIST) => {
                self.clear(place)?;
                make(&place.fd, place.name)
            }
            result => result,
        }
        .map_err(|e| Problem::Failed(what, e))
    }
}
