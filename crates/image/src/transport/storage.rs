//! `containers-storage:`: our own store. Layers are kept as folders; what they were as blobs stands in the manifest.

use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::decompress::Decompressed;
use crate::error::printable;
use crate::find::find;
use crate::sink::{Blob, Format, Layers, Needs, Place, Role, Sink, Wanted};
use crate::source::{Fetched, Source};
use crate::{Context, Error, Location, Resolved};
use oci::image::Descriptor;
use oci::{Digest, media_type};
use std::io::{Cursor, Read};

use store::{NewImage, Store};

/// The longest tar stream of a layer, in bytes: far above any image, far below what never ends.
const MAX_UNCOMPRESSED: u64 = 1 << 40;
/// After an error, so many bytes are read on to find out whether the source lied, in bytes.
const MAX_BLAME: u64 = 64 << 20;

/// A stored image.
pub struct StoreSource<'a> {
    store: &'a Store,
    image: Resolved,
    name: String,
}

impl<'a> StoreSource<'a> {
    /// By whatever `find` understands.
    pub fn open(store: &'a Store, context: &Context, name: &str) -> Result<StoreSource<'a>, Error> {
        let image = find(store, context, name)?;
        Ok(StoreSource::of(store, image))
    }

    /// One that was found already.
    pub fn of(store: &'a Store, image: Resolved) -> StoreSource<'a> {
        StoreSource { store, name: image.name.clone(), image }
    }

    /// The image.
    pub fn into_image(self) -> Resolved {
        self.image
    }
}

impl Source for StoreSource<'_> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn location(&self) -> Location {
        Location::Storage(self.name.clone())
    }

    fn top(&self) -> Result<Fetched, Error> {
        let digest = self.image.image.manifest.clone();
        Ok(Fetched { bytes: self.store.blob(&digest)?, media_type: None, digest })
    }

    /// A layer's plain tar, by its DiffID, and the small blobs.
    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let mut reader: Box<dyn Read + Send> = match self.image.image.layers.contains(&descriptor.digest) {
            true => Box::new(self.store.layer_reader(&descriptor.digest)?),
            false => Box::new(Cursor::new(self.store.blob(&descriptor.digest)?)),
        };
        std::io::copy(&mut reader.by_ref().take(from), &mut std::io::sink())
            .map_err(Error::io(format!("read {}", descriptor.digest)))?;
        Ok(reader)
    }

    fn kept_as(&self, diff_id: &Digest) -> Result<Option<Descriptor>, Error> {
        let size = self.store.layer_size(diff_id)?;
        Ok(Some(Descriptor::new(media_type::OCI_LAYER, diff_id.clone(), size)))
    }
}

/// Names under which an image is recorded.
#[derive(Debug, Default, Clone)]
pub struct StoreNaming {
    /// `registry/repository:tag`.
    pub names: Vec<String>,
    /// `registry/repository`, of which the image has what it was copied from.
    pub repository: Option<String>,
}

impl StoreNaming {
    /// By what stands behind `containers-storage:`. A name without a registry is Docker Hub's there.
    pub fn of(name: &str) -> Result<StoreNaming, Error> {
        let wrong = |why| Error::Name { name: printable(name), why };
        if name.starts_with(['[', '@']) {
            return Err(wrong("a destination in the store is given by a name"));
        }
        let name: oci::reference::Name = name.parse()?;
        if name.digest.is_some() {
            return Err(wrong("a destination in the store needs a tag, not a digest"));
        }
        let reference = name.in_registry("docker.io").with_default_tag();
        Ok(StoreNaming { names: vec![reference.to_string()], repository: Some(reference.name()) })
    }
}

/// The store, for one image.
pub struct StoreSink<'a> {
    store: &'a Store,
    naming: StoreNaming,
    partial: bool,
}

impl<'a> StoreSink<'a> {
    /// The image gets these names when it is whole.
    pub fn new(store: &'a Store, naming: StoreNaming) -> StoreSink<'a> {
        StoreSink { store, naming, partial: false }
    }

    /// Layers are fetched in parts, if storage.conf doesn't forbid it.
    #[must_use]
    pub fn with_parts(self, context: &Context) -> StoreSink<'a> {
        let storage = config::storage::load(&context.environment).unwrap_or_default();
        StoreSink { partial: storage.partial_images(), ..self }
    }
}

