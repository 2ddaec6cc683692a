//! Pulls of zstd:chunked layers.

use anyhow::{Context, Result};
use testkit::Compression;

use super::alternate;
use super::stage::{Shape, Stage};
use crate::side::Side;
use crate::statistics::Series;
use crate::table::{Bar, Row, Unit};

const ROUNDS: usize = 3;
const OLD: Shape =
    Shape { tag: "old", layers: (0, 1), bytes: 300 << 20, files: 1200, compression: Compression::Gzip, edition: 0 };
const NEW: Shape = Shape { tag: "new", edition: 1, ..OLD };

/// Another version of a layer of 300 MB, of which one file has changed; each side pulls what it has pushed itself.
pub fn new_version() -> Result<Vec<Row>> {
    let Stage { ours, theirs, .. } = &mut Stage::new(&[OLD, NEW])?;
    for side in [Some(&mut *ours), theirs.as_mut()].into_iter().flatten() {
        for tag in ["old", "new"] {
            side.measure(&format!("pull -q --tls-verify=false 127.0.0.1:5000/big:{tag}"))?;
            let formats = "--compression-format zstd:chunked --force-compression";
            let name = format!("127.0.0.1:5000/big:{tag} 127.0.0.1:5000/chunked:{tag}");
            side.measure(&format!("push -q --tls-verify=false {formats} {name}"))?;
        }
        side.measure("rmi -a -f")?;
    }
    let moved = std::cell::RefCell::new((Series::default(), Series::default()));
    let pull = |side: &mut Side| {
        side.measure("pull -q --tls-verify=false 127.0.0.1:5000/chunked:old")?;
        let before = received(side)?;
        let measured = side.measure("pull -q --tls-verify=false 127.0.0.1:5000/chunked:new")?;
        let kib = (received(side)? - before) / 1024;
        let mut moved = moved.borrow_mut();
        if side.env().is_some() {
            moved.0.push(kib)
        } else {
            moved.1.push(kib)
        }
        side.measure("rmi -a -f")?;
        measured.micros.first().copied().context("no time")
    };
    let (mine, other) = alternate(ROUNDS, ours, theirs, pull, pull)?;
    let name = "pull of a zstd:chunked layer of 300 MB, one file new";
    let moved = moved.into_inner();
    let bytes = format!("{name}, moved");
    Ok(vec![
        Row { name: name.to_owned(), unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.5) },
        Row { name: bytes, unit: Unit::Memory, ours: moved.0, theirs: moved.1, bar: Bar::Ratio(1.2) },
    ])
}

/// Bytes over loopback so far.
fn received(side: &mut Side) -> Result<u64> {
    let text = side.script("grep lo: /proc/net/dev")?;
    let count = text.split_once(':').and_then(|(_, counters)| counters.split_ascii_whitespace().next());
    count.and_then(|count| count.parse().ok()).context("no counters of loopback")
}
