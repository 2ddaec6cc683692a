//! Pushes to a registry on loopback, and archives.

use anyhow::Result;
use testkit::Compression;

use super::stage::{Shape, Stage, empty_again, serve_empty};
use super::transfer::{self, Bars};
use super::{alternate, shared_folder};
use crate::side::{Measured, Side};
use crate::table::{Bar, Row, Unit};

const ROUNDS: usize = 3;
const SHAPE: Shape =
    Shape { tag: "1", layers: (0, 8), bytes: 30 << 20, files: 120, compression: Compression::Gzip, edition: 0 };

/// An image that was pulled, to another repository of the same registry.
pub fn unchanged() -> Result<Vec<Row>> {
    let push = |side: &mut Side| side.measure("push -q --tls-verify=false 127.0.0.1:5000/big:1 127.0.0.1:5000/other:1");
    measured("push of an unchanged pulled image", 0.2, push)
}

/// Into a folder, where no blob is known: all layers are compressed.
pub fn fresh() -> Result<Vec<Row>> {
    let push = |side: &mut Side| {
        let measured = side.measure("push -q --compress 127.0.0.1:5000/big:1 dir:/tmp/pushed")?;
        side.script("rm -rf /tmp/pushed")?;
        Ok(measured)
    };
    measured("push of 240 MB, all compressed", 0.5, push)
}

/// To a registry that has none of its layers.
pub fn fresh_to_registry() -> Result<Vec<Row>> {
    let push = |side: &mut Side| {
        let measured = side.measure("push -q --tls-verify=false 127.0.0.1:5000/big:1 127.0.0.1:5001/fresh:1")?;
        empty_again(side)?;
        Ok(measured)
    };
    let begin = |side: &mut Side| serve_empty(side);
    prepared("push of 240 MB to an empty registry", 0.5, begin, push)
}

/// To an archive.
pub fn save() -> Result<Vec<Row>> {
    let save = |side: &mut Side| {
        let measured = side.measure("save -q -o /tmp/saved.tar 127.0.0.1:5000/big:1")?;
        side.script("rm -f /tmp/saved.tar")?;
        Ok(measured)
    };
    measured("`save` of 240 MB", 0.5, save)
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
        Ok(measured)
    };
    measured("`load` of 240 MB", 0.5, load)
}

/// All its layers go.
pub fn remove() -> Result<Vec<Row>> {
    let remove = |side: &mut Side| {
        side.measure("pull -q --tls-verify=false 127.0.0.1:5000/big:1")?;
        side.time("rmi 127.0.0.1:5000/big:1", 0)
    };
    let Stage { ours, theirs, .. } = &mut Stage::new(&[SHAPE])?;
    let (mine, other) = alternate(ROUNDS, ours, theirs, remove, remove)?;
    let name = "`rmi` of an image of 240 MB".to_owned();
    Ok(vec![Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.1) }])
}

fn measured(name: &str, bar: f64, measure: impl Fn(&mut Side) -> Result<Measured>) -> Result<Vec<Row>> {
    prepared(name, bar, |_| Ok(()), measure)
}

fn prepared(
    name: &str,
    bar: f64,
    begin: impl Fn(&mut Side) -> Result<()>,
    measure: impl Fn(&mut Side) -> Result<Measured>,
) -> Result<Vec<Row>> {
    let mut stage = Stage::new(&[SHAPE])?;
    for side in [Some(&mut stage.ours), stage.theirs.as_mut()].into_iter().flatten() {
        side.measure("pull -q --tls-verify=false 127.0.0.1:5000/big:1")?;
        begin(side)?;
    }
    transfer::rows((name, Bars::time(bar), ROUNDS), &mut stage, &measure, &measure)
}
