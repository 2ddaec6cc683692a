//! Layers as overlay shows them, without a mount: who has a name, and what hides it.

use crate::error::{At, Error};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, OFlags, Stat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Folders over each other, uppermost first.
pub(super) struct View {
    roots: Vec<(PathBuf, OwnedFd)>,
    /// Overlay's attribute of a folder that hides those below it.
    opaque: &'static str,
}

/// Something that shows.
pub(super) struct Node {
    /// Of the uppermost.
    pub(super) stat: Stat,
    /// A folder's parts, uppermost first: numbers of the view's layers. Of anything else the one that has it.
    layers: Vec<usize>,
    /// A folder that hides what may be below it.
    pub(super) opaque: bool,
}

/// A folder whose parts are open.
pub(super) struct Opened<'v> {
    view: &'v View,
    parts: Vec<(usize, OwnedFd)>,
}

impl Node {
    pub(super) fn is_folder(&self) -> bool {
        kind(&self.stat) == FileType::Directory
    }

    pub(super) fn is_whiteout(&self) -> bool {
        is_whiteout(&self.stat)
    }
}

impl View {
    pub(super) fn open(folders: &[PathBuf], opaque: &'static str) -> Result<View, Error> {
        let open = |path: &PathBuf| Ok((path.clone(), crate::lock::open_dir(path).at("open folder", path)?));
        Ok(View { roots: folders.iter().map(open).collect::<Result<_, Error>>()?, opaque })
    }

    /// The top folder; none if there are no layers.
    pub(super) fn root(&self) -> Result<Option<Node>, Error> {
        let Some((path, fd)) = self.roots.first() else { return Ok(None) };
        let stat = rustix::fs::fstat(fd).at("look at", path)?;
        Ok(Some(Node { stat, layers: (0..self.roots.len()).collect(), opaque: false }))
    }

    /// Opens all parts of the folder `node`, which is at `path`.
    pub(super) fn opened(&self, path: &[u8], node: &Node) -> Result<Opened<'_>, Error> {
        let path = Path::new(OsStr::from_bytes(path));
        let open = |layer: &usize| {
            let (root, fd) = &self.roots[*layer];
            let part = sys::path::open_without_links(fd, path, OFlags::RDONLY | OFlags::DIRECTORY, 0);
            Ok((*layer, part.at("open folder", &root.join(path))?))
        };
        Ok(Opened { view: self, parts: node.layers.iter().map(open).collect::<Result<_, Error>>()? })
    }

    /// Whether a node of this view is made of the same files as one of another.
    pub(super) fn same(&self, own: &Node, other: &View, theirs: &Node) -> bool {
        let paths = |view: &View, node: &Node| -> Vec<PathBuf> {
            node.layers.iter().map(|layer| view.roots[*layer].0.clone()).collect()
        };
        paths(self, own) == paths(other, theirs)
    }

    fn path_of(&self, layer: usize) -> &Path {
        &self.roots[layer].0
    }
}

impl Opened<'_> {
    /// All names, those that are hidden included, sorted.
    pub(super) fn names(&self) -> Result<BTreeSet<CString>, Error> {
        let mut names = BTreeSet::new();
        for (layer, fd) in &self.parts {
            let root = self.view.path_of(*layer);
            for entry in rustix::fs::Dir::read_from(fd).at("list folder in", root)? {
                let name = entry.at("list folder in", root)?.file_name().to_owned();
                if !matches!(name.to_bytes(), b"." | b"..") {
                    names.insert(name);
                }
            }
        }
        Ok(names)
    }

    /// What shows under a name; a whiteout is nothing.
    pub(super) fn child(&self, name: &CStr) -> Result<Option<Node>, Error> {
        Ok(self.entry(name)?.filter(|node| !node.is_whiteout()))
    }

    /// The same with whiteouts.
    pub(super) fn entry(&self, name: &CStr) -> Result<Option<Node>, Error> {
        let mut found: Option<Node> = None;
        for (layer, folder) in &self.parts {
            let root = self.view.path_of(*layer);
            let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                stat => stat.at("look at file in", root)?,
            };
            let is_folder = kind(&stat) == FileType::Directory;
            let opaque = is_folder && self.is_opaque(folder, name).at("look at folder in", root)?;
            match &mut found {
                // Something else below a folder doesn't show.
                Some(_) if !is_folder => break,
                Some(node) => node.layers.push(*layer),
                None => found = Some(Node { stat, layers: vec![*layer], opaque }),
            }
            if !is_folder || opaque {
                break;
            }
        }
        Ok(found)
    }

    /// Where a symbolic link of this name points to.
    pub(super) fn target(&self, name: &CStr, node: &Node) -> Option<CString> {
        let layer = *node.layers.first()?;
        let (_, folder) = self.parts.iter().find(|(part, _)| *part == layer)?;
        rustix::fs::readlinkat(folder, name, Vec::new()).ok()
    }

    fn is_opaque(&self, folder: &OwnedFd, name: &CStr) -> std::io::Result<bool> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let folder =
            sys::path::open_without_links(folder.as_fd(), Path::new(OsStr::from_bytes(name.to_bytes())), flags, 0)?;
        let mut value = [0_u8; 1];
        Ok(rustix::fs::fgetxattr(&folder, self.view.opaque, &mut value) == Ok(1) && value[0] == b'y')
    }
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Overlay's mark for a hidden name: a character device 0:0.
fn is_whiteout(stat: &Stat) -> bool {
    kind(stat) == FileType::CharacterDevice && stat.st_rdev == 0
}
