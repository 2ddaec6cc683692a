//! What can go wrong between us and a registry.

use crate::Transport;
use oci::Digest;
use std::path::PathBuf;

/// Each names what was tried (`what`: "read manifest 1 of 127.0.0.1:5000/a") and what the other side said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer, or none that is HTTP.
    #[error("{what}: no answer from {url}")]
    Unreachable {
        /// What was tried.
        what: String,
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: Transport,
    },
    /// Neither TLS nor plain http.
    #[error("{what}: no answer from {url} (nor by https: {https})")]
    NeitherScheme {
        /// What was tried.
        what: String,
        /// The plain one.
        url: String,
        /// Why not TLS.
        https: Transport,
        /// Why not plain.
        #[source]
        source: Transport,
    },
    /// The registry says that it isn't there.
    #[error("{what}: not found{message}")]
    NotFound {
        /// What was tried.
        what: String,
        /// Its words, with `: ` in front, or empty.
        message: String,
    },
    /// It wants other credentials, or some.
    #[error("{what}: {by} refused access ({status}){message}{}", login_hint(*with_credentials, registry))]
    Unauthorized {
        /// What was tried.
        what: String,
        /// Who refused: the registry or its token server.
        by: String,
        /// As the user knows it.
        registry: String,
        /// 401 or 403.
        status: u16,
        /// Whether credentials were given.
        with_credentials: bool,
        /// Its words, with `: ` in front, or empty.
        message: String,
    },
    /// Any other answer that isn't success.
    #[error("{what}: {by} answered {status}{message}")]
    Status {
        /// What was tried.
        what: String,
        /// Who.
        by: String,
        /// HTTP status.
        status: u16,
        /// Its words, with `: ` in front, or empty.
        message: String,
    },
    /// A demand for authentication that can't be met.
    #[error("{what}: {registry} asks for authentication in a way that can't be answered: {why}")]
    Challenge {
        /// What was tried.
        what: String,
        /// Who.
        registry: String,
        /// What is wrong with it.
        why: String,
    },
    /// An answer that says success and makes no sense.
    #[error("{what}: {by} sent a wrong answer: {why}")]
    Answer {
        /// What was tried.
        what: String,
        /// Who.
        by: String,
        /// What is wrong with it.
        why: String,
    },
    /// Redirects that aren't followed.
    #[error("{what}: {why} (at {url})")]
    Redirect {
        /// What was tried.
        what: String,
        /// The last place.
        url: String,
        /// Why not further.
        why: &'static str,
    },
    /// More bytes than allowed.
    #[error("{what}: the answer is longer than the {limit} bytes that are allowed")]
    TooLong {
        /// What was tried.
        what: String,
        /// Bytes.
        limit: u64,
    },
    /// Content with another digest than asked for.
    #[error("{what}: the content has digest {found}, expected {expected}")]
    WrongDigest {
        /// What was tried.
        what: String,
        /// Asked for.
        expected: Digest,
        /// Computed.
        found: Digest,
    },
    /// Content of another size than the manifest says.
    #[error("{what}: the content has {found} bytes, expected {expected}")]
    WrongSize {
        /// What was tried.
        what: String,
        /// By the manifest.
        expected: u64,
        /// By the answer; where the answer doesn't tell, how many had come.
        found: u64,
    },
    /// The connection broke off again and again.
    #[error("{what}: interrupted after {at} of {size} bytes")]
    Interrupted {
        /// What was tried.
        what: String,
        /// Bytes that came.
        at: u64,
        /// Bytes that should.
        size: u64,
        /// The last reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A certificate or key in a certs.d folder.
    #[error("certificate `{path}`: {why}")]
    Certificate {
        /// File or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It asks to be left alone for longer than anybody waits.
    #[error("{what}: {by} answered {status} and asks to come back in {seconds} seconds, which is too long to wait for")]
    Patience {
        /// What was tried.
        what: String,
        /// Who.
        by: String,
        /// 429 or 5xx.
        status: u16,
        /// `Retry-After`.
        seconds: u64,
    },
    /// An upload that can't be gone on with, but begun again.
    #[error("{what}: {by} lost the upload: {why}")]
    UploadLost {
        /// What was tried.
        what: String,
        /// Who.
        by: String,
        /// How that showed.
        why: String,
    },
    /// An upload that may be taken in pieces.
    #[error("{what}: {by} takes no upload of this length at once ({status})")]
    TooMuch {
        /// What was tried.
        what: String,
        /// Who.
        by: String,
        /// 411, 413 or 501.
        status: u16,
    },
    /// Docker's daemon isn't there, or refused.
    #[error("Docker's daemon {host}: {why}")]
    Daemon {
        /// Its address.
        host: String,
        /// Its words, or why there are none.
        why: String,
    },
    /// `HTTPS_PROXY` and its kind.
    #[error("environment variable {variable} is no proxy's address: `{value}`")]
    Proxy {
        /// Which.
        variable: &'static str,
        /// Its value.
        value: String,
    },
}

fn login_hint(with_credentials: bool, registry: &str) -> String {
    match with_credentials {
        true => "; the credentials for it may be wrong".to_owned(),
        false => format!("; if it is private, put credentials for {registry} into auth.json or give --creds"),
    }
}

impl Error {
    /// Another try may help: connections that broke off, servers in trouble.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Unreachable { source, .. } => source.is_transient(),
            Error::Status { status, .. } => crate::retry::is_transient_status(*status),
            Error::Interrupted { .. } | Error::UploadLost { .. } | Error::TooMuch { .. } => true,
            _ => false,
        }
    }

    /// What was asked for, a blob from some byte on, is not what the registry has: another size, or none from there on.
    pub fn is_about_place(&self) -> bool {
        matches!(self, Error::Answer { .. } | Error::WrongSize { .. } | Error::Status { status: 416, .. })
    }

    /// The registry was reached and has no such thing, or doesn't show it.
    pub fn is_absence(&self) -> bool {
        matches!(self, Error::NotFound { .. } | Error::Unauthorized { .. })
    }
}

/// A server's text for an error message: its first lines, nothing that moves the cursor.
pub(crate) fn printable(text: &str) -> String {
    const LONGEST: usize = 300;
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect::<Vec<_>>().join(" / ");
    let mut short: String = lines.chars().take(LONGEST).map(clean).collect();
    if lines.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_servers_are_tamed() {
        assert_eq!(printable("a\x1b[2Jb\n\n  c\nd\ne"), "a [2Jb / c / d");
        assert_eq!(printable(&"x".repeat(1000)).chars().count(), 301);
    }
}
