//! Media types of manifests, indexes, configs and layers, and what they say about compression.

/// OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI's empty configuration, `{}`.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// OCI layer, not compressed.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// OCI layer, gzip.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// OCI layer, zstd.
pub const OCI_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// Docker schema 2 manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker schema 2 manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker layer, gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// Docker layer, not compressed.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
/// Docker schema 1, not supported.
pub const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
/// Docker schema 1 with signatures, not supported.
pub const DOCKER_SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// For the `Accept` header of a manifest request, best first.
pub const MANIFESTS: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];

/// How a blob is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Plain.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// What a media type stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One image.
    Manifest,
    /// Several images.
    Index,
    /// An image's configuration.
    Config,
    /// A file system layer.
    Layer {
        /// As the type says; the bytes have the last word. `None`: xz or bzip2, which nobody writes any more.
        compression: Option<Compression>,
        /// May be left out by registries ("foreign", "nondistributable"): fetched from the descriptor's URLs.
        foreign: bool,
    },
    /// Docker schema 1, which nobody should use any more.
    Schema1,
    /// Anything else: artifacts, signatures, ….
    Other,
}

/// Classifies a media type or `Content-Type` (parameters such as `; charset=utf-8` are ignored).
pub fn classify(media_type: &str) -> Kind {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        OCI_MANIFEST | DOCKER_MANIFEST => Kind::Manifest,
        OCI_INDEX | DOCKER_INDEX => Kind::Index,
        OCI_CONFIG | DOCKER_CONFIG => Kind::Config,
        DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED => Kind::Schema1,
        other => layer(other).unwrap_or(Kind::Other),
    }
}

fn layer(essence: &str) -> Option<Kind> {
    let (foreign, suffix) = if let Some(suffix) = essence.strip_prefix("application/vnd.oci.image.layer.v1.tar") {
        (false, suffix)
    } else if let Some(suffix) = essence.strip_prefix("application/vnd.oci.image.layer.nondistributable.v1.tar") {
        (true, suffix)
    } else if let Some(suffix) = essence.strip_prefix("application/vnd.docker.image.rootfs.diff.tar") {
        (false, suffix)
    } else if let Some(suffix) = essence.strip_prefix("application/vnd.docker.image.rootfs.foreign.diff.tar") {
        (true, suffix)
    } else {
        return None;
    };
    let compression = match suffix {
        "" => Some(Compression::None),
        "+gzip" | ".gzip" => Some(Compression::Gzip),
        "+zstd" | ".zstd" => Some(Compression::Zstd),
        "+xz" | ".xz" | "+bzip2" | ".bzip2" => None,
        _ => return None,
    };
    Some(Kind::Layer { compression, foreign })
}

impl Compression {
    /// By the first bytes of a blob; four are enough.
    pub fn sniff(start: &[u8]) -> Compression {
        match start {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // A zstd frame, or a skippable frame such as zstd:chunked and parallel compressors begin with.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_classified() {
        let layer = |compression, foreign| Kind::Layer { compression: Some(compression), foreign };
        for (text, kind) in [
            (OCI_MANIFEST, Kind::Manifest),
            (DOCKER_INDEX, Kind::Index),
            (DOCKER_CONFIG, Kind::Config),
            (DOCKER_SCHEMA1_SIGNED, Kind::Schema1),
            (OCI_LAYER, layer(Compression::None, false)),
            (OCI_LAYER_ZSTD, layer(Compression::Zstd, false)),
            (DOCKER_LAYER_GZIP, layer(Compression::Gzip, false)),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", layer(Compression::Gzip, true)),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", layer(Compression::Gzip, true)),
            ("application/vnd.oci.image.layer.v1.tar+encrypted", Kind::Other),
            ("application/vnd.oci.image.layer.v1.tar+xz", Kind::Layer { compression: None, foreign: false }),
            ("Application/vnd.oci.image.index.v1+json; charset=utf-8", Kind::Index),
            ("text/html", Kind::Other),
        ] {
            assert_eq!(classify(text), kind, "{text}");
        }
    }

    #[test]
    fn bytes_tell_compression() {
        assert_eq!(Compression::sniff(&[0x1f, 0x8b, 8]), Compression::Gzip);
        assert_eq!(Compression::sniff(&[0x28, 0xb5, 0x2f, 0xfd]), Compression::Zstd);
        assert_eq!(Compression::sniff(b"usr/"), Compression::None);
        assert_eq!(Compression::sniff(b""), Compression::None);
    }
}
