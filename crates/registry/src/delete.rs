//! Deleting a manifest, and with it every tag that stands for it.

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
}
