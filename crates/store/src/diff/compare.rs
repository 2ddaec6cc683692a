//! Two trees, whatever their layers.

use super::{Change, ChangeKind, with_name};
use crate::error::Error;
use crate::view::{Node, Opened, View};
use rustix::fs::{FileType, Stat};
use std::ffi::{CStr, CString};

/// Sorted by path; a folder with a change in it counts as modified.
pub(super) fn difference(old: &View, new: &View) -> Result<Vec<Change>, Error> {
    let mut walk = Walk { old, new, changes: Vec::new() };
    walk.folder(&mut Vec::new(), old.root()?, new.root()?)?;
    Ok(walk.changes)
}

struct Walk<'v> {
    old: &'v View,
    new: &'v View,
    changes: Vec<Change>,
}

/// What is under one name on both sides.
struct Pair {
    name: CString,
    old: Option<Node>,
    new: Option<Node>,
    differs: bool,
}

impl Walk<'_> {
    fn folder(&mut self, path: &mut Vec<u8>, old: Option<Node>, new: Option<Node>) -> Result<(), Error> {
        if let (Some(old), Some(new)) = (&old, &new)
            && self.old.same(old, self.new, new)
        {
            return Ok(());
        }
        for pair in self.pairs(path, old.as_ref(), new.as_ref())? {
            let Pair { name, old, new, differs } = pair;
            with_name(path, &name, |path| self.pair(path, old, new, differs))?;
        }
        Ok(())
    }

    fn pairs(&self, path: &[u8], old: Option<&Node>, new: Option<&Node>) -> Result<Vec<Pair>, Error> {
        let old = old.map(|node| self.old.opened(path, node)).transpose()?;
        let new = new.map(|node| self.new.opened(path, node)).transpose()?;
        let mut names = std::collections::BTreeSet::new();
        for side in [&old, &new].into_iter().flatten() {
            names.append(&mut side.names()?);
        }
        let child = |side: &Option<Opened<'_>>, name: &CStr| side.as_ref().map(|side| side.child(name)).transpose();
        let mut pairs = Vec::new();
        for name in names {
            let (before, after) = (child(&old, &name)?.flatten(), child(&new, &name)?.flatten());
            let differs = match (&old, &new, &before, &after) {
                (Some(old), Some(new), Some(before), Some(after)) => {
                    differ(&before.stat, &after.stat) || old.target(&name, before) != new.target(&name, after)
                }
                _ => before.is_some() != after.is_some(),
            };
            pairs.push(Pair { name, old: before, new: after, differs });
        }
        Ok(pairs)
    }

    fn pair(&mut self, path: &mut Vec<u8>, old: Option<Node>, new: Option<Node>, differs: bool) -> Result<(), Error> {
        let kind = match (&old, &new) {
            (None, None) => return Ok(()),
            (Some(_), None) => ChangeKind::Deleted,
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), Some(_)) => ChangeKind::Modified,
        };
        let own = self.changes.len();
        self.changes.push(Change::new(path, kind));
        let [old, new] = [old, new].map(|node| node.filter(Node::is_folder));
        // What is below something deleted is gone with it.
        if kind != ChangeKind::Deleted && (old.is_some() || new.is_some()) {
            self.folder(path, old, new)?;
        }
        if !differs && self.changes.len() == own + 1 {
            self.changes.pop();
        }
        Ok(())
    }
}

/// Sizes and times of folders say nothing.
fn differ(old: &Stat, new: &Stat) -> bool {
    let owner = |stat: &Stat| (stat.st_mode, stat.st_uid, stat.st_gid, stat.st_rdev);
    let content = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
    let folder = FileType::from_raw_mode(old.st_mode) == FileType::Directory;
    owner(old) != owner(new) || (!folder && content(old) != content(new))
}
