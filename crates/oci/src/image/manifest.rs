//! Descriptors, manifests and indexes, OCI and Docker schema 2 in one shape.

use crate::media_type::{self, Kind};
use crate::{Digest, Platform, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// OCI "descriptor".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Type of the content.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Where else it can be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub urls: Vec<String>,
    /// Free.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
    /// The content itself in base64, if it is small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// In an index: for which platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// With nothing that may be left out.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Descriptor {
        Descriptor {
            media_type: media_type.into(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: None,
            platform: None,
            artifact_type: None,
        }
    }
}

/// One image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// Absent in some OCI manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image's configuration.
    pub config: Descriptor,
    /// Lowest first.
    #[serde(default, deserialize_with = "null_default")]
    pub layers: Vec<Descriptor>,
    /// What this refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
}

/// Several images, mostly one a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// Absent in some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The images.
    #[serde(default, deserialize_with = "null_default")]
    pub manifests: Vec<Descriptor>,
    /// What this refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Box<Descriptor>>,
    /// Free.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
}

/// The largest manifest or index that is read, in bytes (what registries accept, too).
pub const MAX_BYTES: usize = 4 << 20;
/// The most layers of an image: overlay can stack no more (`OVL_MAX_STACK`).
pub const MAX_LAYERS: usize = 500;
/// The most entries of an index.
pub const MAX_MANIFESTS: usize = 2000;

/// What a manifest request can answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// One image.
    Manifest(Box<Manifest>),
    /// Several.
    Index(Index),
}

/// Why bytes are no manifest.
#[derive(Debug, thiserror::Error)]
pub enum InvalidManifest {
    /// Not even read.
    #[error("manifest has {size} bytes, more than the {MAX_BYTES} that are allowed")]
    TooLarge {
        /// Bytes.
        size: usize,
    },
    /// Broken JSON or fields of the wrong type.
    #[error("manifest is malformed")]
    Malformed(#[from] serde_json::Error),
    /// `schemaVersion` 1.
    #[error("Docker manifest schema 1 is not supported: the image must be pushed again by a newer tool")]
    Schema1,
    /// Some other version.
    #[error("manifest has schemaVersion {0}, expected 2")]
    SchemaVersion(u64),
    /// A media type of something else, e.g. an artifact.
    #[error("media type `{0}` is neither an image manifest nor an index")]
    MediaType(String),
    /// The server's `Content-Type` (or descriptor) and the document contradict each other.
    #[error("manifest was announced as `{announced}` but calls itself `{found}`")]
    Disagreement {
        /// By header or descriptor.
        announced: String,
        /// By its own field or shape.
        found: String,
    },
    /// Could be read as either; two readers would see two images (CVE-2021-41190).
    #[error("manifest is ambiguous: it has the fields of an image and of an index")]
    Ambiguous,
    /// More layers or entries than allowed.
    #[error("manifest lists {count} {what}, more than the {limit} that are allowed")]
    TooMany {
        /// `layers` or `manifests`.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many may be.
        limit: usize,
    },
}

/// The fields that decide what a document is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe<'a> {
    #[serde(default)]
    schema_version: u64,
    #[serde(default, borrow)]
    media_type: Option<std::borrow::Cow<'a, str>>,
    config: Option<serde::de::IgnoredAny>,
    layers: Option<serde::de::IgnoredAny>,
    manifests: Option<serde::de::IgnoredAny>,
    fs_layers: Option<serde::de::IgnoredAny>,
}

impl Document {
    /// Parses and checks; `announced` is the `Content-Type` or the descriptor's media type, if there was one.
    pub fn parse(bytes: &[u8], announced: Option<&str>) -> Result<Document, InvalidManifest> {
        if bytes.len() > MAX_BYTES {
            return Err(InvalidManifest::TooLarge { size: bytes.len() });
        }
        let probe: Probe = serde_json::from_slice(bytes)?;
        match probe.kind(announced)? {
            Kind::Index => parse_index(bytes).map(Document::Index),
            _ => parse_manifest(bytes).map(|manifest| Document::Manifest(Box::new(manifest))),
        }
    }
}

impl Probe<'_> {
    /// [`Kind::Manifest`] or [`Kind::Index`].
    fn kind(&self, announced: Option<&str>) -> Result<Kind, InvalidManifest> {
        let (image, index) = (self.config.is_some() || self.layers.is_some(), self.manifests.is_some());
        if self.fs_layers.is_some() || self.schema_version == 1 {
            return Err(InvalidManifest::Schema1);
        }
        if self.schema_version != 2 {
            return Err(InvalidManifest::SchemaVersion(self.schema_version));
        }
        if image && index {
            return Err(InvalidManifest::Ambiguous);
        }
        let shape = if index { Kind::Index } else { Kind::Manifest };
        if let Some(own) = self.media_type.as_deref() {
            expect_kind(own, shape, if index { "an index" } else { "an image manifest" })?;
        }
        // Servers that know no better say JSON or bytes; only a type that names something else is a contradiction.
        if let Some(announced) = announced
            && media_type::classify(announced) != Kind::Other
        {
            expect_kind(announced, shape, self.media_type.as_deref().unwrap_or("something else"))?;
        }
        Ok(shape)
    }
}

