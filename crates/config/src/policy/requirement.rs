//! One requirement: `{"type": …}`.

use super::SignedIdentity;
use std::path::PathBuf;

/// What an image has to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// Every image meets it.
    InsecureAcceptAnything,
    /// None does.
    Reject,
    /// A simple signature by one of these OpenPGP keys.
    SignedBy {
        /// Keyrings.
        keys: Vec<KeySource>,
        /// The name that is signed.
        identity: SignedIdentity,
    },
    /// A sigstore signature.
    SigstoreSigned(SigstoreSigned),
}

/// `sigstoreSigned`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigstoreSigned {
    /// Whose signature.
    pub trust: SigstoreTrust,
    /// Keys of transparency logs, one of which must have recorded the signature; empty: none is asked for.
    pub rekor: Vec<KeySource>,
    /// The name that is signed.
    pub identity: SignedIdentity,
}

/// Who may have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigstoreTrust {
    /// One of these public keys.
    Keys(Vec<KeySource>),
    /// Somebody to whom Fulcio gave a certificate.
    Fulcio {
        /// Certificates of the authority.
        ca: KeySource,
        /// Who vouched for the person.
        oidc_issuer: String,
        /// The person.
        subject_email: String,
    },
    /// Somebody with a certificate of one's own authority.
    Pki {
        /// Certificates of authorities.
        roots: KeySource,
        /// Certificates between those and the person's.
        intermediates: Option<KeySource>,
        /// For whom it must be.
        subject: Subject,
    },
}

/// For whom a certificate is; at least one is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// A person.
    pub email: Option<String>,
    /// A machine.
    pub hostname: Option<String>,
}

/// A key or certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    Path(PathBuf),
    /// In the policy itself, decoded.
    Data(Vec<u8>),
}
