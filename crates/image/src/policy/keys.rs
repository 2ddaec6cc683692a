//! What a policy's requirements name, read and parsed.

use crate::signature::gpg::Keyring;
use crate::signature::pem;
use crate::signature::sigstore::key::PublicKey;
use crate::signature::sigstore::verify::Trust;
use config::policy::{KeySource, SigstoreTrust};
use std::io::Read;

/// OpenPGP keys of a `signedBy`.
pub(super) fn keyring(sources: &[KeySource]) -> Result<Keyring, String> {
    let keys = sources.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Keyring::with_keys(keys.iter().map(Vec::as_slice))
}

/// Public keys; for logs and signers.
pub(super) fn public_keys(sources: &[KeySource]) -> Result<Vec<PublicKey>, String> {
    let parse = |source| PublicKey::from_pem(&read(source)?).map_err(|why| format!("{}: {why}", name(source)));
    sources.iter().map(parse).collect()
}

/// Who may sign, with its certificates.
pub(super) fn trust(trust: &SigstoreTrust) -> Result<Trust, String> {
    Ok(match trust {
        SigstoreTrust::Keys(sources) => Trust::Keys(public_keys(sources)?),
        SigstoreTrust::Fulcio { ca, oidc_issuer, subject_email } => {
            Trust::Fulcio { roots: certificates(ca)?, issuer: oidc_issuer.clone(), email: subject_email.clone() }
        }
        SigstoreTrust::Pki { roots, intermediates, subject } => Trust::Pki {
            roots: certificates(roots)?,
            intermediates: intermediates.as_ref().map_or(Ok(Vec::new()), certificates)?,
            email: subject.email.clone(),
            hostname: subject.hostname.clone(),
        },
    })
}

fn certificates(source: &KeySource) -> Result<Vec<Vec<u8>>, String> {
    pem::certificates(&read(source)?).map_err(|why| format!("{}: {why}", name(source)))
}

fn read(source: &KeySource) -> Result<Vec<u8>, String> {
    match source {
        KeySource::Data(bytes) => Ok(bytes.clone()),
        KeySource::Path(path) => {
            let mut bytes = Vec::new();
            let opened = std::fs::File::open(path).and_then(|f| f.take(16 << 20).read_to_end(&mut bytes));
            opened.map(|_| bytes).map_err(|e| format!("read `{}`, which the policy names: {e}", path.display()))
        }
    }
}

fn name(source: &KeySource) -> String {
    match source {
        KeySource::Data(_) => "key data in the policy".to_owned(),
        KeySource::Path(path) => format!("`{}`", path.display()),
    }
}
