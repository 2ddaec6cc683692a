//! Copies between registries.

use anyhow::Result;
use testkit::Compression;

use super::stage::{Shape, Stage, empty_again, serve_empty};
use super::transfer::{self, Bars};
use crate::side::Side;
use crate::table::Row;

const ROUNDS: usize = 3;
const BIG: Shape =
    Shape { tag: "big", layers: (0, 8), bytes: 75 << 20, files: 300, compression: Compression::Gzip, edition: 0 };

/// 600 MB from one to another, beside Skopeo.
pub fn between_registries() -> Result<Vec<Row>> {
    let mut stage = Stage::new(&[BIG])?;
    for side in [Some(&mut stage.ours), stage.theirs.as_mut()].into_iter().flatten() {
        serve_empty(side)?;
    }
    const COPY: &str = "copy -q --src-tls-verify=false --dest-tls-verify=false docker://127.0.0.1:5000/big:big docker://127.0.0.1:5001/big:big";
    let ours = |side: &mut Side| {
        let measured = side.measure(&format!("skopeo {COPY}"))?;
        empty_again(side)?;
        Ok(measured)
    };
    let theirs = |side: &mut Side| {
        let words: Vec<&str> = ["skopeo", "--insecure-policy"].into_iter().chain(COPY.split(' ')).collect();
        let measured = side.measure_program(&words)?;
        empty_again(side)?;
        Ok(measured)
    };
    let bars = Bars { time: 1.0, memory: 64 << 10 };
    transfer::rows(("copy of 600 MB between registries", bars, ROUNDS), &mut stage, ours, theirs)
}
