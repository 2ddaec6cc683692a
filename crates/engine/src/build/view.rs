//! Files for a step to look at, mounted beside its draft: of finished layers, of the host, in memory.

use super::Draft;
use super::draft::mount_layers;
use super::hide;
use crate::{Engine, Error};
use oci::Digest;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Something mounted for this process, which has a mount namespace of its own, in a folder beside the draft. It must be
/// dropped before that is finished: the folder goes then, and nothing is deleted through a mount.
pub struct Mounted {
    place: PathBuf,
}

impl Mounted {
    /// These layers (lowest first), read-only.
    pub fn layers(engine: &Engine, draft: &Draft<'_>, layers: &[Digest], name: &str) -> Result<Mounted, Error> {
        let place = draft.aside(name)?;
        if !layers.is_empty() {
            mount_layers(engine, layers, &place)?;
        }
        Ok(Mounted { place })
    }

    /// An opened file or folder of the host: its path could lead elsewhere by the time a container mounts it, this can't.
    pub fn opened(draft: &Draft<'_>, opened: &OwnedFd, name: &str) -> Result<Mounted, Error> {
        let folder = draft.aside(name)?;
        let failed = |error| Error::io("look at the source of a mount", name, error);
        let stat = rustix::fs::fstat(opened).map_err(|error| failed(error.into()))?;
        let place = match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
            rustix::fs::FileType::Directory => folder,
            _ => {
                let file = folder.join("file");
                std::fs::File::create_new(&file).map_err(failed)?;
                file
            }
        };
        runtime::mount_opened(opened, &place)?;
        Ok(Mounted { place })
    }

    /// A folder that may be written to without being changed: what is written goes with the draft. What of it is `hidden`
    /// (paths in it) isn't there.
    pub fn changed(draft: &Draft<'_>, source: &Path, name: &str, hidden: &[PathBuf]) -> Result<Mounted, Error> {
        let place = |part: &str| draft.aside(&format!("{name}-{part}"));
        let root = runtime::Overlay {
            lower: vec![source.to_owned()],
            upper: place("upper")?,
            work: place("work")?,
            merged: place("merged")?,
            userxattr: draft.uses_userxattr(),
            volatile: true,
            idmap: false,
        };
        hide::hide(source, &root.upper, hidden)?;
        runtime::mount_root(&root)?;
        Ok(Mounted { place: root.merged })
    }

    /// A folder in memory, for what must not reach the disk.
    pub fn memory(draft: &Draft<'_>, name: &str) -> Result<Mounted, Error> {
        let place = draft.aside(name)?;
        runtime::mount_memory(&place)?;
        Ok(Mounted { place })
    }

    /// Where.
    pub fn path(&self) -> &Path {
        &self.place
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = runtime::unmount_view(&self.place) {
            log::debug!("unmount {}: {error}", self.place.display());
        }
    }
}
