//! What has to change on the way, decided from facts alone.

use crate::Error;
use crate::compress::Algorithm;
use crate::sink::{Format, Layers, Needs};
use oci::media_type::{self, Compression, Kind, classify};

/// What becomes of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    Keep,
    Decompress,
    Compress(Algorithm),
}

/// What is known when a layer is about to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerFacts {
    /// By its first bytes.
    pub(super) found: Compression,
    /// It has a table of contents.
    pub(super) chunked: bool,
    pub(super) wish: Layers,
    pub(super) asked: Option<Algorithm>,
    /// Of the manifest that is written.
    pub(super) format: Format,
    /// It will be encrypted: ciphertext can't be compressed afterwards, but that is no reason to change anything.
    pub(super) may_change: bool,
}

pub(super) fn treat(facts: LayerFacts) -> Treatment {
    let LayerFacts { found, chunked, wish, asked, format, may_change } = facts;
    if !may_change {
        return Treatment::Keep;
    }
    match (wish, asked) {
        (Layers::Decompress, _) if found == Compression::None => Treatment::Keep,
        (Layers::Decompress, _) => Treatment::Decompress,
        (_, Some(asked)) if asked.compression() != found => Treatment::Compress(asked),
        (_, Some(Algorithm::ZstdChunked)) if !chunked => Treatment::Compress(Algorithm::ZstdChunked),
        (Layers::Compress, None) if found == Compression::None => Treatment::Compress(Algorithm::Gzip),
        // Docker's formats have no type for it.
        _ if found == Compression::Zstd && format != Format::Oci => Treatment::Compress(Algorithm::Gzip),
        _ => Treatment::Keep,
    }
}

/// The format that is written.
pub(super) fn format(
    found: Format,
    needs: &Needs,
    asked: Option<Format>,
    only_oci: Option<&'static str>,
    sink: &str,
) -> Result<Format, Error> {
    let refuse = |format: Format, why| Err(Error::Format { sink: sink.to_owned(), format: name(format), why });
    let wanted = match (asked, only_oci) {
        (Some(format), Some(why)) if format != Format::Oci => return refuse(format, why),
        (Some(format), _) => format,
        (None, Some(_)) => Format::Oci,
        (None, None) if needs.formats.contains(&found) => found,
        (None, None) => needs.formats.first().copied().unwrap_or(found),
    };
    if needs.formats.contains(&wanted) { Ok(wanted) } else { refuse(wanted, "it takes others only") }
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Oci => "OCI",
        Format::Docker => "Docker schema 2",
        Format::DockerV1 => "Docker schema 1",
    }
}

/// What a manifest's media type says it is; without one it is OCI's.
pub(super) fn format_of(media_type: Option<&str>) -> Format {
    match media_type {
        Some(media_type::DOCKER_MANIFEST | media_type::DOCKER_INDEX) => Format::Docker,
        _ => Format::Oci,
    }
}

/// The type of a layer in a manifest.
pub(super) fn layer_type(format: Format, compression: Compression) -> &'static str {
    match (format, compression) {
        (Format::Oci, Compression::None) => media_type::OCI_LAYER,
        (Format::Oci, Compression::Gzip) => media_type::OCI_LAYER_GZIP,
        (Format::Oci, Compression::Zstd) => media_type::OCI_LAYER_ZSTD,
        (_, Compression::None) => media_type::DOCKER_LAYER,
        (_, _) => media_type::DOCKER_LAYER_GZIP,
    }
}

/// A kept layer's type in another format; what is no layer's type stays.
pub(super) fn converted_type(media_type: &str, format: Format) -> String {
    match classify(media_type) {
        Kind::Layer { compression: Some(compression), foreign: false } if format_of_layer(media_type) != format => {
            layer_type(format, compression).to_owned()
        }
        _ => media_type.to_owned(),
    }
}

fn format_of_layer(media_type: &str) -> Format {
    if media_type.starts_with("application/vnd.docker.") { Format::Docker } else { Format::Oci }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_change_only_when_they_must() {
        use Compression::{Gzip, None as Plain, Zstd};
        let treat = |found, wish, asked, format| {
            treat(LayerFacts { found, chunked: false, wish, asked, format, may_change: true })
        };
        for (found, wish, asked, format, expected) in [
            (Gzip, Layers::Keep, None, Format::Oci, Treatment::Keep),
            (Plain, Layers::Keep, None, Format::Oci, Treatment::Keep),
            (Plain, Layers::Compress, None, Format::Oci, Treatment::Compress(Algorithm::Gzip)),
            (Gzip, Layers::Compress, None, Format::Oci, Treatment::Keep),
            (Gzip, Layers::Compress, Some(Algorithm::Zstd), Format::Oci, Treatment::Compress(Algorithm::Zstd)),
            (Gzip, Layers::Compress, Some(Algorithm::Gzip), Format::Oci, Treatment::Keep),
            (Zstd, Layers::Decompress, None, Format::Docker, Treatment::Decompress),
            (Plain, Layers::Decompress, Some(Algorithm::Gzip), Format::Docker, Treatment::Keep),
            (Zstd, Layers::Compress, None, Format::Docker, Treatment::Compress(Algorithm::Gzip)),
        ] {
            assert_eq!(treat(found, wish, asked, format), expected, "{found:?} {wish:?} {asked:?} {format:?}");
        }
        let keep = LayerFacts {
            found: Plain,
            chunked: false,
            wish: Layers::Compress,
            asked: None,
            format: Format::Oci,
            may_change: false,
        };
        assert_eq!(super::treat(keep), Treatment::Keep);
        let chunked = Some(Algorithm::ZstdChunked);
        let zstd = LayerFacts { found: Zstd, asked: chunked, may_change: true, ..keep };
        assert_eq!(super::treat(zstd), Treatment::Compress(Algorithm::ZstdChunked));
        assert_eq!(super::treat(LayerFacts { chunked: true, ..zstd }), Treatment::Keep);
    }

    #[test]
    fn formats_stay_where_the_sink_takes_them() {
        let needs = |formats| Needs {
            formats,
            proves_diff_ids: false,
            layers: Layers::Keep,
            parallel: true,
            exact: false,
            images_only: false,
        };
        let both = needs(&[Format::Oci, Format::Docker]);
        let oci = needs(&[Format::Oci]);
        assert_eq!(format(Format::Docker, &both, None, None, "x").unwrap(), Format::Docker);
        assert_eq!(format(Format::Docker, &oci, None, None, "x").unwrap(), Format::Oci);
        assert_eq!(format(Format::Docker, &both, None, Some("zstd"), "x").unwrap(), Format::Oci);
        assert!(format(Format::Oci, &both, Some(Format::Docker), Some("zstd"), "x").is_err());
        assert!(format(Format::Oci, &oci, Some(Format::Docker), None, "x").is_err());
    }

    #[test]
    fn types_are_converted_both_ways() {
        assert_eq!(converted_type(media_type::DOCKER_LAYER_GZIP, Format::Oci), media_type::OCI_LAYER_GZIP);
        assert_eq!(converted_type(media_type::OCI_LAYER, Format::Docker), media_type::DOCKER_LAYER);
        assert_eq!(converted_type(media_type::OCI_LAYER_ZSTD, Format::Oci), media_type::OCI_LAYER_ZSTD);
        assert_eq!(converted_type("application/x", Format::Docker), "application/x");
    }
}
