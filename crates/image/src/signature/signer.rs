//! Signatures made as an image is written.

use super::sigstore::PrivateKey;
use super::{Claim, Signature, Sigstore, simple};
use crate::copy::Sign;
use crate::source::Fetched;
use crate::{Error, Location};
use oci::Reference;

/// By one of the user's OpenPGP keys (`--sign-by`).
pub struct SimpleSigner {
    /// Fingerprint, key id or mail address.
    pub key: String,
    /// `None`: the agent asks.
    pub passphrase: Option<String>,
    /// The name that is signed, instead of the destination's.
    pub identity: Option<Reference>,
}

/// By a sigstore key (`--sign-by-sigstore-private-key`).
pub struct SigstoreSigner {
    /// Opened.
    pub key: PrivateKey,
    /// The name that is signed, instead of the destination's.
    pub identity: Option<Reference>,
}

impl Sign for SimpleSigner {
    fn sign(&self, manifest: &Fetched, sink: &Location) -> Result<Signature, Error> {
        let claim = claim(manifest, sink, self.identity.as_ref())?;
        let message = simple::create(&claim, &self.key, self.passphrase.as_deref());
        message.map(Signature::Simple).map_err(|why| failed(&claim, why))
    }
}

impl Sign for SigstoreSigner {
    fn sign(&self, manifest: &Fetched, sink: &Location) -> Result<Signature, Error> {
        let claim = claim(manifest, sink, self.identity.as_ref())?;
        Sigstore::create(&claim, &self.key).map(Signature::Sigstore).map_err(|why| failed(&claim, why))
    }
}

fn failed(claim: &Claim, why: String) -> Error {
    Error::Signature { what: format!("sign {}", claim.reference), why }
}

fn claim(manifest: &Fetched, sink: &Location, identity: Option<&Reference>) -> Result<Claim, Error> {
    let reference = match (identity, sink) {
        (Some(identity), _) | (None, Location::Docker(identity)) => identity,
        (None, other) => {
            let why = "Cannot determine canonical Docker reference for destination: give --sign-identity".to_owned();
            return Err(Error::Signature { what: format!("sign {other}"), why });
        }
    };
    Ok(Claim { digest: manifest.digest.clone(), reference: reference.to_string() })
}
