//! Where a store is, which folders it has, and opening it.

use crate::additional::Additional;
use crate::error::{At, Error};
use oci::Digest;
use rustix::fs::{Access, AtFlags, CWD, IFlags};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How this process may own files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Real root: every owner, device nodes, `trusted.` xattrs.
    Root,
    /// Root of a user namespace with a range of ids: every mapped owner, `user.overlay.` xattrs, no device nodes.
    UserNamespace,
    /// Root of a user namespace that maps one id only: owners can't be kept (they are dropped, once said by the caller).
    SingleId,
}

/// Where the store is.
#[derive(Debug, Clone)]
pub struct Location {
    /// Persistent, e.g. `/var/lib/containers/storage/minke`.
    pub root: PathBuf,
    /// Gone after a reboot, e.g. `/run/containers/storage/minke`. The store itself keeps nothing there.
    pub run: PathBuf,
    /// See [`Ownership`].
    pub ownership: Ownership,
}

/// An open store. Cheap to open: creates folders only when missing, takes no lock.
#[derive(Debug)]
pub struct Store {
    pub(crate) location: Location,
    /// Held (shared) while content is stored that no image refers to yet: keeps [`Store::reclaim`] from taking it for waste.
    pub(crate) writing: Mutex<Option<rustix::fd::OwnedFd>>,
    /// Stores that are only read.
    pub(crate) additional: Vec<Additional>,
    scratch: Option<PathBuf>,
}

pub(crate) const FOLDERS: [&str; 13] = [
    "layers",
    "blobs",
    "images",
    "names",
    "artifacts",
    "containers",
    "volumes",
    "partial",
    "cache",
    "cache-mounts",
    "tmp",
    "trash",
    crate::working::FOLDER,
];

impl Store {
    /// Opens, creating what is missing. One system call when all is there.
    pub fn open(location: Location) -> Result<Store, Error> {
        let store = Store::at(location);
        // `lock` is made last, so where it is, everything is.
        if rustix::fs::accessat(CWD, store.lock_path(), Access::EXISTS, AtFlags::empty()).is_err() {
            store.create()?;
        }
        Ok(store)
    }

    /// Also looks into these stores, and never writes there: ours (`<path>/minke`) or those of containers/storage.
    #[must_use]
    pub fn with_additional(self, paths: impl IntoIterator<Item = PathBuf>) -> Store {
        Store { additional: paths.into_iter().map(Additional::new).collect(), ..self }
    }

    /// Keeps nameless temporary files in this folder.
    #[must_use]
    pub fn with_scratch(self, folder: Option<PathBuf>) -> Store {
        Store { scratch: folder, ..self }
    }

    /// Where nameless temporary files go: on the store's file system, where there must be room anyway.
    pub fn scratch(&self) -> &Path {
        self.scratch.as_deref().unwrap_or(&self.location.root)
    }

    /// Without looking whether it is there.
    pub(crate) fn at(location: Location) -> Store {
        Store { location, writing: Mutex::new(None), additional: Vec::new(), scratch: None }
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The whole store is closed to other users: images contain setuid programs (CVE-2021-41091).
    fn create(&self) -> Result<(), Error> {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        let root = &self.location.root;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(root).at("create store", root)?;
        for name in FOLDERS.iter().copied().chain(["blobs/sha256", "blobs/sha512"]) {
            make_dir(&root.join(name))?;
        }
        scatter(&root.join("tmp"));
        let lock = self.lock_path();
        std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&lock).at("create store lock", &lock)?;
        Ok(())
    }

    pub(crate) fn lock_path(&self) -> PathBuf {
        self.location.root.join("lock")
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.location.root.join(name)
    }

    pub(crate) fn layer_path(&self, diff_id: &Digest) -> PathBuf {
        self.path2("layers", diff_id.hex())
    }

    pub(crate) fn blob_path(&self, digest: &Digest) -> PathBuf {
        let mut path = self.path2("blobs", digest.algorithm());
        path.push(digest.hex());
        path
    }

    pub(crate) fn image_path(&self, id: &Digest) -> PathBuf {
        self.path2("images", &format!("{}.json", id.hex()))
    }

    pub(crate) fn root_path(&self, container: &str) -> PathBuf {
        self.path2("containers", container)
    }

    pub(crate) fn volume_path(&self, name: &str) -> PathBuf {
        self.path2("volumes", name)
    }

    pub(crate) fn path2(&self, folder: &str, name: &str) -> PathBuf {
        let mut path = self.location.root.join(folder);
        path.push(name);
        path
    }
}

/// Tells ext4 that the trees in this folder have nothing to do with each other: each begins in another part of the disk. Else
/// all are made in the same part, where the kernel passes over inodes that were freed in the last minutes one by one
/// (`recently_deleted`): a pull behind an `rmi` takes twice as long.
fn scatter(folder: &Path) {
    let flagged = crate::lock::open_dir(folder)
        .and_then(|fd| rustix::fs::ioctl_setflags(&fd, rustix::fs::ioctl_getflags(&fd)? | IFlags::TOPDIR));
    if let Err(e) = flagged {
        log::debug!("{} is no folder of ext4: {e}", folder.display());
    }
}

/// Makes a folder; one that is there already is fine.
pub(crate) fn make_dir(path: &Path) -> Result<(), Error> {
    match rustix::fs::mkdir(path, rustix::fs::Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(e) => Err(e).at("create folder", path),
    }
}

/// Checks a name that others chose before it becomes part of a path.
pub(crate) fn check_folder_name(name: &str) -> Result<(), Error> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > 255 || name.starts_with('.') || !name.bytes().all(fits) {
        return Err(Error::InvalidFolder(crate::error::printable(name.as_bytes())));
    }
    Ok(())
}
