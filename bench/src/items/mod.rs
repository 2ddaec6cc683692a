//! What is measured. Each item sets its stage on both sides, then alternates.

mod build;
mod chunked;
mod concurrent;
mod copy;
mod exec;
mod list;
mod memory;
mod pull;
mod push;
mod run;
mod stage;
mod transfer;
mod version;

use anyhow::Result;
use testkit::Base;

use crate::side::Side;
use crate::statistics::Series;
use crate::table::Row;

type Item = fn() -> Result<Vec<Row>>;

/// Names and what they do.
pub const ALL: [(&str, Item); 24] = [
    ("version", version::version),
    ("run-none", run::without_network),
    ("run-bridge", run::with_bridge),
    ("run-rootless", run::rootless),
    ("exec", exec::exec),
    ("ps", list::many),
    ("memory", memory::idle),
    ("concurrent", concurrent::hundred),
    ("pull", pull::big),
    ("pull-small-layers", pull::small_layers),
    ("pull-zstd", pull::zstd),
    ("pull-sharing", pull::sharing),
    ("push-unchanged", push::unchanged),
    ("push-fresh", push::fresh),
    ("push-registry", push::fresh_to_registry),
    ("pull-chunked", chunked::new_version),
    ("copy", copy::between_registries),
    ("save", push::save),
    ("load", push::load),
    ("rmi", push::remove),
    ("images", list::many_images),
    ("build-steps", build::steps),
    ("build-files", build::files),
    ("build-stages", build::stages),
];

/// How often a short command is measured.
const ROUNDS: usize = 21;

/// How long the machine rests before a command that is measured after idling.
const IDLE_MS: u64 = 200;

/// Loads the base image.
fn load_base(side: &mut Side) -> Result<()> {
    let archive = Base::image().docker_archive("localhost/base:latest");
    let file = shared_folder()?.join("base.tar");
    std::fs::write(&file, archive)?;
    side.measure(&format!("load -q -i {}", file.display())).map(drop)
}

/// A folder that both sides see at the same path.
fn shared_folder() -> Result<std::path::PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().unwrap_or(std::path::Path::new("/")).to_owned())
}

/// Measures both in turn, `rounds` times.
fn alternate(
    rounds: usize,
    ours: &mut Side,
    theirs: &mut Option<Side>,
    measure_ours: impl Fn(&mut Side) -> Result<u64>,
    measure_theirs: impl Fn(&mut Side) -> Result<u64>,
) -> Result<(Series, Series)> {
    let (mut mine, mut other) = (Series::default(), Series::default());
    for _ in 0..rounds {
        mine.push(measure_ours(ours)?);
        if let Some(side) = theirs {
            other.push(measure_theirs(side)?);
        }
    }
    Ok((mine, other))
}
