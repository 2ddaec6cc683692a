//! Named and anonymous volumes: as much as `run -v` and `rm -v` need.

use crate::{Engine, Error};

/// A volume's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Given, or 64 hex digits for an anonymous one.
    pub name: String,
    /// Made for one container's mount without a name.
    pub anonymous: bool,
    /// RFC 3339.
    pub created: String,
    /// Where its data is.
    pub mountpoint: std::path::PathBuf,
}

/// All volumes by name.
pub fn list(engine: &Engine) -> Result<Vec<Volume>, Error> {
    let rows = engine.database()?.volumes()?;
    rows.into_iter()
        .map(|row| {
            let created = jiff::Timestamp::from_nanosecond(row.created.into()).unwrap_or_default().to_string();
            let mountpoint = engine.store().create_volume_dir(&row.name)?;
            Ok(Volume { name: row.name, anonymous: row.anonymous, created, mountpoint })
        })
        .collect()
}

/// Removes a volume that no container uses.
pub fn remove(engine: &Engine, name: &str) -> Result<(), Error> {
    let database = engine.database()?;
    if !database.has_volume(name)? {
        return Err(Error::State(format!("no volume with name \"{name}\" found: no such volume")));
    }
    if let Some(user) = database.delete_volume(name)? {
        return Err(Error::State(format!(
            "volume {name} is being used by the following container(s): {user}: volume is being used"
        )));
    }
    engine.store().remove_volume_dir(name)?;
    engine.left_trash();
    Ok(())
}