fn expect_kind(media_type: &str, shape: Kind, found: &str) -> Result<(), InvalidManifest> {
    match media_type::classify(media_type) {
        kind if kind == shape => Ok(()),
        Kind::Manifest | Kind::Index => {
            Err(InvalidManifest::Disagreement { announced: media_type.to_owned(), found: found.to_owned() })
        }
        Kind::Schema1 => Err(InvalidManifest::Schema1),
        _ => Err(InvalidManifest::MediaType(media_type.chars().take(160).collect())),
    }
}

fn parse_manifest(bytes: &[u8]) -> Result<Manifest, InvalidManifest> {
    let manifest: Manifest = serde_json::from_slice(bytes)?;
    check_count("layers", manifest.layers.len(), MAX_LAYERS)?;
    Ok(manifest)
}

fn parse_index(bytes: &[u8]) -> Result<Index, InvalidManifest> {
    let index: Index = serde_json::from_slice(bytes)?;
    check_count("manifests", index.manifests.len(), MAX_MANIFESTS)?;
    Ok(index)
}

fn check_count(what: &'static str, count: usize, limit: usize) -> Result<(), InvalidManifest> {
    if count > limit { Err(InvalidManifest::TooMany { what, count, limit }) } else { Ok(()) }
}

impl Index {
    /// The entry that serves `wanted` best; among equals the first. Entries without a platform come last.
    pub fn choose(&self, wanted: &Platform) -> Option<&Descriptor> {
        let usable = |d: &&Descriptor| matches!(media_type::classify(&d.media_type), Kind::Manifest | Kind::Index);
        self.manifests
            .iter()
            .filter(usable)
            .filter_map(|d| Some((d.platform.as_ref()?, d)))
            .filter_map(|(platform, d)| Some((wanted.rank(platform)?, d)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, d)| d)
            .or_else(|| self.manifests.iter().filter(usable).find(|d| d.platform.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn descriptor(media_type: &str, more: &str) -> String {
        format!(r#"{{"mediaType":"{media_type}","digest":"{SHA}","size":3{more}}}"#)
    }

    fn image(more: &str) -> String {
        let config = descriptor(media_type::OCI_CONFIG, "");
        let layer = descriptor(media_type::OCI_LAYER_GZIP, r#","annotations":null"#);
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layer}]{more}}}"#)
    }

    fn index(entries: &[(&str, &str)]) -> String {
        let entry = |(os, variant): &(&str, &str)| {
            let more = format!(r#","platform":{{"os":"{os}","architecture":"arm","variant":"{variant}"}}"#);
            descriptor(media_type::OCI_MANIFEST, &more)
        };
        format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.iter().map(entry).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn manifests_and_indexes_are_told_apart_by_shape_and_type() {
        let plain = Document::parse(image("").as_bytes(), None).unwrap();
        assert!(matches!(plain, Document::Manifest(m) if m.layers.len() == 1));
        assert!(Document::parse(image("").as_bytes(), Some("application/json")).is_ok());
        assert!(Document::parse(image("").as_bytes(), Some(media_type::DOCKER_MANIFEST)).is_ok());
        let many = Document::parse(index(&[("linux", "v7")]).as_bytes(), Some(media_type::OCI_INDEX)).unwrap();
        assert!(matches!(many, Document::Index(_)));
    }

    #[test]
    fn lying_documents_are_refused_with_a_reason() {
        let typed = |t: &str| image(&format!(r#","mediaType":"{t}""#));
        let bomb = format!(
            r#"{{"schemaVersion":2,"config":{0},"layers":[{1}]}}"#,
            descriptor(media_type::OCI_CONFIG, ""),
            vec![descriptor(media_type::OCI_LAYER, ""); MAX_LAYERS + 1].join(",")
        );
        for (text, announced, why) in [
            ("", None, "malformed"),
            ("[]", None, "malformed"),
            ("{}", None, "schemaVersion 0"),
            (r#"{"schemaVersion":3}"#, None, "schemaVersion 3"),
            (r#"{"schemaVersion":1,"fsLayers":[]}"#, None, "schema 1"),
            (&image(r#","manifests":[]"#), None, "ambiguous"),
            (&typed(media_type::OCI_INDEX), None, "announced as"),
            (&typed("application/x"), None, "neither"),
            (&image(""), Some(media_type::OCI_INDEX), "announced as"),
            (&image("").replace("\"size\":3", "\"size\":-3"), None, "malformed"),
            (&image("").replace("sha256", "md5"), None, "malformed"),
            (&image(r#","layers":[]"#), None, "malformed"),
            (&bomb, None, "501 layers"),
            (&" ".repeat(MAX_BYTES + 1), None, "more than the 4194304"),
        ] {
            let error = Document::parse(text.as_bytes(), announced).expect_err(why).to_string();
            assert!(error.contains(why), "{error} lacks {why}");
        }
    }

    #[test]
    fn the_nearest_variant_is_chosen() {
        let text = index(&[("linux", "v5"), ("linux", "v6"), ("linux", "v8"), ("windows", "v7")]);
        let Document::Index(index) = Document::parse(text.as_bytes(), None).unwrap() else { panic!() };
        let chosen = index.choose(&Platform::new("linux", "arm", "v7")).unwrap();
        assert_eq!(chosen.platform.as_ref().unwrap().variant.as_deref(), Some("v6"));
        assert!(index.choose(&Platform::new("linux", "s390x", "")).is_none());
    }
}
