//! An OCI image layout, as an archive or a folder: `index.json` and `blobs/<algorithm>/<hex>`.

use super::Members;
use crate::Error;
use crate::error::printable;
use crate::source::{Fetched, Source};
use oci::image::{Descriptor, Document, Index};
use oci::{Digest, Reference, media_type};
use std::io::Read;

/// Where tools write an image's name: containerd's is always a full one.
const NAME_ANNOTATIONS: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// A layout as a source.
pub(crate) struct Layout<M> {
    members: M,
    index: Index,
}

impl<M: Members> Layout<M> {
    /// `None` without an `index.json`.
    pub(crate) fn open(members: M) -> Result<Option<Layout<M>>, Error> {
        let limit = oci::image::manifest::MAX_BYTES as u64;
        let Some(bytes) = members.read_small("index.json", limit)? else { return Ok(None) };
        let invalid = |source| Error::Manifest { what: format!("index.json of {}", members.name()), source };
        match Document::parse(&bytes, Some(media_type::OCI_INDEX)).map_err(invalid)? {
            Document::Index(index) => Ok(Some(Layout { members, index })),
            Document::Manifest(_) => {
                Err(Error::Archive { archive: members.name().to_owned(), why: "index.json is no index".to_owned() })
            }
        }
    }

    /// The images to load, each with its name: all that have names, or else the one for this machine.
    pub(crate) fn images(&self) -> Result<Vec<(Fetched, Option<String>)>, Error> {
        let named: Vec<_> = self.index.manifests.iter().filter(|d| is_image(d)).map(|d| (d, name_of(d))).collect();
        if named.is_empty() {
            let why = "index.json lists no image".to_owned();
            return Err(Error::Archive { archive: self.members.name().to_owned(), why });
        }
        let several_platforms = named.len() > 1 && named.iter().all(|(d, name)| name.is_none() && d.platform.is_some());
        if several_platforms {
            // The index itself is the image.
            let bytes = serde_json::to_vec(&self.index)
                .map_err(|e| Error::Io { what: "encode an index".to_owned(), source: e.into() })?;
            let digest = Digest::sha256(&bytes);
            return Ok(vec![(Fetched { bytes, media_type: None, digest }, None)]);
        }
        named.into_iter().map(|(descriptor, name)| Ok((self.fetch(descriptor)?, name))).collect()
    }

    fn fetch(&self, descriptor: &Descriptor) -> Result<Fetched, Error> {
        let bytes = self.manifest(descriptor)?;
        let media_type = Some(descriptor.media_type.clone());
        Ok(Fetched { bytes, media_type, digest: descriptor.digest.clone() })
    }
}

/// Signatures and attestations lie beside images.
fn is_image(descriptor: &Descriptor) -> bool {
    use media_type::{Kind, classify};
    matches!(classify(&descriptor.media_type), Kind::Manifest | Kind::Index)
        && !descriptor.annotations.contains_key("vnd.docker.reference.type")
}

fn name_of(descriptor: &Descriptor) -> Option<String> {
    NAME_ANNOTATIONS.iter().find_map(|key| descriptor.annotations.get(*key)).filter(|name| !name.is_empty()).cloned()
}

/// The full name for an annotation: what has no registry is `localhost/`'s.
pub(crate) fn full_name(annotation: &str) -> Result<Reference, Error> {
    let name: oci::reference::Name = annotation.parse()?;
    let mut reference = name.in_registry("localhost");
    reference.digest = None;
    Ok(reference.with_default_tag())
}

impl<M: Members> Source for Layout<M> {
    fn name(&self) -> String {
        self.members.name().to_owned()
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + '_>, Error> {
        let path = format!("blobs/{}/{}", descriptor.digest.algorithm(), descriptor.digest.hex());
        let member = self.members.open(&path)?.ok_or_else(|| Error::Archive {
            archive: self.members.name().to_owned(),
            why: format!("blob {} is missing", printable(descriptor.digest.as_str())),
        })?;
        Ok(member.reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_become_full_names() {
        assert_eq!(full_name("quay.io/a/b:1").unwrap().to_string(), "quay.io/a/b:1");
        assert_eq!(full_name("a").unwrap().to_string(), "localhost/a:latest");
        assert_eq!(full_name("docker.io/a:2").unwrap().to_string(), "docker.io/library/a:2");
        assert!(full_name("A b").is_err());
    }
}
