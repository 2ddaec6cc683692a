//! Sigstore signatures as cosign stores them: a document, its signature and what proves it, as a layer of an artifact.
//!
//! Nothing in one is believed before [`verify`].

pub(crate) mod attachment;
mod certificate;
pub mod key;
mod private_key;
mod rekor;
pub(crate) mod verify;

pub use private_key::{PrivateKey, generate};

use super::claim::{Claim, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// The media type of a signed document.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Annotation: the signature, base64.
pub(crate) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Annotation: what a transparency log promised.
pub(crate) const BUNDLE: &str = "dev.sigstore.cosign/bundle";
/// Annotation: who signed, as a certificate.
pub(crate) const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// Annotation: certificates up to the root.
pub(crate) const CHAIN: &str = "dev.sigstore.cosign/chain";

/// One signature, not verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sigstore {
    /// Of the document.
    #[serde(rename = "mimeType")]
    pub media_type: String,
    /// The document.
    #[serde(with = "base64_text")]
    pub payload: Vec<u8>,
    /// The rest.
    pub annotations: BTreeMap<String, String>,
}

impl Sigstore {
    /// Signs a claim with a key.
    pub fn create(claim: &Claim, key: &PrivateKey) -> Result<Sigstore, String> {
        let payload = claim.document(Kind::Cosign, SystemTime::now());
        let signature = STANDARD.encode(key.sign(&payload)?);
        let annotations = BTreeMap::from([(SIGNATURE.to_owned(), signature)]);
        Ok(Sigstore { media_type: MEDIA_TYPE.to_owned(), payload, annotations })
    }

    fn annotation(&self, name: &str) -> Result<&str, String> {
        self.annotations.get(name).map(String::as_str).ok_or_else(|| format!("the annotation `{name}` is missing"))
    }
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
