//! What differs between trees of layers: one layer against those below it, or two whole trees.
//!
//! Only folders that some layer changed are looked into: a tree's part that comes from the same layers on both sides is
//! the same.

mod compare;
mod layer;
mod view;

use crate::error::Error;
use crate::location::Store;
use std::ffi::CStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use view::View;

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is there in both.
    Modified,
    /// It wasn't there.
    Added,
    /// It is gone, and all that was below it.
    Deleted,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Absolute, as seen from inside.
    pub path: PathBuf,
    /// What happened.
    pub kind: ChangeKind,
}

impl Change {
    fn new(path: &[u8], kind: ChangeKind) -> Change {
        let mut absolute = vec![b'/'];
        absolute.extend_from_slice(path);
        Change { path: OsString::from_vec(absolute).into(), kind }
    }
}

impl Store {
    /// What the folder `top` changes in the tree of the folders `below` (uppermost first), sorted by path. A folder that
    /// hides what was below it counts as deleted, and what it has as added.
    pub fn changes(&self, top: &Path, below: &[PathBuf]) -> Result<Vec<Change>, Error> {
        let attribute = crate::layer::opaque_attribute(self.location().ownership);
        let top = View::open(&[top.to_owned()], attribute)?;
        layer::changes(&top, &View::open(below, attribute)?)
    }

    /// What makes the tree `old` the tree `new` (folders, uppermost first), sorted by path.
    pub fn difference(&self, old: &[PathBuf], new: &[PathBuf]) -> Result<Vec<Change>, Error> {
        let attribute = crate::layer::opaque_attribute(self.location().ownership);
        compare::difference(&View::open(old, attribute)?, &View::open(new, attribute)?)
    }
}

/// `path` with `name` at its end, for the time of `inside`.
fn with_name<T>(path: &mut Vec<u8>, name: &CStr, inside: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let length = path.len();
    if length > 0 {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
    let result = inside(path);
    path.truncate(length);
    result
}
