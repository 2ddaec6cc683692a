//! Layers as overlay shows them, without a mount: who has a name, and what hides it. A running container changes them meanwhile:
//! what vanishes is not there.

use crate::error::{At, Error};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, OFlags, Stat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Folders over each other, uppermost first.
pub(crate) struct View {
    roots: Vec<(PathBuf, OwnedFd)>,
    /// Overlay's attribute of a folder that hides those below it.
    opaque: &'static str,
}

/// Something that shows.
pub(crate) struct Node {
    /// Of the uppermost.
    pub(crate) stat: Stat,
    /// A folder's parts, uppermost first: numbers of the view's layers. Of anything else the one that has it.
    layers: Vec<usize>,
    /// A folder that hides what may be below it.
    pub(crate) opaque: bool,
}

/// A folder whose parts are open.
pub(crate) struct Opened<'v> {
    view: &'v View,
    parts: Vec<(usize, OwnedFd)>,
}

impl Node {
    pub(crate) fn is_folder(&self) -> bool {
        kind(&self.stat) == FileType::Directory
    }

    pub(crate) fn is_whiteout(&self) -> bool {
        is_whiteout(&self.stat)
    }
}

impl View {
    pub(crate) fn open(folders: &[PathBuf], opaque: &'static str) -> Result<View, Error> {
        let open = |path: &PathBuf| Ok((path.clone(), crate::lock::open_dir(path).at("open folder", path)?));
        Ok(View { roots: folders.iter().map(open).collect::<Result<_, Error>>()?, opaque })
    }

    /// The top folder; none if there are no layers.
    pub(crate) fn root(&self) -> Result<Option<Node>, Error> {
        let Some((path, fd)) = self.roots.first() else { return Ok(None) };
        let stat = rustix::fs::fstat(fd).at("look at", path)?;
        Ok(Some(Node { stat, layers: (0..self.roots.len()).collect(), opaque: false }))
    }

    /// Opens all parts of the folder `node`, which is at `path`.
    pub(crate) fn opened(&self, path: &[u8], node: &Node) -> Result<Opened<'_>, Error> {
        let mut parts = Vec::new();
        for layer in &node.layers {
            let (root, fd) = &self.roots[*layer];
            if let Some(part) = there(open_part(fd, path)).at("open folder in", root)? {
                parts.push((*layer, part));
            }
        }
        Ok(Opened { view: self, parts })
    }

    /// Whether a node of this view is made of the same files as one of another.
    pub(crate) fn same(&self, own: &Node, other: &View, theirs: &Node) -> bool {
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
    pub(crate) fn names(&self) -> Result<BTreeSet<CString>, Error> {
        let mut names = BTreeSet::new();
        for (layer, fd) in &self.parts {
            let root = self.view.path_of(*layer);
            let folder = there(rustix::fs::Dir::read_from(fd).map_err(Into::into)).at("list folder in", root)?;
            for entry in folder.into_iter().flatten() {
                let Some(entry) = there(entry.map_err(Into::into)).at("list folder in", root)? else { break };
                if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                    names.insert(entry.file_name().to_owned());
                }
            }
        }
        Ok(names)
    }

    /// What shows under a name; a whiteout is nothing.
    pub(crate) fn child(&self, name: &CStr) -> Result<Option<Node>, Error> {
        Ok(self.entry(name)?.filter(|node| !node.is_whiteout()))
    }

    /// The same with whiteouts.
    pub(crate) fn entry(&self, name: &CStr) -> Result<Option<Node>, Error> {
        let mut found: Option<Node> = None;
        for (layer, folder) in &self.parts {
            let root = self.view.path_of(*layer);
            let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                stat => stat.at("look at file in", root)?,
            };
            let is_folder = kind(&stat) == FileType::Directory;
            let opaque = if is_folder { self.is_opaque(folder, name) } else { Ok(false) };
            let Some(opaque) = there(opaque).at("look at folder in", root)? else { continue };
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

    /// The folder that has what shows under a name.
    pub(crate) fn folder_of(&self, node: &Node) -> Option<&OwnedFd> {
        let layer = node.layers.first()?;
        self.parts.iter().find(|(part, _)| part == layer).map(|(_, folder)| folder)
    }

    /// Whether a folder that shows here hides what other layers below these have: by any of its parts, since what is below that
    /// one doesn't show.
    pub(crate) fn hides_below(&self, name: &CStr, node: &Node) -> Result<bool, Error> {
        let Some(lowest) = node.layers.last() else { return Ok(false) };
        let Some((_, folder)) = self.parts.iter().find(|(part, _)| part == lowest) else { return Ok(false) };
        let opaque = there(self.is_opaque(folder, name)).at("look at folder in", self.view.path_of(*lowest))?;
        Ok(opaque.unwrap_or(false))
    }

    /// Where a symbolic link of this name points to.
    pub(crate) fn target(&self, name: &CStr, node: &Node) -> Option<CString> {
        let layer = *node.layers.first()?;
        let (_, folder) = self.parts.iter().find(|(part, _)| *part == layer)?;
        rustix::fs::readlinkat(folder, name, Vec::new()).ok()
    }

    fn is_opaque(&self, folder: &OwnedFd, name: &CStr) -> io::Result<bool> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let folder =
            sys::path::open_without_links(folder.as_fd(), Path::new(OsStr::from_bytes(name.to_bytes())), flags, 0)?;
        let mut value = [0_u8; 1];
        Ok(rustix::fs::fgetxattr(&folder, self.view.opaque, &mut value) == Ok(1) && value[0] == b'y')
    }
}

/// `None`: it has gone, or is something else by now.
fn there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            _ => Err(error),
        },
        Ok(found) => Ok(Some(found)),
    }
}

/// Whoever nests folders deeper than this wants to do harm.
pub(crate) const DEEPEST: usize = 20_000;

/// The part of a folder that a layer has.
fn open_part(layer: &OwnedFd, path: &[u8]) -> io::Result<OwnedFd> {
    if path.iter().filter(|byte| **byte == b'/').count() >= DEEPEST {
        return Err(Errno::NAMETOOLONG.into());
    }
    sys::path::open_folder(layer, path)
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Overlay's mark for a hidden name: a character device 0:0.
fn is_whiteout(stat: &Stat) -> bool {
    kind(stat) == FileType::CharacterDevice && stat.st_rdev == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(folder: &Path) -> View {
        View::open(&[folder.to_owned()], "user.overlay.opaque").unwrap()
    }

    #[test]
    fn what_vanishes_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["gone/x", "file/x", "link/x"] {
            std::fs::create_dir_all(path(name)).unwrap();
        }
        let view = view(folder.path());
        let root = view.root().unwrap().unwrap();
        let top = view.opened(b"", &root).unwrap();
        let gone = view.opened(b"gone", &top.child(c"gone").unwrap().unwrap()).unwrap();
        let nodes = [c"gone", c"file", c"link"].map(|name| (name, top.child(name).unwrap().unwrap()));
        for (name, _) in &nodes {
            std::fs::remove_dir_all(path(name.to_str().unwrap())).unwrap();
        }
        std::fs::write(path("file"), "").unwrap();
        std::os::unix::fs::symlink("/", path("link")).unwrap();
        for (name, node) in &nodes {
            assert!(view.opened(name.to_bytes(), node).unwrap().names().unwrap().is_empty(), "{name:?}");
        }
        assert!(gone.names().unwrap().is_empty() && gone.entry(c"x").unwrap().is_none());
    }
}
