//! Content digests (`sha256:…`, `sha512:…`), OCI image spec "Digests".

use serde::{Deserialize, Serialize};
use std::fmt;

/// `algorithm:hex`, checked: a known algorithm and the right number of lower-case hex digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(Box<str>);

/// Why a text is no digest.
#[derive(Debug, thiserror::Error)]
#[error("invalid digest `{text}`: {why}")]
pub struct InvalidDigest {
    text: String,
    why: &'static str,
}

impl Digest {
    /// The digest of `bytes` by SHA-256.
    pub fn sha256(bytes: &[u8]) -> Digest {
        use sha2::Digest as _;
        Digest::from_sha256(sha2::Sha256::digest(bytes).into())
    }

    /// Wraps a finished SHA-256 sum.
    pub fn from_sha256(sum: [u8; 32]) -> Digest {
        use std::fmt::Write;
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in sum {
            let _ = write!(text, "{byte:02x}");
        }
        Digest(text.into())
    }

    /// Wraps 64 lower-case hex digits of a SHA-256 sum.
    pub fn from_sha256_hex(hex: &str) -> Result<Digest, InvalidDigest> {
        format!("sha256:{hex}").parse()
    }

    /// `sha256` or `sha512`.
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// The hex digits.
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// The first 12 hex digits, as listings show.
    pub fn short(&self) -> &str {
        &self.hex()[..12]
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Digest, InvalidDigest> {
        let fail = |why| Err(InvalidDigest { text: text.chars().take(160).collect(), why });
        let Some((algorithm, hex)) = text.split_once(':') else { return fail("no algorithm") };
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return fail("unknown algorithm"),
        };
        if hex.len() != length || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return fail("not the right number of lower-case hex digits");
        }
        Ok(Digest(text.into()))
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Digest, InvalidDigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.0.into()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
