//! Deleting a manifest, and with it every tag that stands for it; or one tag alone, where the registry can.

use crate::authorization::Scope;
use crate::send::{Exchange, Target, error_of};
use crate::{Client, Error};
use oci::Digest;

impl Client {
    /// Deletes a manifest by its digest.
    pub fn delete_manifest(&self, repository: &str, digest: &Digest) -> Result<(), Error> {
        let what = format!("delete manifest {digest} of {}/{repository}", self.registry);
        let path = format!("/v2/{repository}/manifests/{digest}");
        let exchange = Exchange { method: "DELETE", ..Exchange::get() };
        let response = self.send(&what, Target::Path(&path), &Scope::delete(repository), &exchange)?;
        if response.status().is_success() { Ok(()) } else { Err(error_of(self, &what, &self.registry, response)) }
    }

    /// Deletes a tag and leaves the manifest to others; false if the registry deletes by digests only.
    pub fn delete_tag(&self, repository: &str, tag: &str) -> Result<bool, Error> {
        let what = format!("delete tag {tag} of {}/{repository}", self.registry);
        let path = format!("/v2/{repository}/manifests/{tag}");
        let exchange = Exchange { method: "DELETE", ..Exchange::get() };
        let response = self.send(&what, Target::Path(&path), &Scope::delete(repository), &exchange)?;
        match response.status().as_u16() {
            200..=299 => Ok(true),
            // "Unsupported", in the words of several registries.
            400 | 404 | 405 | 501 => Ok(false),
            _ => Err(error_of(self, &what, &self.registry, response)),
        }
    }
}
