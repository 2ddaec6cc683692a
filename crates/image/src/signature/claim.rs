//! What a signature says, containers-signature(5): this manifest may go by this name.
//!
//! Simple signing and cosign sign the same document with another `type`. It is parsed only after its signature was verified,
//! and strictly: what isn't understood in `critical` makes it invalid.

use oci::Digest;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// The largest document that is parsed, in bytes.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// Which kind of signature the document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Simple,
    Cosign,
}

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Kind::Simple => "atomic container signature",
            Kind::Cosign => "cosign container image signature",
        }
    }
}

/// The content of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Of the manifest.
    pub digest: Digest,
    /// The name it may go by, as it is written.
    pub reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    critical: Critical,
    /// `null` in cosign's; anything else may stand in it.
    optional: Option<Optional>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: Digest,
}

#[derive(Serialize, Deserialize)]
struct Optional {
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
}

impl Claim {
    /// The document, to be signed.
    pub(crate) fn document(&self, kind: Kind, now: SystemTime) -> Vec<u8> {
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let document = Document {
            critical: Critical {
                identity: Identity { docker_reference: self.reference.clone() },
                image: Image { docker_manifest_digest: self.digest.clone() },
                kind: kind.text().to_owned(),
            },
            optional: Some(Optional {
                creator: Some(concat!("minke ", env!("CARGO_PKG_VERSION")).to_owned()),
                timestamp: i64::try_from(seconds).ok(),
            }),
        };
        serde_json::json!(document).to_string().into_bytes()
    }

    /// From a document whose signature was verified.
    pub(crate) fn parse(kind: Kind, bytes: &[u8]) -> Result<Claim, String> {
        if bytes.len() > MAX_BYTES {
            return Err(format!("the signed document has more than {MAX_BYTES} bytes"));
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|e| format!("the signed document is malformed: {e}"))?;
        if document.critical.kind != kind.text() {
            let found = crate::error::printable(&document.critical.kind);
            return Err(format!("the signed document is of type `{found}`, not `{}`", kind.text()));
        }
        if kind == Kind::Simple && document.optional.is_none() {
            return Err("the signed document is malformed: `optional` is no object".to_owned());
        }
        Ok(Claim {
            digest: document.critical.image.docker_manifest_digest,
            reference: document.critical.identity.docker_reference,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let claim = Claim { digest: Digest::sha256(b"x"), reference: "a.b/c:1".into() };
        for kind in [Kind::Simple, Kind::Cosign] {
            let document = claim.document(kind, SystemTime::now());
            assert_eq!(Claim::parse(kind, &document).as_ref(), Ok(&claim));
        }
        let simple = claim.document(Kind::Simple, SystemTime::now());
        assert!(Claim::parse(Kind::Cosign, &simple).unwrap_err().contains("of type"));
    }

    #[test]
    fn nothing_unknown_passes_where_it_counts() {
        let sha = Digest::sha256(b"x");
        let text = |critical: &str, rest: &str| {
            format!(
                r#"{{"critical":{{"type":"atomic container signature","image":{{"docker-manifest-digest":"{sha}"}},"identity":{{"docker-reference":"a"}}{critical}}}{rest}}}"#
            )
        };
        let parse = |text: &str| Claim::parse(Kind::Simple, text.as_bytes());
        assert!(parse(&text("", r#","optional":{"x":[1],"creator":"y"}"#)).is_ok());
        for wrong in [
            text("", ""),
            text("", r#","optional":null"#),
            text("", r#","optional":{"timestamp":"now"}"#),
            text("", r#","optional":{"timestamp":1.5}"#),
            text("", r#","optional":{},"x":1"#),
            text(r#","x":1"#, r#","optional":{}"#),
            text(r#","type":"atomic container signature""#, r#","optional":{}"#),
            text("", r#","optional":{}"#).replace("sha256:", "md5:"),
            text("", r#","optional":{}"#).replace("docker-reference", "reference"),
            String::new(),
        ] {
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
    }
}
