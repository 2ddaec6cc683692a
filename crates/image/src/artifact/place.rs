//! Stored artifacts as a source and as a sink of copies: bytes are kept as they are.

use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::sink::{Blob, Format, Layers, Needs, Place, Sink};
use crate::source::{Fetched, Source};
use crate::{Error, Location};
use oci::image::Descriptor;
use std::io::{Read, Seek, SeekFrom};
use store::{Artifact, Prior, Store};

/// A stored artifact.
pub(super) struct ArtifactSource<'a> {
    store: &'a Store,
    artifact: Artifact,
}

impl<'a> ArtifactSource<'a> {
    /// One that was found.
    pub(super) fn new(store: &'a Store, artifact: Artifact) -> ArtifactSource<'a> {
        ArtifactSource { store, artifact }
    }
}

impl Source for ArtifactSource<'_> {
    fn name(&self) -> String {
        self.artifact.name.clone()
    }

    fn location(&self) -> Location {
        Location::Storage(self.artifact.name.clone())
    }

    fn top(&self) -> Result<Fetched, Error> {
        let digest = self.artifact.manifest.clone();
        Ok(Fetched { bytes: self.store.blob(&digest)?, media_type: None, digest })
    }

    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let mut file = self.store.open_blob(&descriptor.digest)?;
        file.seek(SeekFrom::Start(from)).map_err(Error::io(format!("read blob {}", descriptor.digest)))?;
        Ok(Box::new(file))
    }
}

/// A place for one artifact in the store.
pub(super) struct ArtifactSink<'a> {
    store: &'a Store,
    name: String,
    /// What may have the name.
    prior: Prior,
}

impl<'a> ArtifactSink<'a> {
    /// It gets this name when it is whole, which it takes from what may have it.
    pub(super) fn new(store: &'a Store, name: &str, prior: Prior) -> ArtifactSink<'a> {
        ArtifactSink { store, name: name.to_owned(), prior }
    }
}

impl Sink for ArtifactSink<'_> {
    fn name(&self) -> String {
        "the store of artifacts".to_owned()
    }

    fn location(&self) -> Location {
        Location::Storage(self.name.clone())
    }

    fn needs(&self) -> Needs {
        Needs {
            formats: &[Format::Oci, Format::Docker],
            proves_diff_ids: false,
            layers: Layers::Keep,
            parallel: true,
            images_only: false,
            exact: false,
        }
    }

    /// Reading it is cheaper than fetching it, and what is damaged is fetched again.
    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        match self.store.verify_blob(&blob.descriptor.digest) {
            Ok(size) => Ok(size == blob.descriptor.size),
            Err(store::Error::MissingBlob(_) | store::Error::DamagedBlob(_)) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    fn put(&self, blob: &Blob<'_>, mut content: Content<'_>) -> Result<Sum, Error> {
        let what = format!("store blob {}", blob.descriptor.digest);
        let mut writer = self.store.begin_blob()?;
        std::io::copy(&mut content, &mut writer).map_err(Error::io(what))?;
        let sum = content.finish()?;
        writer.finish(&sum.digest)?;
        Ok(sum)
    }

    fn put_manifest(&self, manifest: &Fetched, _place: Place) -> Result<(), Error> {
        self.store.put_blob(&manifest.digest, &manifest.bytes)?;
        Ok(())
    }

    fn commit(&self, copied: &Copied) -> Result<(), Error> {
        let Some(image) = &copied.image else { return Err(Error::NoIndexes { sink: Sink::name(self) }) };
        let blobs = [&image.manifest.config].into_iter().chain(&image.manifest.layers);
        let artifact = Artifact {
            name: self.name.clone(),
            manifest: copied.written.digest.clone(),
            blobs: blobs.map(|blob| blob.digest.clone()).collect(),
        };
        self.store.commit_artifact(&artifact, &self.prior)?;
        Ok(())
    }
}
