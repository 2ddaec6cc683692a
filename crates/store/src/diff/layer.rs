//! One layer against those below it: what it has itself says what changed.

use super::{Change, ChangeKind, with_name};
use crate::error::Error;
use crate::view::{Node, View};

/// Sorted by path; the folders around what came or went count as modified.
pub(super) fn changes(top: &View, below: &View) -> Result<Vec<Change>, Error> {
    let mut walk = Walk { top, below, around: Vec::new(), changes: Vec::new() };
    if let Some(root) = top.root()? {
        walk.folder(&mut Vec::new(), &root, below.root()?)?;
    }
    Ok(walk.changes)
}

struct Walk<'v> {
    top: &'v View,
    below: &'v View,
    /// The folders that lead to where we are: length of the path, and whether it is among the changes already.
    around: Vec<(usize, bool)>,
    changes: Vec<Change>,
}

impl Walk<'_> {
    /// `old`: the same folder in the layers below, if it isn't hidden.
    fn folder(&mut self, path: &mut Vec<u8>, own: &Node, old: Option<Node>) -> Result<(), Error> {
        let entries = self.top.opened(path, own)?;
        let below = old.map(|old| self.below.opened(path, &old)).transpose()?;
        let mut found = Vec::new();
        for name in entries.names()? {
            let old = below.as_ref().map(|below| below.child(&name)).transpose()?.flatten();
            if let Some(entry) = entries.entry(&name)? {
                found.push((name, entry, old));
            }
        }
        // No descriptors are held on the way down.
        drop((entries, below));
        for (name, entry, old) in found {
            with_name(path, &name, |path| self.entry(path, &entry, old))?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &mut Vec<u8>, entry: &Node, old: Option<Node>) -> Result<(), Error> {
        let old_folder = old.as_ref().is_some_and(Node::is_folder);
        let kind = kind(entry, old.as_ref());
        if let Some(kind) = kind {
            self.note(path, kind);
        }
        if entry.is_folder() {
            self.around.push((path.len(), kind.is_some()));
            self.folder(path, entry, old.filter(|_| old_folder && !entry.opaque))?;
            self.around.pop();
        }
        Ok(())
    }

    fn note(&mut self, path: &[u8], kind: ChangeKind) {
        for (length, listed) in &mut self.around {
            // What has another content leaves its folder as it is.
            if kind != ChangeKind::Modified && !std::mem::replace(listed, true) {
                self.changes.push(Change::new(&path[..*length], ChangeKind::Modified));
            }
        }
        self.changes.push(Change::new(path, kind));
    }
}

/// Nothing for a folder that is only there for what is in it.
fn kind(entry: &Node, old: Option<&Node>) -> Option<ChangeKind> {
    match old {
        _ if entry.is_whiteout() => Some(ChangeKind::Deleted),
        None => Some(ChangeKind::Added),
        Some(old) if entry.is_folder() && old.is_folder() => match entry.opaque {
            true => Some(ChangeKind::Deleted),
            false => {
                let of = |node: &Node| (node.stat.st_mode, node.stat.st_mtime, node.stat.st_mtime_nsec);
                (of(entry) != of(old)).then_some(ChangeKind::Modified)
            }
        },
        Some(_) => Some(ChangeKind::Modified),
    }
}
