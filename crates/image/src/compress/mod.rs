//! Compressing layers while they pass.

mod gzip;

use crate::Error;
use crate::copy::Reader;
use oci::media_type::Compression;

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
            Algorithm::Gzip => (1..=9, 5),
            Algorithm::Zstd | Algorithm::ZstdChunked => (1..=20, 3),
        }
    }
}

impl std::str::FromStr for Algorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Algorithm, Error> {
        match text {
            "gzip" => Ok(Algorithm::Gzip),
            "zstd" => Ok(Algorithm::Zstd),
            other => Err(Error::Algorithm { name: crate::error::printable(other) }),
        }
    }
}

/// The compressed bytes of `plain`.
pub(crate) fn compress(plain: Reader<'_>, algorithm: Algorithm, level: Option<i32>) -> Result<Reader<'_>, Error> {
    let (levels, usual) = algorithm.levels();
    let level = level.unwrap_or(usual);
    if !levels.contains(&level) {
        return Err(Error::Level { level, least: *levels.start(), most: *levels.end() });
    }
    match algorithm {
        Algorithm::Gzip => Ok(Box::new(gzip::Compressor::new(plain, level.unsigned_abs()))),
        Algorithm::Zstd | Algorithm::ZstdChunked => {
            let encoder = zstd::stream::read::Encoder::new(plain, level);
            Ok(Box::new(encoder.map_err(Error::io("begin zstd compression"))?))
        }
    }
}
