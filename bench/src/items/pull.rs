//! Pulls from a registry on loopback.

use anyhow::{Context, Result};
use testkit::Compression;

use super::stage::{Shape, Stage};
use super::transfer::{self, Bars};
use crate::side::Side;
use crate::table::Row;

const ROUNDS: usize = 5;
const MB: usize = 1 << 20;
const BIG: Shape =
    Shape { tag: "big", layers: (0, 8), bytes: 75 * MB, files: 300, compression: Compression::Gzip, edition: 0 };

/// 600 MB in 8 layers.
pub fn big() -> Result<Vec<Row>> {
    rows("pull of 600 MB in 8 gzip layers", &[BIG], None, 0.3)
}

/// Many small ones.
pub fn small_layers() -> Result<Vec<Row>> {
    let shape = Shape { tag: "small", layers: (0, 40), bytes: 2 * MB, files: 40, ..BIG };
    rows("pull of 40 small layers", &[shape], None, 0.3)
}

/// The other compression.
pub fn zstd() -> Result<Vec<Row>> {
    rows("pull of 600 MB in 8 zstd layers", &[Shape { compression: Compression::Zstd, ..BIG }], None, 0.6)
}

/// An image of whose layers most are there.
pub fn sharing() -> Result<Vec<Row>> {
    let first = Shape { tag: "first", bytes: 25 * MB, ..BIG };
    let second = Shape { tag: "second", layers: (2, 10), ..first };
    rows("pull of an image that shares 6 of 8 layers", &[first, second], Some("first"), 0.3)
}

/// The last of the shapes is pulled, when `before` is there already.
fn rows(name: &str, shapes: &[Shape], before: Option<&str>, bar: f64) -> Result<Vec<Row>> {
    let tag = shapes.last().context("a shape")?.tag;
    let pull = |side: &mut Side| {
        if let Some(before) = before {
            side.measure(&format!("pull -q --tls-verify=false 127.0.0.1:5000/big:{before}"))?;
        }
        let measured = side.measure(&format!("pull -q --tls-verify=false 127.0.0.1:5000/big:{tag}"))?;
        side.measure("rmi -a -f")?;
        Ok(measured)
    };
    transfer::rows((name, Bars::time(bar), ROUNDS), &mut Stage::new(shapes)?, pull, pull)
}
