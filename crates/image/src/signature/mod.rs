//! Signatures of images: simple ones (OpenPGP, kept beside a registry) and sigstore's (kept in it, as cosign does).
//!
//! Making, parsing and verifying are functions over bytes; [`lookaside`] and [`sigstore::attachment`] know where they lie.
//! Which of them an image needs is decided in `policy`.

mod claim;
pub mod gpg;
pub(crate) mod lookaside;
pub(crate) mod pem;
pub(crate) mod place;
pub mod signer;
pub mod sigstore;
pub mod simple;

pub use claim::Claim;
pub use sigstore::Sigstore;

/// What precedes every kind but the first: simple signatures begin with an OpenPGP packet, whose first octet isn't 0.
const SIGSTORE_PREFIX: &[u8] = b"\0sigstore-json\n";

/// The most signatures of an image that are looked at.
pub(crate) const MAX_SIGNATURES: usize = 128;

/// One signature, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// A signed OpenPGP message.
    Simple(Vec<u8>),
    /// A sigstore one.
    Sigstore(Sigstore),
}

impl Signature {
    /// As `dir:` keeps it in a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Signature::Simple(message) => message.clone(),
            Signature::Sigstore(signature) => {
                [SIGSTORE_PREFIX, serde_json::json!(signature).to_string().as_bytes()].concat()
            }
        }
    }

    /// From such a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Signature, String> {
        match bytes.strip_prefix(SIGSTORE_PREFIX) {
            Some(json) => serde_json::from_slice(json)
                .map(Signature::Sigstore)
                .map_err(|e| format!("the sigstore signature is malformed: {e}")),
            None if bytes.first().is_some_and(|first| first & 0x80 != 0) => Ok(Signature::Simple(bytes.to_vec())),
            None => Err("it is no signature of a kind that is known".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn files_tell_their_kind() {
        let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let sigstore = Sigstore { media_type: "t".into(), payload: vec![0, 1, 255], annotations };
        for signature in [Signature::Simple(vec![0xa3, 1]), Signature::Sigstore(sigstore)] {
            assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
        }
        for wrong in [&b""[..], b"text", b"\0other-json\n{}", b"\0sigstore-json\n{}"] {
            assert!(Signature::from_bytes(wrong).is_err(), "{wrong:?}");
        }
    }
}
