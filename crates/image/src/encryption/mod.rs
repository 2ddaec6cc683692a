//! Encrypted layers as ocicrypt makes them: a layer is sealed with a key of its own, and that key, sealed for each
//! recipient, stands in annotations (`org.opencontainers.image.enc.*`) of the layer's descriptor.
//!
//! [`cipher`] is the layers' side, [`jwe`] the keys'; both work on bytes. PGP, PKCS#7, PKCS#11 and key providers are named
//! in an error: they need programs or devices of their own.

mod cipher;
mod jwe;
mod keys;
mod layers;

pub use keys::{DecryptionKey, EncryptionKey};
pub use layers::{Decryptor, Encryptor, Which};

/// Behind the media type of a layer that is encrypted.
pub(crate) const SUFFIX: &str = "+encrypted";
/// All annotations of encryption begin so.
pub(crate) const NAMESPACE: &str = "org.opencontainers.image.enc.";
/// The layer's key, sealed as JWE for some recipients; several, comma-separated, each base64.
pub(crate) const JWE: &str = "org.opencontainers.image.enc.keys.jwe";
/// What needn't be secret about the cipher.
pub(crate) const PUBLIC: &str = "org.opencontainers.image.enc.pubopts";
