//! Manifests and indexes: bytes, what the registry calls them, and a digest that we computed.

use crate::authorization::Scope;
use crate::send::{Content, Exchange, Target, error_of, read_bounded};
use crate::{Client, Error};
use oci::{Digest, media_type};
use ureq::Body;
use ureq::http::{Response, header};

/// What the registry gave for a tag or digest.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// As they came; their digest is `digest`.
    pub bytes: Vec<u8>,
    /// `Content-Type`.
    pub media_type: Option<String>,
    /// Computed from the bytes.
    pub digest: Digest,
}

/// What the registry says of a manifest that it doesn't send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `None`: it doesn't tell.
    pub digest: Option<Digest>,
    /// `Content-Type`.
    pub media_type: Option<String>,
}

/// The header in which a registry claims a digest.
const CLAIM: &str = "docker-content-digest";

impl Client {
    /// Fetches by tag or digest; the digest that was asked for, or that the registry claims, must be that of the bytes.
    pub fn manifest(&self, repository: &str, reference: &str) -> Result<Manifest, Error> {
        let what = format!("read manifest {reference} of {}/{repository}", self.registry);
        let response = self.request_manifest(&what, "GET", repository, reference)?;
        let media_type = text(&response, header::CONTENT_TYPE.as_str());
        let claimed = text(&response, CLAIM).and_then(|claim| claim.parse::<Digest>().ok());
        let bytes = read_bounded(&what, response, oci::image::manifest::MAX_BYTES as u64)?;
        let expected = reference.parse::<Digest>().ok().or(claimed);
        let found = expected.as_ref().map_or_else(|| Digest::sha256(&bytes), |expected| expected.same_of(&bytes));
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(Error::WrongDigest { what, expected, found });
        }
        Ok(Manifest { bytes, media_type, digest: found })
    }

    /// What the registry claims to have under a tag, without fetching it. Good for "has it changed?" only.
    pub fn claim(&self, repository: &str, reference: &str) -> Result<Claim, Error> {
        let what = format!("look for manifest {reference} of {}/{repository}", self.registry);
        let response = self.request_manifest(&what, "HEAD", repository, reference)?;
        let digest = text(&response, CLAIM).and_then(|claim| claim.parse().ok());
        Ok(Claim { digest, media_type: text(&response, header::CONTENT_TYPE.as_str()) })
    }

    fn request_manifest(
        &self,
        what: &str,
        method: &'static str,
        repository: &str,
        reference: &str,
    ) -> Result<Response<Body>, Error> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let headers = vec![("accept", media_type::MANIFESTS.join(", "))];
        let exchange = Exchange { method, headers, body: Content::Nothing };
        let response = self.send(what, Target::Path(&path), &Scope::pull(repository), &exchange)?;
        if response.status() == 200 { Ok(response) } else { Err(error_of(self, what, &self.registry, response)) }
    }

    /// Stores a manifest under a tag or its digest.
    pub fn put_manifest(&self, repository: &str, reference: &str, media_type: &str, bytes: &[u8]) -> Result<(), Error> {
        let what = format!("write manifest {reference} of {}/{repository}", self.registry);
        let path = format!("/v2/{repository}/manifests/{reference}");
        let headers = vec![("content-type", media_type.to_owned())];
        let exchange = Exchange { method: "PUT", headers, body: Content::Bytes(bytes) };
        let response = self.send(&what, Target::Path(&path), &Scope::push(repository), &exchange)?;
        if !response.status().is_success() {
            return Err(error_of(self, &what, &self.registry, response));
        }
        let expected = Digest::sha256(bytes);
        match text(&response, CLAIM).and_then(|claim| claim.parse::<Digest>().ok()) {
            Some(found) if found.algorithm() == "sha256" && found != expected => {
                Err(Error::WrongDigest { what, expected, found })
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn text(response: &Response<Body>, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}
