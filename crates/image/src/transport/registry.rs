//! `docker://`: a repository of a registry.

use crate::archive::temporary_file;
use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::resume::{Resumed, SMALLEST};
use crate::signature::Signature;
use crate::signature::place::Places;
use crate::sink::{Blob, Format, Layers, Needs, Place, Sink};
use crate::source::{Fetched, Source};
use crate::{Context, Error, Location};
use oci::image::Descriptor;
use oci::{Digest, Reference, media_type};
use registry::Client;
use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use store::Store;

/// One reference behind a client.
pub struct RegistrySource<'a> {
    client: Arc<Client>,
    /// Where the beginnings of blobs are kept.
    partials: Option<&'a Store>,
    /// Blobs of which a part came from there.
    resumed: Mutex<HashSet<Digest>>,
    /// As the user knows it.
    logical: Reference,
    /// At the endpoint, which may be a mirror.
    place: Reference,
    signatures: Places,
    /// Asked for once.
    top: Mutex<Option<Fetched>>,
}

impl<'a> RegistrySource<'a> {
    /// At the registry itself, as registries.conf rewrites its name.
    pub fn open(context: &Context, reference: &Reference) -> Result<RegistrySource<'a>, Error> {
        let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
        let (client, place) = context.client(&endpoint)?;
        RegistrySource::at(context, client, reference.clone(), place)
    }

    /// At an endpoint.
    pub(crate) fn at(
        context: &Context,
        client: Arc<Client>,
        logical: Reference,
        place: Reference,
    ) -> Result<RegistrySource<'a>, Error> {
        let signatures = Places::of(context, &logical)?;
        let (top, resumed) = Default::default();
        Ok(RegistrySource { client, partials: None, resumed, logical, place, signatures, top })
    }

    /// Goes on with blobs whose transfer broke off, and keeps what comes for such a case.
    pub(crate) fn resuming(self, store: &'a Store) -> RegistrySource<'a> {
        RegistrySource { partials: Some(store), ..self }
    }

    /// The client, for what isn't copying.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// All tags of the repository.
    pub fn tags(&self) -> Result<Vec<String>, Error> {
        Ok(self.client.tags(&self.place.repository)?)
    }

    /// What the registry says it has under the reference, without fetching it.
    pub(crate) fn claimed_digest(&self) -> Result<Option<Digest>, Error> {
        Ok(self.client.claim(&self.place.repository, &wanted(&self.place))?.digest)
    }
}

/// Tag or digest.
pub(crate) fn wanted(place: &Reference) -> String {
    match (&place.digest, &place.tag) {
        (Some(digest), _) => digest.to_string(),
        (None, Some(tag)) => tag.clone(),
        (None, None) => "latest".to_owned(),
    }
}

impl Source for RegistrySource<'_> {
    fn name(&self) -> String {
        self.place.to_string()
    }

    fn location(&self) -> Location {
        Location::Docker(self.logical.clone())
    }

    fn top(&self) -> Result<Fetched, Error> {
        let mut known = self.top.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(top) = &*known {
            return Ok(top.clone());
        }
        let manifest = self.client.manifest(&self.place.repository, &wanted(&self.place))?;
        let top = Fetched { bytes: manifest.bytes, media_type: manifest.media_type, digest: manifest.digest };
        *known = Some(top.clone());
        Ok(top)
    }

    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let Descriptor { digest, size, .. } = descriptor;
        Ok(Box::new(self.client.blob(&self.place.repository, digest, *size, from)?))
    }

    fn resumed_blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send + '_>, Error> {
        let Descriptor { digest, size, .. } = descriptor;
        let Some(store) = self.partials.filter(|_| *size >= SMALLEST) else { return self.blob(descriptor, 0) };
        let Some(kept) = store.partial(digest)? else { return self.blob(descriptor, 0) };
        let wanted = descriptor.clone();
        let resumed = Resumed::new(kept, *size, Box::new(move |from| self.blob(&wanted, from)))?;
        if resumed.is_resumed() {
            lock(&self.resumed).insert(digest.clone());
        }
        Ok(Box::new(resumed))
    }

    fn distrust(&self, descriptor: &Descriptor) -> bool {
        let was_resumed = lock(&self.resumed).remove(&descriptor.digest);
        if let (true, Some(store)) = (was_resumed, self.partials)
            && let Err(error) = store.drop_partial(&descriptor.digest)
        {
            log::warn!("{error}");
        }
        was_resumed
    }

    fn part(&self, descriptor: &Descriptor, part: Range<u64>) -> Result<Option<Box<dyn Read + Send + '_>>, Error> {
        let Descriptor { digest, size, .. } = descriptor;
        Ok(Some(Box::new(self.client.blob_part(&self.place.repository, digest, *size, part)?)))
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let manifest = self.client.manifest(&self.place.repository, descriptor.digest.as_str())?;
        let found = manifest.bytes.len() as u64;
        if found != descriptor.size {
            let what = format!("manifest {} of {}", descriptor.digest, self.name());
            return Err(Error::WrongSize { what, expected: descriptor.size, found });
        }
        Ok(manifest.bytes)
    }

    fn signatures(&self, manifest: &Digest) -> Result<Vec<Signature>, Error> {
        self.signatures.get(&self.client, &self.place.repository, manifest)
    }

    fn repository(&self) -> Option<&Reference> {
        Some(&self.place)
    }
}

