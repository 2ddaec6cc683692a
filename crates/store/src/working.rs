//! Working containers: roots that no process watches, which are changed by one command after the other until an image is made of
//! them. `working/<id>/{upper,work,merged,stubs,root.json,record.json}`.
//!
//! What the record says is the engine's affair. A folder appears whole, by a rename, and goes by one; its own lock (`flock`) says
//! that somebody is at work in it, the lock of `working/` that records and names are changing.

use crate::error::{At, Error};
use crate::location::{Ownership, Store, check_folder_name, make_dir};
use crate::lock::{claim, claim_folder, open_dir};
use crate::root::{self, RootDirs};
use oci::Digest;
use rustix::fd::OwnedFd;
use rustix::fs::FlockOperation;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) const FOLDER: &str = "working";
const RECORD: &str = "record.json";

/// While it lives nobody else makes or renames one, or changes a record.
pub struct WorkingRecords {
    _lock: OwnedFd,
}

/// While it lives nobody else works in that one.
pub struct WorkingHold {
    _lock: OwnedFd,
}

impl Store {
    /// Waits for others.
    pub fn lock_working_records(&self) -> Result<WorkingRecords, Error> {
        let folder = self.folder(FOLDER);
        make_dir(&folder)?;
        let lock = open_dir(&folder).at("open folder", &folder)?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&lock, FlockOperation::LockExclusive))
            .at("lock folder", &folder)?;
        Ok(WorkingRecords { _lock: lock })
    }

    /// Their ids.
    pub fn workings(&self) -> Result<Vec<String>, Error> {
        let folder = self.folder(FOLDER);
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("list", &folder)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            ids.extend(entry.at("list", &folder)?.file_name().into_string().ok());
        }
        Ok(ids)
    }

    /// Makes one over `layers` (lowest first).
    pub fn create_working(&self, id: &str, layers: &[Digest], record: &[u8]) -> Result<(), Error> {
        check_folder_name(id)?;
        make_dir(&self.folder(FOLDER))?;
        let (folder, _lock) = self.temporary_folder()?;
        // From here on the layers stay: what is in `tmp/` keeps its layers, too.
        let lock = self.lock_shared()?;
        self.require_layers(layers)?;
        root::write_layers(&folder, layers)?;
        drop(lock);
        let made = self.fill_working(&folder, layers, record);
        crate::step::point();
        let target = self.working_path(id);
        let made = made.and_then(|()| rustix::fs::rename(&folder, &target).at("rename folder to", &target));
        if made.is_err() {
            let _ = self.discard(&folder);
        }
        made
    }

    fn fill_working(&self, folder: &Path, layers: &[Digest], record: &[u8]) -> Result<(), Error> {
        for name in ["upper", "work", "merged", "stubs"] {
            crate::step::point();
            make_dir(&folder.join(name))?;
        }
        self.root_attributes(layers).apply(&folder.join("upper"))?;
        let path = folder.join(RECORD);
        std::fs::write(&path, record).at("write", &path)
    }

    /// What was recorded; `None`: it isn't there.
    pub fn working_record(&self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        check_folder_name(id)?;
        let path = self.working_path(id).join(RECORD);
        match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            record => record.map(Some).at("read", &path),
        }
    }

    /// Records something else. The caller has the lock of the records.
    pub fn write_working_record(&self, _lock: &WorkingRecords, id: &str, record: &[u8]) -> Result<(), Error> {
        check_folder_name(id)?;
        self.write_atomically(&self.working_path(id).join(RECORD), record)
    }

    /// To work in it, when others have finished; `None`: it isn't there (any more).
    pub fn hold_working(&self, id: &str) -> Result<Option<WorkingHold>, Error> {
        check_folder_name(id)?;
        let folder = self.working_path(id);
        Ok(claim_folder(&folder).at("lock folder", &folder)?.map(|lock| WorkingHold { _lock: lock }))
    }

    /// The same at once; `None`: it isn't there, or somebody works in it.
    pub fn try_hold_working(&self, id: &str) -> Result<Option<WorkingHold>, Error> {
        check_folder_name(id)?;
        let folder = self.working_path(id);
        Ok(claim(&folder).at("lock folder", &folder)?.map(|lock| WorkingHold { _lock: lock }))
    }

    /// Its folders, for an overlay mount; the second is the lowest of them, for empty files and folders to mount on.
    pub fn working_dirs(&self, id: &str, layers: &[Digest]) -> Result<(RootDirs, PathBuf), Error> {
        let folder = self.working_path(id);
        let stubs = folder.join("stubs");
        let mut lower = self.image_dirs(layers)?;
        lower.push(stubs.clone());
        let dirs = RootDirs {
            lower,
            upper: folder.join("upper"),
            work: folder.join("work"),
            merged: folder.join("merged"),
            userxattr: self.location().ownership != Ownership::Root,
        };
        Ok((dirs, stubs))
    }

    /// Takes away what was there to mount on. The caller holds it, and it isn't mounted.
    pub fn clear_working_stubs(&self, id: &str) -> Result<(), Error> {
        let stubs = self.working_path(id).join("stubs");
        if std::fs::read_dir(&stubs).is_ok_and(|mut entries| entries.next().is_none()) {
            return Ok(());
        }
        self.discard(&stubs)?;
        make_dir(&stubs)
    }

    /// Where it is mounted, if it is.
    pub fn working_mount_point(&self, id: &str) -> PathBuf {
        self.working_path(id).join("merged")
    }

    /// Moves all of it into the trash. Nothing may be mounted in it.
    pub fn remove_working(&self, id: &str) -> Result<(), Error> {
        check_folder_name(id)?;
        self.discard(&self.working_path(id))
    }

    /// What was changed in it.
    pub fn working_upper(&self, id: &str) -> PathBuf {
        self.working_path(id).join("upper")
    }

    pub(crate) fn working_layers(&self) -> Result<Vec<Digest>, Error> {
        let ids = self.workings()?;
        Ok(ids.iter().flat_map(|id| root::recorded_layers(&self.working_path(id))).collect())
    }

    pub(crate) fn working_path(&self, id: &str) -> PathBuf {
        self.path2(FOLDER, id)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, Tar, add_image, add_layer};

    #[test]
    fn working_containers_keep_their_layers() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let layer = add_layer(store, &Tar::new().file("a", b"").end()).unwrap().diff_id;
        let image = add_image(store, "one", std::slice::from_ref(&layer), &[]).unwrap();
        store.create_working("w", std::slice::from_ref(&layer), b"{}").unwrap();
        assert!(store.create_working("w", &[], b"").is_err());
        store.remove_image(&image.id).unwrap();
        store.reclaim().unwrap();
        assert!(store.has_layer(&layer));
        assert_eq!(store.workings().unwrap(), ["w"]);
        assert_eq!(store.working_record("w").unwrap().as_deref(), Some(&b"{}"[..]));
        let held = store.hold_working("w").unwrap();
        assert!(held.is_some() && store.try_hold_working("w").unwrap().is_none());
        drop(held);
        store.remove_working("w").unwrap();
        assert!(store.workings().unwrap().is_empty() && store.hold_working("w").unwrap().is_none());
    }
}
