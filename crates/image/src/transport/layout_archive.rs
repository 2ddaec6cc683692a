//! `oci-archive:`: an OCI image layout in one tar file.

use super::layout::{self, LayoutSource, blob_path, encode, with_image};
use super::tar_file::{Output, TarFile};
use crate::archive::Members;
use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::location::Pick;
use crate::sink::{Blob, Needs, Place, Sink};
use crate::source::Fetched;
use crate::{Error, Location};
use oci::Digest;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::Store;

/// One image of an archive.
pub fn open_archive<M: Members>(archive: M, location: Location, pick: Option<&Pick>) -> Result<LayoutSource<M>, Error> {
    LayoutSource::open(archive, location, pick)
}

/// An archive that is written, with one image.
pub struct LayoutArchiveSink<'a> {
    path: PathBuf,
    image: Option<Pick>,
    tar: Mutex<(TarFile<'a>, HashSet<Digest>)>,
}

impl<'a> LayoutArchiveSink<'a> {
    /// A new file, or a pipe.
    pub fn create(store: &'a Store, output: Output<'_>, image: Option<&Pick>) -> Result<LayoutArchiveSink<'a>, Error> {
        layout::refuse_index(image)?;
        let mut tar = TarFile::create(store, output)?;
        tar.small("oci-layout", layout::MARK)?;
        Ok(LayoutArchiveSink {
            path: output.path().to_owned(),
            image: image.cloned(),
            tar: Mutex::new((tar, HashSet::new())),
        })
    }

    fn lock(&self) -> MutexGuard<'_, (TarFile<'a>, HashSet<Digest>)> {
        self.tar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for LayoutArchiveSink<'_> {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn location(&self) -> Location {
        Location::OciArchive { path: self.path.clone(), image: self.image.clone() }
    }

    fn needs(&self) -> Needs {
        Needs { parallel: false, ..layout::needs() }
    }

    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        Ok(self.lock().1.contains(&blob.descriptor.digest))
    }

    fn put(&self, _blob: &Blob<'_>, content: Content<'_>) -> Result<Sum, Error> {
        let (tar, written) = &mut *self.lock();
        let sum = tar.put(content, |sum| blob_path(&sum.digest))?;
        written.insert(sum.digest.clone());
        Ok(sum)
    }

    fn put_manifest(&self, manifest: &Fetched, _place: Place) -> Result<(), Error> {
        let (tar, written) = &mut *self.lock();
        if written.insert(manifest.digest.clone()) {
            tar.small(&blob_path(&manifest.digest), &manifest.bytes)?;
        }
        Ok(())
    }

    fn commit(&self, copied: &Copied) -> Result<(), Error> {
        let (tar, _) = &mut *self.lock();
        tar.small("index.json", &encode(&with_image(None, &copied.written, self.image.as_ref()))?)?;
        tar.finish()
    }
}
