//! Pushes to a registry on loopback, and archives.

use anyhow::{Context, Result};
use testkit::Compression;

use super::stage::{Shape, Stage, empty_again, serve_empty};
use super::{alternate, shared_folder};
use crate::side::Side;
use crate::table::{Bar, Row, Unit};

const ROUNDS: usize = 3;
const SHAPE: Shape =
    Shape { tag: "1", layers: (0, 8), bytes: 30 << 20, files: 120, compression: Compression::Gzip, edition: 0 };

/// An image that was pulled, to another repository of the same registry.
pub fn unchanged() -> Result<Vec<Row>> {
    let push = |side: &mut Side| side.time("push -q --tls-verify=false 127.0.0.1:5000/big:1 127.0.0.1:5000/other:1", 0);
    measured("push of an unchanged pulled image", Bar::Ratio(0.2), push)
}

/// Into a folder, where no blob is known: all layers are compressed.
pub fn fresh() -> Result<Vec<Row>> {
    let push = |side: &mut Side| {
        let time = side.time("push -q --compress 127.0.0.1:5000/big:1 dir:/tmp/pushed", 0)?;
        side.script("rm -rf /tmp/pushed")?;
        Ok(time)
    };
    measured("push of 240 MB, all compressed", Bar::Ratio(0.5), push)
}

/// To a registry that has none of its layers.
pub fn fresh_to_registry() -> Result<Vec<Row>> {
    let push = |side: &mut Side| {
        let time = side.time("push -q --tls-verify=false 127.0.0.1:5000/big:1 127.0.0.1:5001/fresh:1", 0)?;
        empty_again(side)?;
        Ok(time)
    };
    let begin = |side: &mut Side| serve_empty(side);
    prepared("push of 240 MB to an empty registry", Bar::Ratio(0.5), begin, push)
}

/// To an archive.
pub fn save() -> Result<Vec<Row>> {
    let save = |side: &mut Side| {
        let time = side.time("save -q -o /tmp/saved.tar 127.0.0.1:5000/big:1", 0)?;
        side.script("rm -f /tmp/saved.tar")?;
        Ok(time)
    };
    measured("`save` of 240 MB", Bar::Ratio(0.5), save)
}

/// From an archive.
pub fn load() -> Result<Vec<Row>> {
    let load = |side: &mut Side| {
        let file = shared_folder()?.join(if side.env().is_some() { "ours.tar" } else { "theirs.tar" });
        side.script(&format!("rm -f {}", file.display()))?;
        side.measure("pull -q --tls-verify=false 127.0.0.1:5000/big:1")?;
        side.measure(&format!("save -q -o {} 127.0.0.1:5000/big:1", file.display()))?;
        side.measure("rmi -a -f")?;
        let measured = side.measure(&format!("load -q -i {}", file.display()))?;
        side.script(&format!("rm -f {}", file.display()))?;
        measured.micros.first().copied().context("no time")
    };
    measured("`load` of 240 MB", Bar::Ratio(0.5), load)
}

/// All its layers go.
pub fn remove() -> Result<Vec<Row>> {
    let remove = |side: &mut Side| {
        side.measure("pull -q --tls-verify=false 127.0.0.1:5000/big:1")?;
        side.time("rmi 127.0.0.1:5000/big:1", 0)
    };
    measured("`rmi` of an image of 240 MB", Bar::Ratio(0.1), remove)
}

fn measured(name: &str, bar: Bar, measure: impl Fn(&mut Side) -> Result<u64>) -> Result<Vec<Row>> {
    prepared(name, bar, |_| Ok(()), measure)
}

fn prepared(
    name: &str,
    bar: Bar,
    begin: impl Fn(&mut Side) -> Result<()>,
    measure: impl Fn(&mut Side) -> Result<u64>,
) -> Result<Vec<Row>> {
    let Stage { ours, theirs, .. } = &mut Stage::new(&[SHAPE])?;
    for side in [Some(&mut *ours), theirs.as_mut()].into_iter().flatten() {
        side.measure("pull -q --tls-verify=false 127.0.0.1:5000/big:1")?;
        begin(side)?;
    }
    let (mine, other) = alternate(ROUNDS, ours, theirs, &measure, &measure)?;
    Ok(vec![Row { name: name.to_owned(), unit: Unit::Time, ours: mine, theirs: other, bar }])
}
