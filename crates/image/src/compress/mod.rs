//! Compressing layers while they pass.

mod gzip;
pub(crate) mod pool;
pub(crate) mod ready;

use crate::Error;
use crate::chunked::write::Encoder;
use crate::copy::Reader;
use oci::media_type::Compression;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How layers can be compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// zstd with a table of contents, by which single files can be fetched.
    ZstdChunked,
}

impl Algorithm {
    /// What it is to whoever decompresses.
    pub fn compression(self) -> Compression {
        match self {
            Algorithm::Gzip => Compression::Gzip,
            Algorithm::Zstd | Algorithm::ZstdChunked => Compression::Zstd,
        }
    }

    /// Docker's manifests know gzip only.
    pub fn fits_docker(self) -> bool {
        self == Algorithm::Gzip
    }

    /// The levels that it has, and the usual one.
    fn levels(self) -> (std::ops::RangeInclusive<i32>, i32) {
        match self {
            // Programs come out 2 % longer than by Podman's usual level, which takes twice as long as the second.
            Algorithm::Gzip => (1..=9, 1),
            Algorithm::Zstd | Algorithm::ZstdChunked => (1..=20, 3),
        }
    }

    /// The level that is meant, the usual one by default.
    pub(crate) fn level(self, asked: Option<i32>) -> Result<i32, Error> {
        let (levels, usual) = self.levels();
        let level = asked.unwrap_or(usual);
        if !levels.contains(&level) {
            return Err(Error::Level { level, least: *levels.start(), most: *levels.end() });
        }
        Ok(level)
    }
}

impl std::str::FromStr for Algorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Algorithm, Error> {
        match text {
            "gzip" => Ok(Algorithm::Gzip),
            "zstd" => Ok(Algorithm::Zstd),
            "zstd:chunked" => Ok(Algorithm::ZstdChunked),
            other => Err(Error::Algorithm { name: crate::error::printable(other) }),
        }
    }
}

/// Compressed bytes, and what the layer's descriptor has to say of them; known when they were read to the end.
pub(crate) struct Compressed<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) annotations: Annotations,
}

pub(crate) type Annotations = Arc<Mutex<BTreeMap<String, String>>>;

/// Compresses `plain`.
pub(crate) fn compress(plain: Reader<'_>, algorithm: Algorithm, level: Option<i32>) -> Result<Compressed<'_>, Error> {
    let level = algorithm.level(level)?;
    let annotations = Annotations::default();
    let reader: Reader<'_> = match algorithm {
        Algorithm::Gzip => Box::new(gzip::Compressor::new(plain, level)),
        Algorithm::Zstd => {
            let encoder = zstd::stream::read::Encoder::new(plain, level);
            Box::new(encoder.map_err(Error::io("begin zstd compression"))?)
        }
        Algorithm::ZstdChunked => Box::new(Encoder::new(plain, level, Arc::clone(&annotations))),
    };
    Ok(Compressed { reader, annotations })
}
