//! `run --rm IMAGE true` in its variants.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testkit::Who;

use super::{IDLE_MS, ROUNDS, alternate, load_base};
use crate::side::Side;
use crate::table::{Bar, Row, Unit};

/// Without a network, beside the reference's OCI runtime alone with the reference's own configuration.
pub fn without_network() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    load_base(&mut ours)?;
    if let Some(side) = &mut theirs {
        load_base(side)?;
        prepare_bundle(side)?;
    }
    let mut rows = Vec::new();
    for (name, idle) in [("in a loop", 0), ("after 0.2 s of idle", IDLE_MS)] {
        let (mine, other) = alternate(
            ROUNDS,
            &mut ours,
            &mut theirs,
            |side| side.time("run --rm --network none base true", idle),
            |side| side.time_program(&["crun", "run", "--bundle", BUNDLE, "bench"], idle),
        )?;
        let name = format!("`run --rm --network none` / `crun run`, {name}");
        rows.push(Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(1.0) });
    }
    Ok(rows)
}

const BUNDLE: &str = "/run/bench-bundle";

/// A bundle from the configuration that podman gives its runtime, without hooks and with a plain folder as root.
fn prepare_bundle(side: &mut Side) -> Result<()> {
    let engine = side.engine.clone();
    let text = side.script(&format!(
        "mkdir -p {BUNDLE}/rootfs
         id=$({engine} create --network none base true)
         {engine} init $id >/dev/null
         {engine} export $id | tar -x -C {BUNDLE}/rootfs
         cat /var/lib/containers/storage/overlay-containers/$id/userdata/config.json"
    ))?;
    let mut config: Value = serde_json::from_str(&text).context("podman's config.json")?;
    config["root"] = json!({"path": "rootfs"});
    config["linux"]["cgroupsPath"] = json!("/minke-bench");
    config.as_object_mut().context("an object")?.remove("hooks");
    let text = config.to_string().replace('\'', "'\\''");
    side.script(&format!("printf %s '{text}' >{BUNDLE}/config.json")).map(drop)
}

/// With the default bridge.
pub fn with_bridge() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    load_base(&mut ours)?;
    theirs.as_mut().map(load_base).transpose()?;
    let mut rows = Vec::new();
    for (name, idle) in [("in a loop", 0), ("after 0.2 s of idle", IDLE_MS)] {
        let measure = |side: &mut Side| side.time("run --rm base true", idle);
        let (mine, other) = alternate(ROUNDS, &mut ours, &mut theirs, measure, measure)?;
        let name = format!("`run --rm`, bridge, {name}");
        rows.push(Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(1.0 / 15.0) });
    }
    Ok(rows)
}

/// As an ordinary user, without a network and with pasta.
pub fn rootless() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::User)?, Side::theirs(Who::User)?);
    load_base(&mut ours)?;
    theirs.as_mut().map(load_base).transpose()?;
    // pasta copies the address of an interface; the environment has one only when it is connected.
    ours.env().map(testkit::TestEnv::outside);
    if let Some(side) = &mut theirs {
        connect(side);
    }
    let mut rows = Vec::new();
    for (network, bar) in [("none", 1.0 / 8.0), ("pasta", 1.0 / 4.0)] {
        let measure = |side: &mut Side| side.time(&format!("run --rm --network {network} base true"), 0);
        let (mine, other) = alternate(ROUNDS, &mut ours, &mut theirs, measure, measure)?;
        let name = format!("rootless `run --rm --network {network}`");
        rows.push(Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(bar) });
    }
    Ok(rows)
}

/// The reference's tree has loopback only: as far as its user may, an address and a route are added. pasta works
/// with less, and says so, when that fails.
fn connect(side: &mut Side) {
    let _ = side.script("ip link add up0 type dummy && ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up");
}
