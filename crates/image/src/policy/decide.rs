//! One requirement, one image and its signatures: yes, or why not.

use super::{Subject, identity, keys};
use crate::signature::sigstore::verify;
use crate::signature::{Claim, Signature, simple};
use config::policy::{KeySource, Requirement, SignedIdentity, SigstoreSigned};
use oci::Digest;
use std::time::SystemTime;

const NONE: &str = "A signature was required, but no signature exists";

/// Whether signatures have to be looked for at all.
pub(super) fn needs_signatures(requirements: &[Requirement]) -> bool {
    // What is rejected anyway needs no more questions.
    !requirements.contains(&Requirement::Reject)
        && requirements.iter().any(|r| matches!(r, Requirement::SignedBy { .. } | Requirement::SigstoreSigned(_)))
}

pub(super) fn meets(requirement: &Requirement, subject: &Subject<'_>, found: &[Signature]) -> Result<(), String> {
    match requirement {
        Requirement::InsecureAcceptAnything => Ok(()),
        Requirement::Reject => Err(format!("Running image {} is rejected by policy.", subject.location)),
        Requirement::SignedBy { keys, identity } => signed_by(keys, identity, subject, found),
        Requirement::SigstoreSigned(required) => sigstore_signed(required, subject, found),
    }
}

fn signed_by(
    sources: &[KeySource],
    identity: &SignedIdentity,
    subject: &Subject<'_>,
    found: &[Signature],
) -> Result<(), String> {
    let messages: Vec<_> =
        found.iter().filter_map(|s| if let Signature::Simple(m) = s { Some(m) } else { None }).collect();
    if messages.is_empty() {
        return Err(missing(found.len(), "sigstore signatures"));
    }
    let keyring = keys::keyring(sources)?;
    one_is_good(messages, |message| {
        let (claim, _) = simple::verify(message, &keyring)?;
        fits(&claim, identity, subject)
    })
}

fn sigstore_signed(required: &SigstoreSigned, subject: &Subject<'_>, found: &[Signature]) -> Result<(), String> {
    let attached: Vec<_> =
        found.iter().filter_map(|s| if let Signature::Sigstore(s) = s { Some(s) } else { None }).collect();
    if attached.is_empty() {
        return Err(missing(found.len(), "non-sigstore signatures"));
    }
    let trust = keys::trust(&required.trust)?;
    let logs = keys::public_keys(&required.rekor)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    one_is_good(attached, |signature| {
        let claim = verify::verify(signature, &trust, &logs, now)?;
        fits(&claim, &required.identity, subject)
    })
}

fn missing(others: usize, kind: &str) -> String {
    if others == 0 { NONE.to_owned() } else { format!("{NONE} ({others} {kind})") }
}

/// One is enough; else why each isn't.
fn one_is_good<S>(all: Vec<S>, good: impl Fn(S) -> Result<(), String>) -> Result<(), String> {
    let mut reasons = Vec::new();
    for signature in all {
        match good(signature) {
            Ok(()) => return Ok(()),
            Err(why) => reasons.push(why),
        }
    }
    match reasons.as_slice() {
        [one] => Err(one.clone()),
        several => Err(format!("None of the signatures were accepted, reasons: {}", several.join("; "))),
    }
}

/// A trusted claim is about this image.
fn fits(claim: &Claim, identity: &SignedIdentity, subject: &Subject<'_>) -> Result<(), String> {
    if !is_digest_of(&claim.digest, subject.manifest) {
        return Err(format!("Signature for digest {} does not match", claim.digest));
    }
    match identity::matches(identity, subject.reference, &claim.reference) {
        true => Ok(()),
        false => {
            Err(format!("Signature for identity \"{}\" is not accepted", crate::error::printable(&claim.reference)))
        }
    }
}

fn is_digest_of(digest: &Digest, bytes: &[u8]) -> bool {
    // SHA-512 is what nobody signs; an unknown algorithm didn't parse.
    digest.algorithm() == "sha256" && *digest == Digest::sha256(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Location;
    use crate::signature::Sigstore;
    use crate::signature::sigstore::{PrivateKey, generate};
    use config::policy::{Policy, SigstoreTrust};
    use oci::Reference;

    const MANIFEST: &[u8] = b"{\"schemaVersion\":2}";

    struct Signer {
        key: PrivateKey,
        public: String,
    }

    fn signer() -> Signer {
        let (private, public) = generate(b"").unwrap();
        Signer { key: PrivateKey::open(private.as_bytes(), b"").unwrap(), public }
    }

    fn sign(signer: &Signer, manifest: &[u8], reference: &str) -> Signature {
        let claim = Claim { digest: Digest::sha256(manifest), reference: reference.into() };
        Signature::Sigstore(Sigstore::create(&claim, &signer.key).unwrap())
    }

    fn required(signer: &Signer) -> Requirement {
        Requirement::SigstoreSigned(SigstoreSigned {
            trust: SigstoreTrust::Keys(vec![KeySource::Data(signer.public.clone().into_bytes())]),
            rekor: Vec::new(),
            identity: SignedIdentity::default(),
        })
    }

    fn ask(requirement: &Requirement, reference: &Reference, found: &[Signature]) -> Result<(), String> {
        let location = Location::Docker(reference.clone());
        meets(requirement, &Subject { reference: Some(reference), location: &location, manifest: MANIFEST }, found)
    }

    #[test]
    fn one_good_signature_is_enough() {
        let (ours, other) = (signer(), signer());
        let image: Reference = "a.b/c:1".parse().unwrap();
        let ask = |found: &[Signature]| ask(&required(&ours), &image, found);
        let good = sign(&ours, MANIFEST, "a.b/c:1");
        let foreign = sign(&other, MANIFEST, "a.b/c:1");
        assert_eq!(ask(std::slice::from_ref(&good)), Ok(()));
        assert_eq!(ask(&[foreign.clone(), good]), Ok(()));
        assert_eq!(ask(&[]).unwrap_err(), NONE);
        assert!(ask(&[Signature::Simple(vec![0xa3])]).unwrap_err().contains("1 non-sigstore"));
        assert!(ask(&[foreign]).unwrap_err().contains("not by a trusted key"));
        assert!(ask(&[sign(&ours, b"other", "a.b/c:1")]).unwrap_err().contains("digest"));
        assert!(ask(&[sign(&ours, MANIFEST, "a.b/c:2")]).unwrap_err().contains("a.b/c:2"));
    }

    #[test]
    fn rejection_asks_for_no_signatures() {
        let requirements = |text: &str| Policy::parse(&format!("{{\"default\":[{text}]}}")).unwrap().default;
        let signed = r#"{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"}"#;
        assert!(needs_signatures(&requirements(signed)));
        assert!(!needs_signatures(&requirements(&format!("{signed},{{\"type\":\"reject\"}}"))));
        assert!(!needs_signatures(&requirements(r#"{"type":"insecureAcceptAnything"}"#)));
    }
}
