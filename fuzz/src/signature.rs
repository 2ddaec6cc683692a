//! Signatures as files of `dir:` and lookaside places, and public keys: what is understood is written as it was.

use image::signature::Signature;
use image::signature::sigstore::key::PublicKey;

pub(crate) fn run(bytes: &[u8]) {
    if let Ok(signature) = Signature::from_bytes(bytes) {
        assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
    }
    let _ = PublicKey::from_pem(bytes);
}
