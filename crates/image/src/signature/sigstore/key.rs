//! Public keys as certificates and PEM files carry them, and the signatures that sigstore makes with them.

use crate::signature::pem;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A key that verifies.
pub struct PublicKey {
    algorithm: &'static dyn VerificationAlgorithm,
    bytes: Vec<u8>,
    der: Vec<u8>,
}

impl PublicKey {
    /// From a PEM file with one key.
    pub fn from_pem(text: &[u8]) -> Result<PublicKey, String> {
        let section = pem::single(text)?;
        match section.label.as_str() {
            "PUBLIC KEY" => PublicKey::from_der(&section.bytes),
            label => Err(format!("there is `{label}` in it and no PUBLIC KEY")),
        }
    }

    /// From a SubjectPublicKeyInfo.
    pub(crate) fn from_der(der: &[u8]) -> Result<PublicKey, String> {
        let info = SubjectPublicKeyInfoOwned::from_der(der).map_err(|e| format!("the public key is malformed: {e}"))?;
        PublicKey::from_info(&info)
    }

    pub(crate) fn from_info(info: &SubjectPublicKeyInfoOwned) -> Result<PublicKey, String> {
        let curve = || info.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        let algorithm: &'static dyn VerificationAlgorithm = match (info.algorithm.oid, curve()) {
            (EC, Some(P256)) => &signature::ECDSA_P256_SHA256_ASN1,
            (EC, Some(P384)) => &signature::ECDSA_P384_SHA256_ASN1,
            (RSA, _) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (ED25519, _) => &signature::ED25519,
            (oid, _) => return Err(format!("public keys of algorithm {oid} are not supported")),
        };
        let bytes = info.subject_public_key.as_bytes().ok_or("the public key is malformed")?.to_vec();
        let der = info.to_der().map_err(|e| format!("the public key is malformed: {e}"))?;
        Ok(PublicKey { algorithm, bytes, der })
    }

    /// The SubjectPublicKeyInfo.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the signature is by this key over these bytes.
    pub(crate) fn verifies(&self, content: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm, &self.bytes).verify(content, signature).is_ok()
    }
}
