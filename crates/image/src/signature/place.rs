//! Where the signatures of one repository of a registry lie: beside it (simple ones), in it (sigstore's), or both.

use super::lookaside::{self, Base};
use super::sigstore::attachment;
use super::{Signature, Sigstore};
use crate::{Context, Error, policy};
use config::registries_d;
use oci::{Digest, Reference};
use registry::{Client, Timeouts};

/// As registries.d says for a reference.
pub(crate) struct Places {
    shown: String,
    /// In the lookaside the repository has the name that the user knows, without the registry.
    repository: String,
    read: Base,
    write: Base,
    attachments: bool,
    timeouts: Timeouts,
}

impl Places {
    pub(crate) fn of(context: &Context, reference: &Reference) -> Result<Places, Error> {
        let conf = match &context.registries_d {
            Some(folder) => registries_d::load_folder(folder)?,
            None => registries_d::load(&context.environment)?,
        };
        Ok(Places {
            shown: reference.to_string(),
            repository: reference.repository.clone(),
            read: lookaside::base(context, &conf, reference, false)?,
            write: lookaside::base(context, &conf, reference, true)?,
            attachments: conf.use_sigstore_attachments(&policy::scope::of_reference(reference)),
            timeouts: context.timeouts,
        })
    }

    /// `client` and `repository` are where the image itself is.
    pub(crate) fn get(&self, client: &Client, repository: &str, manifest: &Digest) -> Result<Vec<Signature>, Error> {
        let mut found = lookaside::read(&self.read, &self.repository, manifest, self.timeouts)?;
        if self.attachments {
            let attached = attachment::read(client, repository, manifest)?;
            found.extend(attached.into_iter().map(Signature::Sigstore));
        }
        Ok(found)
    }

    /// Simple ones take the place of those that are there; sigstore's are added.
    pub(crate) fn put(
        &self,
        client: &Client,
        repository: &str,
        manifest: &Digest,
        signatures: &[Signature],
    ) -> Result<(), Error> {
        let mut simple: Vec<&[u8]> = Vec::new();
        let mut attached: Vec<Sigstore> = Vec::new();
        for signature in signatures {
            match signature {
                Signature::Simple(message) => simple.push(message),
                Signature::Sigstore(signature) => attached.push(signature.clone()),
            }
        }
        if !attached.is_empty() && !self.attachments {
            let why = "sigstore signatures may not be written: set use-sigstore-attachments in registries.d".to_owned();
            return Err(Error::Signature { what: format!("store signatures of {}", self.shown), why });
        }
        if !simple.is_empty() {
            lookaside::replace(&self.write, &self.repository, manifest, &simple)?;
        }
        if !attached.is_empty() {
            attachment::add(client, repository, manifest, &attached)?;
        }
        Ok(())
    }
}
