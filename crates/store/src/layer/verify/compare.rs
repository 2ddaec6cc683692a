//! A layer's folder beside what it must look like.

use super::expected::{Attributes, Expected, Node};
use crate::error::{Error, printable};
use crate::location::Ownership;
use crate::walk::{Enter, Found, walk};
use rustix::fs::FileType;
use std::collections::HashSet;
use std::path::Path;

/// More of them help nobody.
const MOST: usize = 20;

#[derive(Default)]
pub(super) struct Differences {
    /// What is missing, added or has other attributes: `+/path`, `-/path`, `/path(mode:0644￫0777)`.
    pub(super) shape: Vec<String>,
    /// Files whose size or time differs: if the content is wrong, then theirs.
    pub(super) contents: Vec<String>,
}

pub(super) fn compare(diff: &Path, expected: &Expected, ownership: Ownership) -> Result<Differences, Error> {
    let mut seen = HashSet::new();
    let mut differences = Differences::default();
    walk(diff, &mut |found| {
        let Some(node) = expected.nodes.get(found.path) else {
            note(&mut differences.shape, format!("+/{}", printable(found.path)));
            return Ok(Enter::No);
        };
        seen.insert(found.path.to_vec());
        look(found, node, ownership, &mut differences);
        Ok(Enter::Yes)
    })?;
    let mut missing: Vec<_> = expected.nodes.keys().filter(|path| !seen.contains(*path)).collect();
    missing.sort();
    for path in missing {
        note(&mut differences.shape, format!("-/{}", printable(path)));
    }
    Ok(differences)
}

fn look(found: &Found<'_>, node: &Node, ownership: Ownership, differences: &mut Differences) {
    let path = printable(found.path);
    if found.kind() != node.kind || (node.whiteout && found.stat.st_rdev != 0) {
        return note(&mut differences.shape, format!("/{path}(type:{:?}￫{:?})", node.kind, found.kind()));
    }
    if node.kind == FileType::Symlink && link_target(found).as_deref() != Some(&node.target) {
        note(&mut differences.shape, format!("/{path}(linkname)"));
    }
    let Some(wanted) = node.attributes else { return };
    for change in changes(found, &wanted, ownership) {
        note(&mut differences.shape, format!("/{path}({change})"));
    }
    let other = found.stat.st_size as u64 != node.size || found.stat.st_mtime != wanted.time;
    if node.kind == FileType::RegularFile && other {
        note(&mut differences.contents, path);
    }
}

fn link_target(found: &Found<'_>) -> Option<Vec<u8>> {
    rustix::fs::readlinkat(found.folder, found.name, Vec::new()).ok().map(std::ffi::CString::into_bytes)
}

fn changes(found: &Found<'_>, wanted: &Attributes, ownership: Ownership) -> Vec<String> {
    let mut changes = Vec::new();
    let mode = found.stat.st_mode & 0o7777;
    // Links have no mode of their own.
    if found.kind() != FileType::Symlink && mode != wanted.mode {
        changes.push(format!("mode:{:04o}￫{mode:04o}", wanted.mode));
    }
    if ownership != Ownership::SingleId {
        let (uid, gid) = (found.stat.st_uid, found.stat.st_gid);
        if uid != wanted.uid {
            changes.push(format!("uid:{}￫{uid}", wanted.uid));
        }
        if gid != wanted.gid {
            changes.push(format!("gid:{}￫{gid}", wanted.gid));
        }
    }
    changes
}

fn note(list: &mut Vec<String>, what: String) {
    if list.len() < MOST {
        list.push(what);
    }
}
