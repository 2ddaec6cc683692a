//! Several layers as one tree, without a mount: what a container of them would see, and one layer that does what they do.

use crate::error::{At, Error};
use crate::layer::tar_stream::{Output, TarStream};
use crate::layer::{AppliedLayer, Times, opaque_attribute};
use crate::location::Store;
use crate::view::{Node, View};
use crate::walk::Found;
use oci::Digest;
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Stat};
use std::ffi::CStr;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that shows.
pub struct Shown<'a> {
    /// From the root, without a slash at its start; empty for the root itself.
    pub path: &'a [u8],
    /// The folder that it is in (for the root: the root).
    pub folder: &'a OwnedFd,
    /// Its name there (for the root: `.`).
    pub name: &'a CStr,
    /// What it is.
    pub stat: &'a Stat,
}

impl Shown<'_> {
    /// What it is.
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }
}

/// The files of layers (lowest first) in a tar.
pub struct FilesOf<'a> {
    /// The folder that they are in there; empty: none.
    pub prefix: &'a str,
    /// See there.
    pub layers: &'a [Digest],
}

impl Store {
    /// Visits all files of these layers (lowest first): folders before what is in them, in an order that depends on names only.
    pub fn show<E: From<Error>>(
        &self,
        layers: &[Digest],
        visit: &mut dyn FnMut(&Shown<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let merge = self.merge(layers, &[])?;
        merge.walk(&mut |found| {
            let Found { path, folder, name, stat, .. } = *found;
            visit(&Shown { path, folder, name, stat })
        })
    }

    /// Writes all files of these as one tar.
    pub fn show_tar(&self, parts: &[FilesOf<'_>], times: Times, sink: &mut dyn Write) -> Result<(), Error> {
        let root = self.folder("layers");
        let output = Plain { sink, root: &root };
        let mut stream = TarStream::new(&root, self.location().ownership, times, output);
        for FilesOf { prefix, layers } in parts {
            self.merge(layers, &[])?.walk(&mut |found| {
                let slash = if prefix.is_empty() || found.path.is_empty() { "" } else { "/" };
                let path = [prefix.as_bytes(), slash.as_bytes(), found.path].concat();
                stream.found(&Found { path: &path, ..*found })
            })?;
        }
        stream.end()?;
        sink.flush().at("write a tar of files in", &root)
    }

    /// Makes one layer of `layers` (lowest first), which lie on `below`; `None` if there is nothing in it.
    pub fn squash(&self, layers: &[Digest], below: &[Digest], times: Times) -> Result<Option<AppliedLayer>, Error> {
        let merge = self.merge(layers, below)?;
        let pipe = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
        let (from, to) = pipe.at("make a pipe in", &self.folder("tmp"))?;
        let mut layer = self.begin_layer()?;
        let (applied, written) = std::thread::scope(|scope| {
            let writer = scope.spawn(move || merge.tar(self, times, &mut std::fs::File::from(to)));
            let applied = layer.apply(&mut std::fs::File::from(from), u64::MAX);
            (applied, writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        // What can't be applied closes the pipe: then that is the cause.
        let applied = applied?;
        written?;
        if applied.size <= EMPTY {
            return Ok(None);
        }
        layer.finish(&applied.diff_id)?;
        Ok(Some(applied))
    }

    fn merge(&self, layers: &[Digest], below: &[Digest]) -> Result<Merge, Error> {
        let attribute = opaque_attribute(self.location().ownership);
        let dirs = self.image_dirs(layers)?;
        let hides_all = !below.is_empty() && layers.iter().any(|layer| self.is_opaque(layer));
        let root = self.folder("layers");
        let (top, below) = (View::open(&dirs, attribute)?, View::open(&self.image_dirs(below)?, attribute)?);
        Ok(Merge { top, below, hides_all, root })
    }
}

/// Bytes of a tar without entries.
const EMPTY: u64 = 1024;

struct Merge {
    top: View,
    /// What of it is hidden has to be said.
    below: View,
    hides_all: bool,
    /// For messages.
    root: PathBuf,
}

/// A folder still to be looked into, and the same one below.
struct Folder {
    path: Vec<u8>,
    node: Node,
    below: Option<Node>,
}

impl Merge {
    fn tar(&self, store: &Store, times: Times, sink: &mut dyn Write) -> Result<(), Error> {
        let output = Plain { sink, root: &self.root };
        let mut stream = TarStream::new(&self.root, store.location().ownership, times, output);
        if self.hides_all {
            stream.hides_below(b"")?;
        }
        self.walk(&mut |found| stream.found(found))?;
        stream.end()?;
        sink.flush().at("write a tar of files in", &self.root)
    }

    fn walk<E: From<Error>>(&self, visit: &mut dyn FnMut(&Found<'_>) -> Result<(), E>) -> Result<(), E> {
        let Some(node) = self.top.root()? else { return Ok(()) };
        if let Some(folder) = self.top.opened(b"", &node)?.folder_of(&node) {
            visit(&Found { path: b"", folder, name: c".", stat: &node.stat, hides: None })?;
        }
        let below = if self.hides_all { None } else { self.below.root()? };
        let mut open = vec![Folder { path: Vec::new(), node, below }];
        // No descriptors are held on the way down.
        while let Some(folder) = open.pop() {
            let mut inside = self.folder(&folder, visit)?;
            inside.reverse();
            open.append(&mut inside);
        }
        Ok(())
    }

    /// Visits what is in a folder; the folders among it.
    fn folder<E: From<Error>>(
        &self,
        at: &Folder,
        visit: &mut dyn FnMut(&Found<'_>) -> Result<(), E>,
    ) -> Result<Vec<Folder>, E> {
        let opened = self.top.opened(&at.path, &at.node)?;
        let below = at.below.as_ref().map(|node| self.below.opened(&at.path, node)).transpose()?;
        let mut folders = Vec::new();
        for name in opened.names()? {
            let Some(node) = opened.entry(&name)? else { continue };
            let old = below.as_ref().map(|below| below.child(&name)).transpose()?.flatten();
            if node.is_whiteout() && old.is_none() {
                continue;
            }
            let Some(folder) = opened.folder_of(&node) else { continue };
            let old = old.filter(Node::is_folder);
            let hides = old.is_some() && node.is_folder() && opened.hides_below(&name, &node)?;
            let mut path = at.path.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.to_bytes());
            visit(&Found { path: &path, folder, name: &name, stat: &node.stat, hides: Some(hides) })?;
            if node.is_folder() {
                folders.push(Folder { path, node, below: old.filter(|_| !hides) });
            }
        }
        Ok(folders)
    }
}

/// A stream that is written as it is.
struct Plain<'a> {
    sink: &'a mut dyn Write,
    root: &'a Path,
}

impl Output for Plain<'_> {
    fn literal(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sink.write_all(bytes).at("write a tar of files in", self.root)
    }

    fn begin_content(&mut self, _path: &[u8], _size: u64) -> Result<(), Error> {
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.literal(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, Tar, add_layer};

    fn layer(store: &Store, tar: Tar) -> Digest {
        add_layer(store, &tar.end()).unwrap().diff_id
    }

    fn shown(store: &Store, layers: &[Digest]) -> Vec<String> {
        let mut names = Vec::new();
        let mut visit = |shown: &Shown<'_>| {
            names.push(String::from_utf8_lossy(shown.path).into_owned());
            Ok::<_, Error>(())
        };
        store.show(layers, &mut visit).unwrap();
        names
    }

    #[test]
    fn privileged_one_layer_does_what_several_did() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let base =
            layer(store, Tar::new().folder("a").file("a/old", b"1").file("a/kept", b"2").folder("d").file("d/x", b""));
        let one = layer(store, Tar::new().folder("a").file("a/.wh.old", b"").file("a/new", b"3").file("a/brief", b""));
        let two =
            Tar::new().folder("a").file("a/.wh.brief", b"").folder("d").file("d/.wh..wh..opq", b"").file("d/y", b"4");
        let two = layer(store, two);
        let all = [base.clone(), one.clone(), two.clone()];
        let expected = ["", "a", "d", "a/kept", "a/new", "d/y"];
        assert_eq!(shown(store, &all), expected);
        let squashed = store.squash(&all[1..], &all[..1], Times::Own).unwrap().unwrap();
        assert_eq!(shown(store, &[base, squashed.diff_id.clone()]), expected);
        let mut tar = Vec::new();
        store.layer_tar(&squashed.diff_id, &mut tar).unwrap();
        let text = String::from_utf8_lossy(&tar);
        // What came and went leaves no mark.
        assert!(text.contains("a/.wh.old") && text.contains("d/.wh..wh..opq") && !text.contains("brief"));
        let whole = store.squash(&all, &[], Times::Exactly(7)).unwrap().unwrap();
        let mut tar = Vec::new();
        store.layer_tar(&whole.diff_id, &mut tar).unwrap();
        assert!(!String::from_utf8_lossy(&tar).contains(".wh."));
        assert_eq!(shown(store, &[whole.diff_id]), expected);
    }

    #[test]
    fn nothing_is_no_layer() {
        let fixture = Fixture::new();
        let empty = layer(&fixture.store, Tar::new());
        assert_eq!(fixture.store.squash(&[empty], &[], Times::Own).unwrap(), None);
        assert_eq!(fixture.store.squash(&[], &[], Times::Own).unwrap(), None);
    }
}