/// A repository that is written.
pub struct RegistrySink<'a> {
    client: Arc<Client>,
    /// Where content goes first whose digest isn't known yet; `None`: it is uploaded as it is made.
    spool: Option<&'a Store>,
    logical: Reference,
    place: Reference,
    signatures: Places,
}

impl<'a> RegistrySink<'a> {
    /// As registries.conf rewrites its name.
    pub fn open(store: &'a Store, context: &Context, reference: &Reference) -> Result<RegistrySink<'a>, Error> {
        let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
        let (client, place) = context.client(&endpoint)?;
        let signatures = Places::of(context, reference)?;
        let spool = context.precompute_digests.then_some(store);
        Ok(RegistrySink { client, spool, logical: reference.clone(), place, signatures })
    }

    /// The client, for what isn't copying.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Uploads it only if its digest, known then, isn't there.
    fn put_spooled(&self, store: &Store, mut content: Content<'_>) -> Result<Sum, Error> {
        let what = format!("write {} to a temporary file", content.what());
        let mut file = temporary_file(store)?;
        io::copy(&mut content, &mut file).map_err(Error::io(what.clone()))?;
        let sum = content.finish()?;
        if !self.client.has_blob(&self.place.repository, &sum.digest)? {
            file.seek(SeekFrom::Start(0)).map_err(Error::io(what))?;
            self.client.put_blob(&self.place.repository, &sum.digest, sum.size, &mut file)?;
        }
        Ok(sum)
    }
}

impl Sink for RegistrySink<'_> {
    fn name(&self) -> String {
        self.place.to_string()
    }

    fn location(&self) -> Location {
        Location::Docker(self.logical.clone())
    }

    fn needs(&self) -> Needs {
        Needs {
            formats: &[Format::Oci, Format::Docker],
            proves_diff_ids: false,
            layers: Layers::Compress,
            parallel: true,
            images_only: false,
            exact: self.place.digest.is_some(),
        }
    }

    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        Ok(self.client.has_blob(&self.place.repository, &blob.descriptor.digest)?)
    }

    fn mount(&self, blob: &Blob<'_>, from: &str) -> Result<bool, Error> {
        Ok(self.client.mount_blob(&self.place.repository, &blob.descriptor.digest, from)?)
    }

    fn put(&self, _blob: &Blob<'_>, content: Content<'_>) -> Result<Sum, Error> {
        let known = content.sum().cloned();
        if let (None, Some(store)) = (&known, self.spool) {
            return self.put_spooled(store, content);
        }
        let mut watched = Watched { content: Some(content), failure: None };
        let repository = &self.place.repository;
        let result = match known {
            Some(sum) => {
                let sent = self.client.put_blob(repository, &sum.digest, sum.size, &mut watched);
                sent.map_err(Error::from).and_then(|()| watched.finish())
            }
            None => {
                let shared = Mutex::new((&mut watched, None));
                let sent = self.client.put_stream(repository, &mut Shared(&shared), || {
                    let (watched, sum) = &mut *lock(&shared);
                    let found = watched.finish()?;
                    *sum = Some(found.clone());
                    Ok::<_, Error>(found.digest)
                });
                let sum = lock(&shared).1.take();
                sent.and_then(|()| sum.ok_or_else(|| Error::Unverified { what: self.name() }))
            }
        };
        // When the content was at fault, that is the reason and not the connection that broke off for it.
        match (result, watched.failure) {
            (Err(_), Some(failure)) => Err(Error::io(format!("read what is sent to {}", self.name()))(failure)),
            (result, _) => result,
        }
    }

    fn put_manifest(&self, manifest: &Fetched, place: Place) -> Result<(), Error> {
        let name = match place {
            Place::Top => wanted(&self.place),
            Place::Instance => manifest.digest.to_string(),
        };
        let media_type = manifest.media_type.as_deref().unwrap_or(media_type::OCI_MANIFEST);
        Ok(self.client.put_manifest(&self.place.repository, &name, media_type, &manifest.bytes)?)
    }

    fn put_signatures(&self, manifest: &Digest, signatures: &[Signature]) -> Result<(), Error> {
        self.signatures.put(&self.client, &self.place.repository, manifest, signatures)
    }

    fn commit(&self, _copied: &Copied) -> Result<(), Error> {
        Ok(())
    }

    fn repository(&self) -> Option<&Reference> {
        Some(&self.place)
    }
}

/// Remembers why reading failed: the connection knows only that it did.
struct Watched<'a> {
    content: Option<Content<'a>>,
    failure: Option<io::Error>,
}

impl Watched<'_> {
    fn finish(&mut self) -> Result<Sum, Error> {
        match self.content.take() {
            Some(content) => content.finish(),
            None => Err(Error::Unverified { what: "a blob that was sent".to_owned() }),
        }
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(content) = &mut self.content else { return Ok(0) };
        content.read(buffer).map_err(|e| {
            let kind = e.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure = Some(e);
            }
            kind.into()
        })
    }
}

/// Read while it is sent, finished afterwards.
struct Shared<'m, 'w, 'c>(&'m Mutex<(&'w mut Watched<'c>, Option<Sum>)>);

impl Read for Shared<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        lock(self.0).0.read(buffer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
