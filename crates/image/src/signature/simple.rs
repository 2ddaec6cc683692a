//! Simple signing, containers-signature(5): the claim as a signed OpenPGP message.

use super::claim::{Claim, Kind};
use super::gpg::{self, Keyring};
use std::time::SystemTime;

/// Signs a claim with one of the user's OpenPGP keys.
pub fn create(claim: &Claim, key: &str, passphrase: Option<&str>) -> Result<Vec<u8>, String> {
    gpg::sign(key, passphrase, &claim.document(Kind::Simple, SystemTime::now()))
}

/// What the signer claims, and by which keys: the signing one and the primary one it belongs to.
pub fn verify(message: &[u8], keys: &Keyring) -> Result<(Claim, [String; 2]), String> {
    let verified = keys.verify(message)?;
    let claim = Claim::parse(Kind::Simple, &verified.content)?;
    Ok((claim, [verified.fingerprint, verified.primary]))
}