impl Sink for StoreSink<'_> {
    fn name(&self) -> String {
        "the store".to_owned()
    }

    fn location(&self) -> Location {
        Location::Storage(self.naming.names.first().cloned().unwrap_or_default())
    }

    fn needs(&self) -> Needs {
        Needs {
            formats: &[Format::Oci, Format::Docker],
            proves_diff_ids: true,
            layers: Layers::Keep,
            parallel: true,
            images_only: true,
            exact: false,
        }
    }

    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        match blob.role {
            Role::Layer(Some(diff_id)) => Ok(self.store.has_layer(diff_id)),
            Role::Layer(None) => Ok(false),
            // Written again if need be: it may be about to be removed.
            Role::Config => Ok(false),
        }
    }

    fn put(&self, blob: &Blob<'_>, mut content: Content<'_>) -> Result<Sum, Error> {
        match blob.role {
            Role::Config => {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes).map_err(Error::io("read a configuration"))?;
                let sum = content.finish()?;
                self.store.put_blob(&sum.digest, &bytes)?;
                Ok(sum)
            }
            Role::Layer(Some(diff_id)) => put_layer(self.store, blob.descriptor, diff_id, content),
            Role::Layer(None) => Err(Error::Unverified { what: content.what().to_owned() }),
        }
    }

    fn assemble(&self, source: &dyn Source, wanted: &Wanted<'_>) -> Result<Option<Sum>, Error> {
        if !self.partial {
            return Ok(None);
        }
        crate::chunked::pull::layer(self.store, source, wanted, MAX_UNCOMPRESSED)
    }

    fn put_manifest(&self, manifest: &Fetched, _place: Place) -> Result<(), Error> {
        self.store.put_blob(&manifest.digest, &manifest.bytes)?;
        Ok(())
    }

    fn commit(&self, copied: &Copied) -> Result<(), Error> {
        let Some(image) = &copied.image else { return Err(Error::NoIndexes { sink: self.name() }) };
        let config = image.config.as_ref();
        let layers = config.map(|config| config.rootfs.diff_ids.clone()).unwrap_or_default();
        self.store.commit_image(NewImage {
            id: image.manifest.config.digest.clone(),
            manifest: copied.written.digest.clone(),
            layers,
            repo_digest: self.naming.repository.as_ref().map(|repository| format!("{repository}@{}", copied.top)),
            names: self.naming.names.clone(),
        })?;
        Ok(())
    }
}

/// One layer in one pass: decompression, files and DiffID; nothing is visible before both digests are right.
pub(crate) fn put_layer(
    store: &Store,
    blob: &Descriptor,
    diff_id: &Digest,
    content: Content<'_>,
) -> Result<Sum, Error> {
    let what = content.what().to_owned();
    let mut tar = Decompressed::new(content, &what)?;
    let mut layer = store.begin_layer()?;
    let applied = layer.apply(&mut tar, MAX_UNCOMPRESSED);
    let rest = tar.into_inner();
    if let Err(error) = applied {
        return Err(blame(Error::layer(&blob.digest, error), rest, blob.size));
    }
    let sum = rest.finish()?;
    layer.finish(diff_id).map_err(|e| Error::layer(&blob.digest, e))?;
    Ok(sum)
}

/// A layer that can't be applied may be one that isn't what was asked for: that is the better message.
fn blame(error: Error, rest: Content<'_>, size: u64) -> Error {
    let content_is_wrong = match &error {
        Error::Layer { source, .. } => matches!(
            source,
            store::Error::Stream(_)
                | store::Error::Tar(_)
                | store::Error::Truncated { .. }
                | store::Error::Refused { .. }
        ),
        _ => false,
    };
    if !content_is_wrong || size > MAX_BLAME {
        return error;
    }
    match rest.finish() {
        Err(lie @ (Error::WrongDigest { .. } | Error::WrongSize { .. })) => lie,
        _ => error,
    }
}
