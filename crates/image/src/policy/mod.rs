//! Whether the policy accepts an image: requirements by transport and scope, each answered with signatures.
//!
//! [`Guard`] is the gate of a copy. `scope`, `identity` and `decide` don't touch the disk; `keys` reads what the policy
//! names. Signatures are fetched only when a requirement asks for one.

mod decide;
pub(crate) mod identity;
mod keys;
pub(crate) mod scope;

use crate::copy::{Gate, Hooks, LayerCipher, Options};
use crate::signature::Signature;
use crate::source::{Fetched, Source};
use crate::{Context, Error, Location, Progress};
use config::policy::Requirement;
use oci::Reference;

/// What the context's policy says, before anything of an image is stored.
#[derive(Clone, Copy)]
pub struct Guard<'a> {
    /// With the policy.
    pub context: &'a Context,
}

impl<'a> Guard<'a> {
    /// For a copy into the store: guarded, and opening what is encrypted for the context's keys. The store has no place for
    /// signatures.
    pub fn options<'o>(&'o self, progress: &'o dyn Progress) -> Options<'o>
    where
        'a: 'o,
    {
        Options { remove_signatures: true, ..self.over(&Options::new(progress)) }
    }

    /// The same options, guarded, and opening what is encrypted for the context's keys.
    pub fn over<'o>(&'o self, options: &Options<'o>) -> Options<'o>
    where
        'a: 'o,
    {
        let decrypt = self.context.decryption.as_deref().map(|decryptor| decryptor as &dyn LayerCipher);
        Options { hooks: Hooks { gate: Some(self), decrypt, ..options.hooks }, ..options.again() }
    }

    fn requirements(&self, scopes: &Scopes) -> Result<&'a [Requirement], Error> {
        Ok(self.context.policy()?.requirements(scopes.transport, &scopes.scopes))
    }
}

impl Gate for Guard<'_> {
    fn needs_signatures(&self, source: &dyn Source) -> Result<bool, Error> {
        Ok(decide::needs_signatures(self.requirements(&Scopes::of(&source.location()))?))
    }

    fn allow(&self, source: &dyn Source, manifest: &Fetched, signatures: &[Signature]) -> Result<(), Error> {
        let location = source.location();
        let scopes = Scopes::of(&location);
        let subject = Subject { reference: scopes.reference.as_ref(), location: &location, manifest: &manifest.bytes };
        for requirement in self.requirements(&scopes)? {
            decide::meets(requirement, &subject, signatures)
                .map_err(|why| Error::Rejected { image: location.to_string(), why })?;
        }
        Ok(())
    }
}

/// An image as requirements see it.
struct Subject<'a> {
    /// The name that it was asked for by, if it has one.
    reference: Option<&'a Reference>,
    location: &'a Location,
    /// What was fetched, index or image.
    manifest: &'a [u8],
}

/// By what a policy can speak of a location.
struct Scopes {
    transport: &'static str,
    /// The most specific first.
    scopes: Vec<String>,
    reference: Option<Reference>,
}

impl Scopes {
    fn of(location: &Location) -> Scopes {
        use crate::DaemonImage;
        let named = |reference: &Reference| (scope::of_reference(reference), Some(reference.clone()));
        let (scopes, reference) = match location {
            Location::Docker(reference) | Location::Daemon(DaemonImage::Name(reference)) => named(reference),
            Location::Oci { path, .. } | Location::OciArchive { path, .. } | Location::Dir(path) => {
                // A path that doesn't resolve has no scope of its own; reading from it fails anyway.
                (std::fs::canonicalize(path).map(|path| scope::of_path(&path)).unwrap_or_default(), None)
            }
            Location::DockerArchive { .. } | Location::Daemon(DaemonImage::Id(_)) | Location::Storage(_) => {
                (Vec::new(), None)
            }
        };
        Scopes { transport: location.transport(), scopes, reference }
    }
}
