//! `push` to a registry: what it has already stays, layers are compressed anew.
//!
//! Stored are the layers' tars, not their blobs, and no compressor gives the same bytes as another. So a layer whose
//! original blob the registry hasn't got becomes a new gzip blob, and the manifest a new one with another digest.

use crate::archive::temporary_file;
use crate::short_name::complete;
use crate::transport::{self, Transport};
use crate::{Context, Error, Progress, find};
use oci::image::{Descriptor, Document, Manifest};
use oci::reference::Name;
use oci::{Digest, Reference, media_type};
use registry::Client;
use sha2::Digest as _;
use std::fs::File;
use std::io::{self, Write};
use store::Store;

/// Where an image goes.
struct Target {
    client: Client,
    repository: String,
}

/// Pushes a stored image; an empty destination is the image's own name. Returns the digest of the pushed manifest.
pub fn push(
    store: &Store,
    context: &Context,
    image: &str,
    destination: &str,
    progress: &dyn Progress,
) -> Result<Digest, Error> {
    let found = find(store, context, image)?;
    let destination = if destination.is_empty() { found.name.as_str() } else { destination };
    let reference = destination_reference(destination)?;
    let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
    let (client, place) = context.client(&endpoint)?;
    let target = Target { client, repository: place.repository.clone() };
    let bytes = store.blob(&found.image.manifest)?;
    let invalid = |source| Error::Manifest { what: found.name.clone(), source };
    let Document::Manifest(mut manifest) = Document::parse(&bytes, None).map_err(invalid)? else {
        return Err(Error::Name { name: found.name, why: "it is stored as an index, which can't be pushed yet" });
    };
    let mut changed = false;
    for (descriptor, diff_id) in manifest.layers.clone().iter().zip(&found.image.layers) {
        let pushed = push_layer(store, &target, descriptor, diff_id, &manifest, progress)?;
        changed |= pushed.digest != descriptor.digest;
        if let Some(slot) = manifest.layers.iter_mut().find(|layer| *layer == descriptor) {
            *slot = pushed;
        }
    }
    push_config(store, &target, &manifest.config, progress)?;
    let bytes = if changed { encode(&manifest)? } else { bytes };
    progress.line("Writing manifest to image destination");
    let kind = manifest.media_type.as_deref().unwrap_or(media_type::OCI_MANIFEST);
    let tag = place.tag.as_deref().unwrap_or("latest");
    target.client.put_manifest(&target.repository, tag, kind, &bytes)?;
    Ok(Digest::sha256(&bytes))
}

fn destination_reference(destination: &str) -> Result<Reference, Error> {
    let name = match transport::split(destination) {
        None => destination,
        Some((Ok(Transport::Docker), rest)) => rest,
        Some((Ok(_), _)) => {
            let why = "images can be pushed to registries only, so far";
            return Err(Error::Name { name: destination.to_owned(), why });
        }
        Some((Err(e), _)) => return Err(e),
    };
    let parsed: Name = name.parse()?;
    if parsed.digest.is_some() {
        return Err(Error::Name { name: name.to_owned(), why: "a push needs a tag, not a digest" });
    }
    Ok(complete(parsed.in_registry("docker.io")))
}

/// The descriptor under which the registry has the layer afterwards.
fn push_layer(
    store: &Store,
    target: &Target,
    descriptor: &Descriptor,
    diff_id: &Digest,
    manifest: &Manifest,
    progress: &dyn Progress,
) -> Result<Descriptor, Error> {
    progress.begin(&descriptor.digest, descriptor.size);
    if target.client.has_blob(&target.repository, &descriptor.digest)? {
        progress.end(&descriptor.digest, true);
        return Ok(descriptor.clone());
    }
    let (file, digest, size) = compress(store, diff_id, descriptor, progress)?;
    let there = target.client.has_blob(&target.repository, &digest)?;
    if !there {
        target.client.put_blob(&target.repository, &digest, &file, size)?;
    }
    progress.end(&descriptor.digest, there);
    let is_docker = manifest.media_type.as_deref() == Some(media_type::DOCKER_MANIFEST);
    let kind = if is_docker { media_type::DOCKER_LAYER_GZIP } else { media_type::OCI_LAYER_GZIP };
    // Annotations tell of the blob that was (zstd:chunked's table of contents, for one), so they go.
    Ok(Descriptor {
        media_type: kind.to_owned(),
        digest,
        size,
        urls: Vec::new(),
        annotations: Default::default(),
        platform: None,
        artifact_type: None,
    })
}

/// A layer's tar as gzip in a temporary file, its digest and size.
fn compress(
    store: &Store,
    diff_id: &Digest,
    shown: &Descriptor,
    progress: &dyn Progress,
) -> Result<(File, Digest, u64), Error> {
    let hashed = Hashed { file: temporary_file(store)?, hasher: sha2::Sha256::new(), size: 0 };
    let mut encoder = flate2::write::GzEncoder::new(hashed, flate2::Compression::new(6));
    let mut counted = Counted { inner: &mut encoder, blob: &shown.digest, progress };
    store.layer_tar(diff_id, &mut counted)?;
    let hashed = encoder.finish().map_err(Error::io(format!("compress layer {diff_id}")))?;
    Ok((hashed.file, Digest::from_sha256(hashed.hasher.finalize().into()), hashed.size))
}

fn push_config(store: &Store, target: &Target, config: &Descriptor, progress: &dyn Progress) -> Result<(), Error> {
    progress.line(&format!("Copying config {}", config.digest));
    if !target.client.has_blob(&target.repository, &config.digest)? {
        target.client.put_small_blob(&target.repository, &config.digest, &store.blob(&config.digest)?)?;
    }
    Ok(())
}

fn encode(manifest: &Manifest) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(manifest).map_err(|e| Error::Io { what: "encode a manifest".to_owned(), source: e.into() })
}

/// Writes and hashes.
struct Hashed {
    file: File,
    hasher: sha2::Sha256,
    size: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Tells how far the uncompressed content is.
struct Counted<'a, W> {
    inner: W,
    blob: &'a Digest,
    progress: &'a dyn Progress,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.progress.advance(self.blob, count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
