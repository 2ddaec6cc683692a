//! Manifests, indexes and configurations, as a registry sends them.

use oci::Platform;
use oci::image::{Document, ImageConfig};

const ANNOUNCED: [Option<&str>; 4] = [
    None,
    Some("application/vnd.oci.image.manifest.v1+json"),
    Some("application/vnd.docker.distribution.manifest.list.v2+json"),
    Some("text/plain"),
];

pub(crate) fn run(bytes: &[u8]) {
    for announced in ANNOUNCED {
        match Document::parse(bytes, announced) {
            Err(error) => bounded(&error.to_string()),
            Ok(Document::Index(index)) => drop(index.choose(&Platform::host())),
            Ok(Document::Manifest(manifest)) => {
                let json = serde_json::to_vec(&manifest).expect("a manifest is JSON");
                Document::parse(&json, manifest.media_type.as_deref()).expect("what was read can be written and read");
            }
        }
    }
    for layers in [None, Some(0), Some(1)] {
        match ImageConfig::parse(bytes, layers) {
            Ok(config) => drop(config.platform()),
            Err(error) => bounded(&error.to_string()),
        }
    }
}

/// No error is longer than some lines, whatever was sent.
pub(crate) fn bounded(error: &str) {
    assert!(error.len() < 2000, "{} bytes: {error}", error.len());
}
