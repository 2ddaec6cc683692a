//! A context that was fetched: a folder, or only a Containerfile.

use super::{Access, Address, Checkout, check_out, web};
use crate::error::Error;
use engine::Engine;
use engine::build::Unpacked;
use image::Streamed;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// What has come of an address.
pub enum Fetched<'e> {
    /// A folder that goes when this is dropped.
    Folder {
        /// Where.
        path: PathBuf,
        /// Holds it.
        held: Held<'e>,
    },
    /// No tar: a Containerfile, without any files.
    Text(Box<dyn Read + Send>),
}

/// Keeps a fetched folder.
pub enum Held<'e> {
    /// A tar's.
    Tar(Unpacked<'e>),
    /// A commit's.
    Commit(Checkout<'e>),
}

/// Fetches what isn't a folder already; `None` for what needn't be.
pub fn fetch<'e>(engine: &'e Engine, address: &Address, access: &Access) -> Result<Option<Fetched<'e>>, Error> {
    match address {
        Address::Folder(_) | Address::Image(_) => Ok(None),
        Address::Stdin => unpack(engine, Box::new(std::io::stdin()), "standard input").map(Some),
        Address::Web(url) => unpack(engine, web::open(url)?, url).map(Some),
        Address::Git(repository) => {
            let folder = engine::build::temporary_folder(engine)?;
            let checkout = check_out(folder, repository, access, repository.keep_git)?;
            let root = checkout.path();
            let path = match &repository.folder {
                Some(folder) => inner(&root, folder)?,
                None => root,
            };
            Ok(Some(Fetched::Folder { path, held: Held::Commit(checkout) }))
        }
    }
}

fn unpack<'e>(engine: &'e Engine, stream: Box<dyn Read + Send>, what: &str) -> Result<Fetched<'e>, Error> {
    match image::streamed(stream, what).map_err(engine::Error::from)? {
        Streamed::Archive(mut tar) => {
            let unpacked = Unpacked::stream(engine, &mut tar)?;
            Ok(Fetched::Folder { path: unpacked.path(), held: Held::Tar(unpacked) })
        }
        Streamed::Other(text) => Ok(Fetched::Text(text)),
    }
}

/// A folder of a repository: no link leads out of that.
pub(crate) fn inner(root: &Path, folder: &str) -> Result<PathBuf, Error> {
    let failed = || Error::io(format!("open the folder {folder} of the repository"));
    let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
    let opened = sys::path::open(open(root)?, Path::new(folder), flags, 0).map_err(failed())?;
    std::fs::read_link(PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&opened))))
        .map_err(failed())
}

fn open(root: &Path) -> Result<OwnedFd, Error> {
    std::fs::File::open(root).map(OwnedFd::from).map_err(Error::io(format!("open {}", root.display())))
}

/// A file of a folder that others have filled: its links lead nowhere else. `None`: it isn't there.
pub fn read_inside(root: &Path, file: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let failed = Error::io(format!("read {file} of the build context"));
    sys::path::read(open(root)?, Path::new(file), limit).map_err(failed)
}
