//! Copies between registries.

use anyhow::{Context, Result};
use testkit::Compression;

use super::alternate;
use super::stage::{Shape, Stage, empty_again, serve_empty};
use crate::side::Side;
use crate::statistics::Series;
use crate::table::{Bar, Row, Unit};

const ROUNDS: usize = 3;
const BIG: Shape =
    Shape { tag: "big", layers: (0, 8), bytes: 75 << 20, files: 300, compression: Compression::Gzip, edition: 0 };

/// 600 MB from one to another, beside Skopeo.
pub fn between_registries() -> Result<Vec<Row>> {
    let Stage { ours, theirs, .. } = &mut Stage::new(&[BIG])?;
    for side in [Some(&mut *ours), theirs.as_mut()].into_iter().flatten() {
        serve_empty(side)?;
    }
    let peaks = std::cell::RefCell::new(Series::default());
    const COPY: &str = "copy -q --src-tls-verify=false --dest-tls-verify=false docker://127.0.0.1:5000/big:big docker://127.0.0.1:5001/big:big";
    let ours_copy = |side: &mut Side| {
        let measured = side.measure(&format!("skopeo {COPY}"))?;
        peaks.borrow_mut().push(measured.peak_kib);
        empty_again(side)?;
        measured.micros.first().copied().context("no time")
    };
    let theirs_copy = |side: &mut Side| {
        let words: Vec<&str> = ["skopeo", "--insecure-policy"].into_iter().chain(COPY.split(' ')).collect();
        let time = side.time_program(&words, 0)?;
        empty_again(side)?;
        Ok(time)
    };
    let (mine, other) = alternate(ROUNDS, ours, theirs, ours_copy, theirs_copy)?;
    let name = "copy of 600 MB between registries";
    let memory = format!("{name}, peak memory");
    Ok(vec![
        Row { name: name.to_owned(), unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(1.0) },
        Row {
            name: memory,
            unit: Unit::Memory,
            ours: peaks.into_inner(),
            theirs: Series::default(),
            bar: Bar::Value(64 << 10),
        },
    ])
}
