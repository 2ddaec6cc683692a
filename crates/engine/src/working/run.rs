//! `buildah run`: a command in a working container.

use super::record::Working;
use super::{hold, is_mounted};
use crate::build::run_in;
use crate::container::facts;
use crate::sandbox::DraftRoot;
use crate::{Engine, Error};
use oci::image::ImageConfig;
use spec::{ContainerSpec, Defaults};

/// Those that commands get which run as root.
pub fn capabilities(engine: &Engine, working: &Working) -> Result<Vec<String>, Error> {
    let defaults = Defaults::from_conf(engine.config())?;
    let facts = facts::host(engine, &working.spec, &defaults, facts::Outside::default())?;
    let config = ImageConfig { config: None, ..working.config.clone() };
    let mut spec = working.spec.clone();
    spec.process.command = vec!["sh".to_owned()];
    Ok(spec.resolve(&config, &defaults, &facts)?.capabilities.bounding)
}

/// Runs it to its end, with this process's streams; its exit code (128 + signal). `config` says what the container has of an
/// image, command included.
pub fn run(
    engine: &Engine,
    working: &Working,
    (spec, config): (ContainerSpec, &ImageConfig),
    warn: &mut dyn FnMut(&str),
) -> Result<i32, Error> {
    let _hold = hold(engine, &working.id)?;
    let mounted = is_mounted(engine, &working.id);
    if !mounted {
        engine.store().clear_working_stubs(&working.id)?;
    }
    let (dirs, stubs) = engine.store().working_dirs(&working.id, &working.diff_ids())?;
    let code = run_in(engine, DraftRoot { dirs, stubs, mounted, own_streams: true }, (spec, config), warn);
    if !mounted {
        engine.store().clear_working_stubs(&working.id)?;
        engine.left_trash();
    }
    code
}
