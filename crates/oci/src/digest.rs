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

    /// The digest of `bytes` by the algorithm of this one.
    pub fn same_of(&self, bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::like(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Wraps a finished SHA-256 sum.
    pub fn from_sha256(sum: [u8; 32]) -> Digest {
        encode("sha256", &sum)
    }

    /// The sum itself, if it is a SHA-256.
    pub fn to_sha256(&self) -> Option<[u8; 32]> {
        let hex = self.0.strip_prefix("sha256:")?.as_bytes();
        let mut sum = [0; 32];
        for (byte, pair) in sum.iter_mut().zip(hex.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(sum)
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

fn encode(algorithm: &str, sum: &[u8]) -> Digest {
    use std::fmt::Write;
    let mut text = String::with_capacity(algorithm.len() + 1 + 2 * sum.len());
    text.push_str(algorithm);
    text.push(':');
    for byte in sum {
        let _ = write!(text, "{byte:02x}");
    }
    Digest(text.into())
}

/// Finds the digest of content that comes piece by piece.
#[derive(Debug, Clone)]
pub enum Hasher {
    /// By SHA-256.
    Sha256(sha2::Sha256),
    /// By SHA-512.
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    /// By SHA-256.
    pub fn sha256() -> Hasher {
        Hasher::Sha256(sha2::Digest::new())
    }

    /// By the algorithm of a digest.
    pub fn like(digest: &Digest) -> Hasher {
        match digest.algorithm() {
            "sha512" => Hasher::Sha512(Box::default()),
            _ => Hasher::sha256(),
        }
    }

    /// The next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha256(hasher) => sha2::Digest::update(hasher, bytes),
            Hasher::Sha512(hasher) => sha2::Digest::update(&mut **hasher, bytes),
        }
    }

    /// Of all that came.
    pub fn finish(self) -> Digest {
        match self {
            Hasher::Sha256(hasher) => encode("sha256", &sha2::Digest::finalize(hasher)),
            Hasher::Sha512(hasher) => encode("sha512", &sha2::Digest::finalize(*hasher)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_by_both_algorithms() {
        let short = Digest::sha256(b"abc");
        assert_eq!(short.as_str(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(short.to_sha256().map(Digest::from_sha256), Some(short.clone()));
        assert_eq!(short.same_of(b"abc"), short);
        let long: Digest = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f".parse().unwrap();
        assert_eq!(long.same_of(b"abc"), long);
        assert_eq!(long.to_sha256(), None);
        let mut pieces = Hasher::like(&long);
        pieces.update(b"a");
        pieces.update(b"bc");
        assert_eq!(pieces.finish(), long);
    }
}
