//! `buildah rm`.

use super::record::Working;
use super::{all, is_mounted};
use crate::{Engine, Error};

/// Unmounts and removes it.
///
/// # Errors
/// A command is at work in it.
pub fn remove(engine: &Engine, working: &Working) -> Result<(), Error> {
    let store = engine.store();
    let Some(_hold) = store.try_hold_working(&working.id)? else {
        return match store.working_record(&working.id)? {
            Some(_) => Err(Error::State(format!(
                "container {} is in use by another command: wait for its end, or end it",
                working.name
            ))),
            None => Err(Error::NotWorking(working.name.clone())),
        };
    };
    if is_mounted(engine, &working.id) {
        runtime::unmount_view(&store.working_mount_point(&working.id))?;
    }
    store.remove_working(&working.id)?;
    engine.left_trash();
    Ok(())
}

/// All of them; their ids, and what went wrong.
pub fn remove_all(engine: &Engine) -> Result<(Vec<String>, Vec<Error>), Error> {
    let (mut removed, mut errors) = (Vec::new(), Vec::new());
    for working in all(engine)? {
        match remove(engine, &working) {
            Ok(()) => removed.push(working.id),
            Err(Error::NotWorking(_)) => {}
            Err(error) => errors.push(error),
        }
    }
    Ok((removed, errors))
}
