//! Whether a sigstore signature is by somebody who is trusted. Pure: keys and certificates are given as bytes.

use super::certificate::{Authorities, leaf};
use super::key::PublicKey;
use super::rekor::{self, Recorded};
use super::{BUNDLE, CERTIFICATE, CHAIN, MEDIA_TYPE, SIGNATURE, Sigstore};
use crate::signature::claim::{Claim, Kind};
use crate::signature::pem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Who is trusted.
pub(crate) enum Trust {
    Keys(Vec<PublicKey>),
    Fulcio { roots: Vec<Vec<u8>>, issuer: String, email: String },
    Pki { roots: Vec<Vec<u8>>, intermediates: Vec<Vec<u8>>, email: Option<String>, hostname: Option<String> },
}

/// What the signer claims, once it is sure that it was one who is trusted; `now` in seconds since 1970.
pub(crate) fn verify(signature: &Sigstore, trust: &Trust, logs: &[PublicKey], now: u64) -> Result<Claim, String> {
    if signature.media_type != MEDIA_TYPE {
        return Err("it is no signature of an image but another attachment".to_owned());
    }
    let bytes =
        STANDARD.decode(signature.annotation(SIGNATURE)?).map_err(|e| format!("the signature is not base64: {e}"))?;
    let key = match trust {
        Trust::Keys(keys) => by_key(signature, keys, logs, &bytes)?,
        Trust::Fulcio { roots, issuer, email } => {
            let leaf = leaf(signature.annotation(CERTIFICATE)?)?;
            let time = logged(signature, logs, &leaf, &bytes)?;
            let authorities = Authorities { roots: roots.clone(), intermediates: between(signature)? };
            let signer = authorities.verify(&leaf, time)?;
            signer.expect_code_signing()?;
            signer.expect_issuer(issuer)?;
            signer.expect_email(email)?;
            &signer.key()?
        }
        Trust::Pki { roots, intermediates, email, hostname } => {
            let leaf = leaf(signature.annotation(CERTIFICATE)?)?;
            let time = if logs.is_empty() { now } else { logged(signature, logs, &leaf, &bytes)? };
            let mut intermediates = intermediates.clone();
            intermediates.extend(between(signature)?);
            let signer = Authorities { roots: roots.clone(), intermediates }.verify(&leaf, time)?;
            email.iter().try_for_each(|email| signer.expect_email(email))?;
            hostname.iter().try_for_each(|hostname| signer.expect_hostname(hostname))?;
            &signer.key()?
        }
    };
    if !key.verifies(&signature.payload, &bytes) {
        return Err("the signature is not by a trusted key".to_owned());
    }
    Claim::parse(Kind::Cosign, &signature.payload)
}

fn by_key<'k>(
    signature: &Sigstore,
    keys: &'k [PublicKey],
    logs: &[PublicKey],
    bytes: &[u8],
) -> Result<&'k PublicKey, String> {
    let signer = keys.iter().find(|key| key.verifies(&signature.payload, bytes));
    let signer = signer.ok_or("the signature is not by a trusted key")?;
    if !logs.is_empty() {
        logged(signature, logs, signer.der(), bytes)?;
    }
    Ok(signer)
}

/// When a log recorded it.
fn logged(signature: &Sigstore, logs: &[PublicKey], signer: &[u8], bytes: &[u8]) -> Result<u64, String> {
    let recorded = Recorded { signer, signature: bytes, document: &signature.payload };
    rekor::verify(logs, signature.annotation(BUNDLE)?, &recorded)
}

/// The certificates that came along, which are not trusted but may lead to one that is.
fn between(signature: &Sigstore) -> Result<Vec<Vec<u8>>, String> {
    match signature.annotations.get(CHAIN) {
        Some(chain) if !chain.trim().is_empty() => pem::certificates(chain.as_bytes()),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests;
