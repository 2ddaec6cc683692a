//! Getting hold of an archive as a plain, seekable tar file: as it is where possible, else as an unlinked temporary file.

use super::Archive;
use crate::Error;
use crate::decompress::{Decompressed, Magic, magic};
use oci::media_type::Compression;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use store::Store;

/// The longest archive that is unpacked to a temporary file, in bytes.
const MAX_SPOOLED: u64 = 1 << 40;

/// An archive by path.
pub(crate) fn from_path(store: &Store, path: &Path) -> Result<Archive, Error> {
    let name = path.display().to_string();
    let mut file = File::open(path).map_err(Error::io(format!("open archive {name}")))?;
    let is_file = file.metadata().map_err(Error::io(format!("open archive {name}")))?.is_file();
    let mut start = [0; 6];
    if is_file {
        let count = file.read_at(&mut start, 0).map_err(Error::io(format!("read {name}")))?;
        if magic(&start[..count]) == Magic::Known(Compression::None) {
            return Archive::index(file, name);
        }
    }
    let spooled = spool(store, &mut file, &name)?;
    Archive::index(spooled, name)
}

/// An archive on standard input or the like.
pub(crate) fn from_stream(store: &Store, stream: &mut (dyn Read + Send)) -> Result<Archive, Error> {
    from_named_stream(store, stream, "standard input".to_owned())
}

/// An archive that comes from somewhere, called so in messages.
pub(crate) fn from_named_stream(store: &Store, stream: &mut (dyn Read + Send), name: String) -> Result<Archive, Error> {
    let spooled = spool(store, stream, &name)?;
    Archive::index(spooled, name)
}

/// The uncompressed content in a file without a name, which vanishes with us.
fn spool(store: &Store, source: &mut (dyn Read + Send), name: &str) -> Result<File, Error> {
    let mut start = Vec::new();
    source.take(6).read_to_end(&mut start).map_err(Error::io(format!("read {name}")))?;
    if start.is_empty() {
        return Err(Error::Archive { archive: name.to_owned(), why: "it is empty".to_owned() });
    }
    let whole = io::Cursor::new(start).chain(source);
    let mut file = temporary_file(store)?;
    copy(Decompressed::new(whole, name)?, &mut file, name)?;
    Ok(file)
}

fn copy(content: impl Read, file: &mut File, name: &str) -> Result<(), Error> {
    let mut content = content.take(MAX_SPOOLED);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => file
                .write_all(&buffer[..count])
                .map_err(Error::io(format!("write {name} to a temporary file in the store")))?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::io(format!("read {name}"))(e)),
        }
    }
}

/// Where the store has temporary files.
pub(crate) fn temporary_file(store: &Store) -> Result<File, Error> {
    let folder = store.scratch();
    let what = format!("create a temporary file in {}", folder.display());
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::from_raw_mode(0o600)) {
        Ok(fd) => Ok(File::from(fd)),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR) => unlinked(folder).map_err(Error::io(what)),
        Err(e) => Err(Error::io(what)(e.into())),
    }
}

/// For file systems without O_TMPFILE.
fn unlinked(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!(".{}-spool", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
