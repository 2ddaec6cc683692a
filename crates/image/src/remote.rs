//! A repository of a registry as a source.

use crate::Error;
use crate::source::{Fetched, Source};
use oci::Reference;
use oci::image::Descriptor;
use registry::Client;
use std::io::Read;

/// One reference behind a client.
pub(crate) struct Remote {
    pub(crate) client: Client,
    /// At the endpoint, which may be a mirror.
    pub(crate) reference: Reference,
}

impl Remote {
    /// What the tag or digest stands for: an image's manifest or an index.
    pub(crate) fn top(&self) -> Result<Fetched, Error> {
        let manifest = self.client.manifest(&self.reference.repository, &self.wanted())?;
        Ok(Fetched { bytes: manifest.bytes, media_type: manifest.media_type, digest: manifest.digest })
    }

    /// Tag or digest.
    pub(crate) fn wanted(&self) -> String {
        match (&self.reference.digest, &self.reference.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl Source for Remote {
    fn name(&self) -> String {
        self.reference.to_string()
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + '_>, Error> {
        let reader = self.client.blob(&self.reference.repository, &descriptor.digest, descriptor.size)?;
        Ok(Box::new(reader))
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let manifest = self.client.manifest(&self.reference.repository, descriptor.digest.as_str())?;
        let found = manifest.bytes.len() as u64;
        if found != descriptor.size {
            let what = format!("manifest {} of {}", descriptor.digest, self.name());
            return Err(Error::WrongSize { what, expected: descriptor.size, found });
        }
        Ok(manifest.bytes)
    }
}
