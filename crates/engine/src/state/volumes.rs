//! Rows of volumes.

use super::{Database, Tried};
use crate::Error;
use rusqlite::{OptionalExtension, params};

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeRow {
    /// Given, or 64 hex digits.
    pub name: String,
    /// Nanoseconds since 1970.
    pub created: i64,
    /// Goes with its container.
    pub anonymous: bool,
}

impl Database {
    /// All by name.
    pub fn volumes(&self) -> Result<Vec<VolumeRow>, Error> {
        let sql = "SELECT name, created, anonymous FROM volumes ORDER BY name";
        let mut statement = self.connection.prepare(sql).tried("list volumes")?;
        let row =
            |row: &rusqlite::Row<'_>| Ok(VolumeRow { name: row.get(0)?, created: row.get(1)?, anonymous: row.get(2)? });
        let rows = statement.query_map([], row).tried("list volumes")?;
        rows.collect::<rusqlite::Result<_>>().tried("list volumes")
    }

    /// Volume and container, for each container that uses one.
    pub fn volume_links(&self) -> Result<Vec<(String, String)>, Error> {
        let sql = "SELECT volume, container FROM volume_users ORDER BY volume, container";
        let mut statement = self.connection.prepare(sql).tried("list volumes' users")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).tried("list volumes' users")?;
        rows.collect::<rusqlite::Result<_>>().tried("list volumes' users")
    }

    /// Whether there is one of that name.
    pub fn has_volume(&self, name: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM volumes WHERE name = ?1";
        let found = self.connection.query_row(sql, params![name], |_| Ok(())).optional().tried("find volume")?;
        Ok(found.is_some())
    }

    /// Deletes one that nobody uses; `Some`: a container that does.
    pub fn delete_volume(&self, name: &str) -> Result<Option<String>, Error> {
        let sql = "DELETE FROM volumes WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM volume_users WHERE volume = ?1)";
        if self.connection.execute(sql, [name]).tried("delete volume")? > 0 {
            return Ok(None);
        }
        let sql = "SELECT container FROM volume_users WHERE volume = ?1";
        self.connection.query_row(sql, [name], |row| row.get(0)).optional().tried("find volume's users")
    }
}
