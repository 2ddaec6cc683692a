//! `WORKDIR`: the folder is there.

use super::inputs::Inputs;
use super::layer_of;
use super::memory::{Fresh, remembered};
use super::schedule::{Schedule, failure};
use super::worker::{Failure, Outcome};
use crate::error::Error;
use crate::files::{self, Placing};
use engine::build::Draft;
use oci::Digest;
use std::os::fd::OwnedFd;

pub(super) fn make(schedule: &Schedule<'_>, below: &[Digest], path: &str, user: &str) -> Result<Outcome, Failure> {
    let inputs = Inputs::new("workdir").over(below).with("path", path).with("user", user);
    remembered(schedule, inputs, None, || folder(schedule, below, path, user)).map_err(|error| failure(&error))
}

fn folder(schedule: &Schedule<'_>, below: &[Digest], path: &str, user: &str) -> Result<Fresh, Error> {
    let draft = Draft::begin(schedule.engine, below)?;
    let root = draft.mount()?;
    let made = std::fs::File::open(&root)
        .map_err(Error::io(format!("make the folder {path}")))
        .and_then(|root| make_owned(schedule, &root.into(), path, user));
    draft.unmount()?;
    made?;
    Ok(Fresh { layer: layer_of(draft.finish(schedule.request.settings.times)?), is_of_inputs: true })
}

/// As with BuildKit it is the user's, with what is made on the way.
fn make_owned(schedule: &Schedule<'_>, root: &OwnedFd, path: &str, user: &str) -> Result<(), Error> {
    let owner = match user {
        "" => None,
        user => match files::owner(root, user) {
            // Who isn't there has nothing. (An image for another system's accounts can still be made.)
            Err(files::Error::NoAccount { .. }) => None,
            found => Some(found?),
        },
    };
    let placing = Placing {
        root,
        destination: path,
        owner,
        mode: None,
        keeps_names: false,
        disowns_parents: false,
        is_archive: false,
        single_id: engine::build::has_single_id(schedule.engine),
    };
    Ok(files::make_folder(&placing)?)
}
