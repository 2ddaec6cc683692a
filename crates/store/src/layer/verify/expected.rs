//! What a layer's folder must look like by its tar stream: the outcome of `apply`, without a disk.

use crate::layer::entry::{Entry, Kind};
use rustix::fs::FileType;
use std::collections::HashMap;

/// As the kernel's.
const MOST_LINKS: u32 = 40;

/// One thing in `diff/`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) kind: FileType,
    /// `None`: a folder that no entry describes.
    pub(super) attributes: Option<Attributes>,
    /// Of a file.
    pub(super) size: u64,
    /// Of a symbolic link.
    pub(super) target: Vec<u8>,
    /// A character device 0:0 that hides a name of the layers below.
    pub(super) whiteout: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Attributes {
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Modification time in seconds.
    pub(super) time: i64,
}

/// All paths of `diff/`, without a slash at their start; the root is empty.
pub(super) struct Expected {
    pub(super) nodes: HashMap<Vec<u8>, Node>,
    /// No device nodes can be made here.
    without_devices: bool,
}

impl Expected {
    pub(super) fn new(without_devices: bool) -> Expected {
        let root = Node { kind: FileType::Directory, ..Node::plain(FileType::Directory) };
        Expected { nodes: HashMap::from([(Vec::new(), root)]), without_devices }
    }

    /// What the next entry does.
    pub(super) fn apply(&mut self, entry: &Entry) {
        if entry.kind == Kind::Ignored {
            return;
        }
        let whiteout = matches!(entry.kind, Kind::Whiteout(_) | Kind::Opaque);
        // An entry that `apply` would have refused isn't in a stored layer.
        let Some(folder) = self.resolve(&entry.parents, whiteout) else { return };
        let path = join(&folder, &entry.last);
        match &entry.kind {
            Kind::Folder => self.folder(path, entry),
            Kind::Whiteout(name) => self.whiteout(join(&folder, name)),
            Kind::Hardlink(target) => self.hard_link(path, target),
            Kind::File => self.put(path, Node { size: entry.payload, ..Node::of(FileType::RegularFile, entry) }),
            Kind::Sparse { length, .. } => {
                self.put(path, Node { size: *length, ..Node::of(FileType::RegularFile, entry) });
            }
            Kind::Symlink(target) => {
                self.put(path, Node { target: target.clone(), ..Node::of(FileType::Symlink, entry) });
            }
            Kind::Fifo => self.put(path, Node::of(FileType::Fifo, entry)),
            Kind::CharDevice(..) | Kind::BlockDevice(..) if self.without_devices => {}
            Kind::CharDevice(..) => self.put(path, Node::of(FileType::CharacterDevice, entry)),
            Kind::BlockDevice(..) => self.put(path, Node::of(FileType::BlockDevice, entry)),
            Kind::Opaque | Kind::Ignored => {}
        }
    }

    fn folder(&mut self, path: Vec<u8>, entry: &Entry) {
        match self.nodes.get_mut(&path) {
            Some(node) if node.kind == FileType::Directory => node.attributes = Some(attributes(entry)),
            _ => self.put(path, Node::of(FileType::Directory, entry)),
        }
    }

    /// Hides what the layers below have, not what its own layer has.
    fn whiteout(&mut self, path: Vec<u8>) {
        let node = Node { whiteout: true, ..Node::plain(FileType::CharacterDevice) };
        self.nodes.entry(path).or_insert(node);
    }

    fn hard_link(&mut self, path: Vec<u8>, target: &[Vec<u8>]) {
        let Some((name, parents)) = target.split_last() else { return };
        let Some(folder) = self.resolve(parents, true) else { return };
        if let Some(node) = self.nodes.get(&join(&folder, name)).cloned() {
            self.put(path, node);
        }
    }

    /// In place of whatever was there.
    fn put(&mut self, path: Vec<u8>, node: Node) {
        if self.nodes.get(&path).is_some_and(|old| old.kind == FileType::Directory) {
            let below = join(&path, b"");
            self.nodes.retain(|other, _| !other.starts_with(&below));
        }
        self.nodes.insert(path, node);
    }

    /// The folder that a path's parents lead to, made where missing; `None` if a whiteout hides it (`hidden`), or where
    /// there is no way.
    fn resolve(&mut self, parents: &[Vec<u8>], hidden: bool) -> Option<Vec<u8>> {
        let mut at = Vec::new();
        let mut todo: Vec<Vec<u8>> = parents.iter().rev().cloned().collect();
        let mut links = 0;
        while let Some(part) = todo.pop() {
            if part == b".." {
                at.truncate(at.iter().rposition(|b| *b == b'/').unwrap_or(0));
                continue;
            }
            let next = join(&at, &part);
            match self.nodes.get(&next) {
                Some(node) if node.kind == FileType::Directory => at = next,
                Some(node) if node.kind == FileType::Symlink && links < MOST_LINKS => {
                    links += 1;
                    if node.target.starts_with(b"/") {
                        at.clear();
                    }
                    let parts = node.target.split(|b| *b == b'/').filter(|part| !matches!(*part, b"" | b"."));
                    todo.extend(parts.rev().map(<[u8]>::to_vec));
                }
                Some(node) if !node.whiteout || hidden => return None,
                _ => {
                    self.nodes.insert(next.clone(), Node::plain(FileType::Directory));
                    at = next;
                }
            }
        }
        Some(at)
    }
}

impl Node {
    fn plain(kind: FileType) -> Node {
        Node { kind, attributes: None, size: 0, target: Vec::new(), whiteout: false }
    }

    fn of(kind: FileType, entry: &Entry) -> Node {
        Node { attributes: Some(attributes(entry)), ..Node::plain(kind) }
    }
}

fn attributes(entry: &Entry) -> Attributes {
    Attributes { mode: entry.mode, uid: entry.uid, gid: entry.gid, time: entry.time.tv_sec }
}

/// `folder/name`, without a slash where one of them is empty and the folder is the root.
fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match (folder, name) {
        (b"", name) => name.to_vec(),
        (folder, name) => [folder, b"/", name].concat(),
    }
}
