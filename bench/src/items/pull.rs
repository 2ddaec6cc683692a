//! A pull of 600 MB in 8 layers from a registry on loopback.

use std::path::Path;

use anyhow::{Context, Result};
use testkit::{Entry, Image, Layer, TestEnv, Who};

use super::{alternate, shared_folder};
use crate::side::Side;
use crate::statistics::Series;
use crate::table::{Bar, Row, Unit};

const LAYERS: usize = 8;
const LAYER_BYTES: usize = 75 << 20;
const FILES_PER_LAYER: usize = 300;

/// Time and peak memory.
pub fn big() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    let storage = shared_folder()?.join("registry");
    fill(&storage)?;
    for side in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        serve(side, &storage)?;
    }
    let peaks = std::cell::RefCell::new((Series::default(), Series::default()));
    let pull = |side: &mut Side| {
        let measured = side.measure("pull -q --tls-verify=false 127.0.0.1:5000/big:1")?;
        side.measure("rmi -a -f")?;
        let mut peaks = peaks.borrow_mut();
        if side.env().is_some() {
            peaks.0.push(measured.peak_kib)
        } else {
            peaks.1.push(measured.peak_kib)
        }
        measured.micros.first().copied().context("no time")
    };
    let result = alternate(5, &mut ours, &mut theirs, pull, pull);
    let _ = std::fs::remove_dir_all(&storage);
    let ((mine, other), peaks) = (result?, peaks.into_inner());
    let name = format!("pull of {} MB in {LAYERS} layers", (LAYERS * LAYER_BYTES) >> 20);
    Ok(vec![
        Row { name: name.clone(), unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.5) },
        Row {
            name: name + ", peak memory",
            unit: Unit::Memory,
            ours: peaks.0,
            theirs: peaks.1,
            bar: Bar::Value(150 << 10),
        },
    ])
}

/// Pushes the image once, into a folder that both sides' registries then serve.
fn fill(storage: &Path) -> Result<()> {
    let env = TestEnv::new(Who::Root);
    let registry = env.registry();
    let layers = (0..LAYERS).map(|n| Layer::new(&files(n))).collect();
    registry.push("big", "1", &Image::new(layers));
    let status = std::process::Command::new("cp").arg("-a").arg(env.dir().join("registry")).arg(storage).status()?;
    anyhow::ensure!(status.success(), "can't copy the registry's storage");
    Ok(())
}

/// Half noise, half text: compresses about as programs do.
fn files(layer: usize) -> Vec<Entry> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (layer as u64 + 1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let size = LAYER_BYTES / FILES_PER_LAYER;
    (0..FILES_PER_LAYER)
        .map(|n| {
            let mut content = Vec::with_capacity(size + 64);
            while content.len() < size {
                content.extend(next().to_le_bytes());
                content.extend(b"the same ");
            }
            Entry::file(&format!("usr/lib/layer{layer}/file{n}"), content)
        })
        .collect()
}

fn serve(side: &mut Side, storage: &Path) -> Result<()> {
    let settings = "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ROOT\nhttp:\n  addr: 127.0.0.1:5000\n"
        .replace("ROOT", &storage.display().to_string());
    side.script(&format!(
        "printf '{}' >/run/registry.yml
         setsid docker-registry serve /run/registry.yml >/dev/null 2>&1 </dev/null &
         until busybox wget -q -O /dev/null http://127.0.0.1:5000/v2/ 2>/dev/null; do sleep 0.05; done",
        settings.replace('\n', "\\n")
    ))
    .map(drop)
}
