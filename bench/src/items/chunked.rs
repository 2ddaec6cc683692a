//! Pulls of zstd:chunked layers.

use anyhow::{Context, Result};
use testkit::Compression;

use super::stage::{Shape, Stage};
use super::transfer::{self, Bars};
use crate::side::{Measured, Side};
use crate::statistics::Series;
use crate::table::{Bar, Row, Unit};

const ROUNDS: usize = 3;
const OLD: Shape =
    Shape { tag: "old", layers: (0, 1), bytes: 300 << 20, files: 1200, compression: Compression::Gzip, edition: 0 };
const NEW: Shape = Shape { tag: "new", edition: 1, ..OLD };

/// Another version of a layer of 300 MB, of which one file has changed; each side pulls what it has pushed itself.
pub fn new_version() -> Result<Vec<Row>> {
    let mut stage = Stage::new(&[OLD, NEW])?;
    for side in [Some(&mut stage.ours), stage.theirs.as_mut()].into_iter().flatten() {
        for tag in ["old", "new"] {
            side.measure(&format!("pull -q --tls-verify=false 127.0.0.1:5000/big:{tag}"))?;
            let formats = "--compression-format zstd:chunked --force-compression";
            let name = format!("127.0.0.1:5000/big:{tag} 127.0.0.1:5000/chunked:{tag}");
            side.measure(&format!("push -q --tls-verify=false {formats} {name}"))?;
        }
        side.measure("rmi -a -f")?;
        allow_parts(side)?;
    }
    let moved = std::cell::RefCell::new((Series::default(), Series::default()));
    let pull = |side: &mut Side| {
        pull_in_parts(side, "old")?;
        let before = received(side)?;
        let measured = pull_in_parts(side, "new")?;
        let kib = (received(side)? - before) / 1024;
        let mut moved = moved.borrow_mut();
        if side.env().is_some() {
            moved.0.push(kib)
        } else {
            moved.1.push(kib)
        }
        side.measure("rmi -a -f")?;
        Ok(measured)
    };
    let name = "pull of a zstd:chunked layer of 300 MB, one file new";
    let mut rows = transfer::rows((name, Bars::time(0.5), ROUNDS), &mut stage, pull, pull)?;
    let (ours, theirs) = moved.into_inner();
    rows.push(Row { name: format!("{name}, moved"), unit: Unit::Memory, ours, theirs, bar: Bar::Ratio(1.2) });
    Ok(rows)
}

/// Podman fetches layers in parts only if its storage.conf says so: it has one that differs in that alone.
fn allow_parts(side: &mut Side) -> Result<()> {
    let conf = r#"[storage]
driver = "{{.Store.GraphDriverName}}"
graphroot = "{{.Store.GraphRoot}}"
runroot = "{{.Store.RunRoot}}"
[storage.options]
pull_options = {enable_partial_images = "true"}"#;
    let engine = side.engine.clone();
    match side.env() {
        Some(_) => Ok(()),
        None => side.script(&format!("{engine} info --format '{conf}' >/run/parts.conf")).map(drop),
    }
}

fn pull_in_parts(side: &mut Side, tag: &str) -> Result<Measured> {
    let line = format!("pull -q --tls-verify=false 127.0.0.1:5000/chunked:{tag}");
    if side.env().is_some() {
        return side.measure(&line);
    }
    let engine = side.engine.clone();
    let words: Vec<&str> =
        ["env", "CONTAINERS_STORAGE_CONF=/run/parts.conf", &engine].into_iter().chain(line.split(' ')).collect();
    side.measure_program(&words)
}

/// Bytes over loopback so far.
fn received(side: &mut Side) -> Result<u64> {
    let text = side.script("grep lo: /proc/net/dev")?;
    let count = text.split_once(':').and_then(|(_, counters)| counters.split_ascii_whitespace().next());
    count.and_then(|count| count.parse().ok()).context("no counters of loopback")
}
