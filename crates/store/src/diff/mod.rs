//! What differs between trees of layers: one layer against those below it, or two whole trees.
//!
//! Only folders that some layer changed are looked into: a tree's part that comes from the same layers on both sides is
//! the same.

mod compare;
mod layer;

use crate::error::{At, Error};
use crate::location::Store;
use crate::view::{DEEPEST, View};
use std::ffi::CStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

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
        let below = View::open(below, attribute)?;
        with_deep_stack(|| layer::changes(&top, &below))
    }

    /// What makes the tree `old` the tree `new` (folders, uppermost first), sorted by path.
    pub fn difference(&self, old: &[PathBuf], new: &[PathBuf]) -> Result<Vec<Change>, Error> {
        let attribute = crate::layer::opaque_attribute(self.location().ownership);
        let (old, new) = (View::open(old, attribute)?, View::open(new, attribute)?);
        with_deep_stack(|| compare::difference(&old, &new))
    }
}

/// The walks call themselves for each folder: 20 kB for each of [`DEEPEST`] are reserved, and used only when they are needed.
fn with_deep_stack<T: Send>(walk: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(DEEPEST * 20_000).spawn_scoped(scope, walk);
        let thread = thread.at("start a thread to compare", Path::new("/"))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
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

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;
    use rustix::fs::{Mode, OFlags};

    /// Each folder by its parent's descriptor, since no path leads there.
    fn nest(folder: &std::path::Path, name: &str, depth: usize) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut here = rustix::fs::open(folder, flags, Mode::empty()).unwrap();
        for _ in 0..depth {
            rustix::fs::mkdirat(&here, name, Mode::RWXU).unwrap();
            here = rustix::fs::openat(&here, name, flags, Mode::empty()).unwrap();
        }
    }

    #[test]
    fn trees_deeper_than_a_path_may_be_long() {
        for (name, depth) in [("long".repeat(50).as_str(), 50), ("deep", 1000)] {
            let fixture = Fixture::new();
            let (old, new) = ([fixture.path("tmp/old")], [fixture.path("tmp/new")]);
            for folder in old.iter().chain(&new) {
                std::fs::create_dir(folder).unwrap();
            }
            nest(&new[0], name, depth);
            assert_eq!(fixture.store.difference(&old, &new).unwrap().len(), depth);
            assert_eq!(fixture.store.changes(&new[0], &old).unwrap().len(), depth);
            fixture.store.discard(&new[0]).unwrap();
            fixture.store.reclaim().unwrap();
        }
    }
}
