//! What a layer hides of the layers below: whiteouts and opaque folders, as overlay wants them.

use super::Extraction;
use crate::layer::entry::Entry;
use crate::layer::place::{FolderId, Missing, Problem};
use rustix::fs::{FileType, Mode, OFlags, XattrFlags};
use rustix::io::Errno;

impl Extraction {
    pub(super) fn whiteout(&mut self, entry: &Entry, name: &[u8]) -> Result<(), Problem> {
        let place = self.place(&entry.parents, name, Missing::MakeUnlessHidden)?;
        // A whiteout hides what the layers below have, not what its own layer has.
        if let Some(folder) = self.tree.child(place.folder, name) {
            return self.set_opaque(folder);
        }
        match rustix::fs::mknodat(&*place.fd, name, FileType::CharacterDevice, Mode::empty(), 0) {
            Err(Errno::EXIST) => Ok(()),
            result => result.map_err(|e| Problem::Failed("create whiteout", e)),
        }
    }

    pub(super) fn opaque(&mut self, entry: &Entry) -> Result<(), Problem> {
        let place = self.place(&entry.parents, b"", Missing::MakeUnlessHidden)?;
        if place.folder == 0 {
            // Overlay ignores the mark on the root of a layer; a file beside it makes the layer the lowest one used.
            let (flags, mode) = (OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC, Mode::RUSR);
            return rustix::fs::openat(&self.layer, crate::layer::OPAQUE_ROOT, flags, mode)
                .map(drop)
                .map_err(|e| Problem::Failed("mark opaque", e));
        }
        self.set_opaque(place.folder)
    }

    pub(super) fn set_opaque(&mut self, folder: FolderId) -> Result<(), Problem> {
        let fd = self.tree.fd(folder)?;
        let key = crate::layer::opaque_attribute(self.ownership);
        rustix::fs::fsetxattr(&*fd, key, b"y", XattrFlags::empty()).map_err(|e| Problem::Failed("mark opaque", e))
    }
}
