//! Working containers: what `buildah from` begins, other commands change, and `buildah commit` makes an image of. Nothing runs in
//! them between two commands, and nothing is kept of them beside their folder of the store.

mod commit;
mod create;
mod find;
mod listed;
mod mount;
mod record;
mod remove;
mod root;
mod run;

pub use commit::{Commit, Files, commit, forget_nameless};
pub use create::{FromOptions, create, image};
pub use find::{all, find};
pub use listed::listed;
pub use mount::{is_mounted, mount, mount_point, unmount};
pub use record::{Base, Working};
pub use remove::{remove, remove_all};
pub use root::Root;
pub use run::{capabilities, run};

pub(crate) use find::{id_of_name, image_counts, owner_of_name, users_of_image};

use crate::{Engine, Error};
use store::WorkingHold;

/// Records what `change` makes of it; others that change something wait.
///
/// # Errors
/// It has gone; the error of `change`, and then nothing is changed.
pub fn change<T, E: From<Error>>(
    engine: &Engine,
    id: &str,
    change: impl FnOnce(&mut Working) -> Result<T, E>,
) -> Result<T, E> {
    let lock = engine.store().lock_working_records().map_err(Error::from)?;
    let mut working = record::read(engine, id)?.ok_or_else(|| Error::NotWorking(id.to_owned()))?;
    let result = change(&mut working)?;
    record::write(engine, &lock, &working)?;
    Ok(result)
}

/// Gives it another name.
pub fn rename(engine: &Engine, id: &str, name: &str) -> Result<(), Error> {
    find::check_name(name)?;
    let lock = engine.store().lock_working_records()?;
    let mut working = record::read(engine, id)?.ok_or_else(|| Error::NotWorking(id.to_owned()))?;
    if working.name == name {
        return Err(Error::Invalid("renaming a container with the same name as its current name".to_owned()));
    }
    if let Some(owner) = owner_of_name(engine, name)? {
        let why = format!("the container name \"{name}\" is already in use by container \"{owner}\"");
        return Err(Error::Invalid(why));
    }
    working.name = name.to_owned();
    record::write(engine, &lock, &working)
}

/// Nobody else works in it while the result lives.
fn hold(engine: &Engine, id: &str) -> Result<WorkingHold, Error> {
    engine.store().hold_working(id)?.ok_or_else(|| Error::NotWorking(id.to_owned()))
}
