//! A layer's tar stream: applied whole and given back bit for bit, or refused; nothing outside changes, nothing is left.

use crate::documents::bounded;
use std::path::Path;
use std::sync::OnceLock;
use store::{Location, Ownership, Store};

/// Longer ones belong to other tests.
const LIMIT: u64 = 16 << 20;
const CANARY: &[u8] = b"unharmed";

/// A folder with a canary beside the store.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("canary"), CANARY).expect("a canary");
        folder
    });
    folder.path()
}

pub(crate) fn run(bytes: &[u8]) {
    let folder = folder();
    match apply(&open(folder), bytes) {
        Ok(back) => assert!(back == bytes, "a layer isn't given back as it came"),
        Err(error) => bounded(&error.to_string()),
    }
    assert_eq!(std::fs::read(folder.join("canary")).ok().as_deref(), Some(CANARY));
    assert_eq!(std::fs::read_dir(folder).expect("it is there").count(), 2, "something was made outside");
    all_waste_is_found(folder);
}

pub(crate) fn open(folder: &Path) -> Store {
    let ownership = if rustix::process::geteuid().is_root() { Ownership::Root } else { Ownership::SingleId };
    let location = Location { root: folder.join("store"), run: folder.join("run"), ownership };
    Store::open(location).expect("a store can be made")
}

fn apply(store: &Store, bytes: &[u8]) -> Result<Vec<u8>, store::Error> {
    let mut layer = store.begin_layer()?;
    let applied = layer.apply(&mut &bytes[..], LIMIT)?;
    layer.finish(&applied.diff_id)?;
    let mut back = Vec::new();
    store.layer_tar(&applied.diff_id, &mut back)?;
    Ok(back)
}

/// What no image refers to is waste.
pub(crate) fn all_waste_is_found(folder: &Path) {
    open(folder).reclaim().expect("waste can be cleared away");
    for name in ["store/layers", "store/tmp", "store/trash"] {
        let left: Vec<_> = std::fs::read_dir(folder.join(name)).expect("it is there").collect();
        assert!(left.is_empty(), "{name} has {left:?}");
    }
}
