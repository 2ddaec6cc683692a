//! How layers are compressed on their way out.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::Algorithm;

/// See podman-push(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("compression-format", "string", "Compress layers with gzip, zstd or zstd:chunked"),
    Flag::int("compression-level", "How hard to compress (gzip 1 to 9, zstd 1 to 20)"),
    Flag::bool("force-compression", "Compress anew what is there with another compression"),
];

/// What the flags ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// `--compression-format`.
    pub algorithm: Option<Algorithm>,
    /// `--compression-level`.
    pub level: Option<i32>,
    /// `--force-compression`; whoever names a format means it.
    pub force: bool,
}

/// Reads the flags.
pub fn wish(matches: &Matches) -> Result<Wish, Failure> {
    let algorithm = matches.text("compression-format").map(str::parse::<Algorithm>).transpose();
    let algorithm = algorithm.map_err(|error| Failure::new(error.to_string()))?;
    let force = matches.maybe_bool("force-compression").unwrap_or(algorithm.is_some());
    if force && algorithm.is_none() {
        return Err(Failure::new("--force-compression needs --compression-format"));
    }
    Ok(Wish { algorithm, level: matches.number("compression-level"), force })
}

/// `--add-compression`.
pub fn additional(matches: &Matches) -> Result<Vec<Algorithm>, Failure> {
    let algorithms = matches.list("add-compression").iter().map(|text| text.parse::<Algorithm>());
    algorithms.collect::<Result<_, _>>().map_err(|error| Failure::new(error.to_string()))
}
