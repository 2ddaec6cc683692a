//! Rows of containers.

use super::{Database, Tried};
use crate::Error;
use rusqlite::{OptionalExtension, Row, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use spec::ResolvedSpec;
use std::collections::BTreeMap;

/// What `ps` needs of a container without reading its whole spec.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// argv.
    pub command: Vec<String>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// As asked; a host port of 0 is known only while it runs.
    pub ports: Vec<network::PortMapping>,
    /// `80/tcp`.
    pub exposed: Vec<String>,
    /// Destinations.
    pub mounts: Vec<String>,
    /// Names and host folders, for `--filter volume=`.
    pub volumes: Vec<String>,
    /// Names.
    pub networks: Vec<String>,
    /// `--cidfile`.
    pub cidfile: String,
    /// Pod.
    pub pod: String,
}

/// A row without its spec.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// 64 hex digits.
    pub id: String,
    /// Unique.
    pub name: String,
    /// Nanoseconds since 1970.
    pub created: i64,
    /// Hex digits.
    pub image_id: String,
    /// As resolved.
    pub image_name: String,
    /// See [`Summary`].
    pub summary: Summary,
    /// `--rm`.
    pub remove: bool,
    /// Boot id of the last start, `--rm` only.
    pub boot: Option<String>,
    /// How the last run went.
    pub last: LastRun,
}

/// How the last run went; all empty before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastRun {
    /// RFC 3339; empty: never started.
    pub started: String,
    /// RFC 3339; empty: never ended.
    pub finished: String,
    /// Of the last run.
    pub exit_code: i32,
    /// Ended by the kernel's memory killer.
    pub oom: bool,
    /// Why it could not be started (again).
    pub error: String,
    /// By the restart policy.
    pub restarts: u32,
}

/// What [`Database::insert`] stores.
#[derive(Debug)]
pub struct New<'a> {
    /// 64 hex digits.
    pub id: &'a str,
    /// `None`: one is made up.
    pub name: Option<&'a str>,
    /// Hex digits.
    pub image_id: &'a str,
    /// As resolved.
    pub image_name: &'a str,
    /// See [`Summary`].
    pub summary: &'a Summary,
    /// See [`ResolvedSpec`].
    pub spec: &'a ResolvedSpec,
    /// DiffIDs, lowest first.
    pub layers: &'a [oci::Digest],
    /// Boot id, when it is started at once and `--rm`.
    pub boot: Option<&'a str>,
    /// Volumes: name, anonymous.
    pub volumes: &'a [(String, bool)],
    /// Containers it needs.
    pub needs: &'a [String],
    /// `--userns=auto`.
    pub range: Option<(u32, u32)>,
}

/// A row with its spec.
#[derive(Debug, Clone)]
pub struct Full {
    /// The row.
    pub container: Container,
    /// The spec.
    pub spec: ResolvedSpec,
    /// DiffIDs, lowest first.
    pub layers: Vec<oci::Digest>,
}

const COLUMNS: &str = "id, name, created, image_id, image_name, summary, remove, boot, \
     started, finished, exit_code, oom, error, restarts";

impl Database {
    /// Stores a new container and its volumes in one transaction; returns its name.
    pub fn insert(&self, new: &New<'_>) -> Result<String, Error> {
        let transaction =
            rusqlite::Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).tried("begin")?;
        let name = match new.name {
            Some(name) => {
                self.insert_row(new, name)?;
                name.to_owned()
            }
            None => self.insert_with_random_name(new)?,
        };
        let created = now();
        for (volume, anonymous) in new.volumes {
            self.run(
                "INSERT OR IGNORE INTO volumes (name, created, anonymous) VALUES (?1, ?2, ?3)",
                params![volume, created, anonymous],
                "insert volume",
            )?;
            self.run(
                "INSERT OR IGNORE INTO volume_users (container, volume) VALUES (?1, ?2)",
                params![new.id, volume],
                "insert volume's user",
            )?;
        }
        for needed in new.needs {
            self.run(
                "INSERT OR IGNORE INTO dependencies (container, needs) VALUES (?1, ?2)",
                params![new.id, needed],
                "insert dependency",
            )?;
        }
        transaction.commit().tried("commit container")?;
        Ok(name)
    }

    fn insert_with_random_name(&self, new: &New<'_>) -> Result<String, Error> {
        loop {
            let name = super::names::random();
            match self.insert_row(new, &name) {
                Err(Error::NameInUse { .. }) => {}
                result => return result.map(|()| name),
            }
        }
    }

    fn insert_row(&self, new: &New<'_>, name: &str) -> Result<(), Error> {
        let json = |value: serde_json::Result<String>| value.map_err(|e| Error::Invalid(e.to_string()));
        let result = self.run(
            "INSERT INTO containers (id, name, created, image_id, image_name, summary, spec, layers, remove, boot, \
             range_first, range_size) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                new.id,
                name,
                now(),
                new.image_id,
                new.image_name,
                json(serde_json::to_string(new.summary))?,
                json(serde_json::to_string(new.spec))?,
                json(serde_json::to_string(new.layers))?,
                new.spec.remove,
                new.boot,
                new.range.map(|(first, _)| first),
                new.range.map(|(_, size)| size),
            ],
            "insert container",
        );
        match result {
            Err(Error::Database { source: rusqlite::Error::SqliteFailure(error, _), .. })
                if error.code == rusqlite::ErrorCode::ConstraintViolation =>
            {
                let id = self.id_of_name(name)?.unwrap_or_default();
                Err(Error::NameInUse { name: name.to_owned(), id })
            }
            other => other,
        }
    }

    fn run(&self, sql: &str, parameters: impl rusqlite::Params, what: &'static str) -> Result<(), Error> {
        let mut statement = self.connection.prepare_cached(sql).tried(what)?;
        statement.execute(parameters).tried(what).map(drop)
    }

    /// By exact name.
    pub fn id_of_name(&self, name: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT id FROM containers WHERE name = ?1";
        self.connection.query_row(sql, [name], |row| row.get(0)).optional().tried("find container")
    }

    /// Ids that begin so; `prefix` consists of hex digits.
    pub fn ids_by_prefix(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let sql = "SELECT id FROM containers WHERE id >= ?1 AND id < ?2";
        // 'g' follows the last hex digit.
        self.strings(sql, params![prefix, format!("{prefix}g")])
    }

    fn strings(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<String>, Error> {
        let mut statement = self.connection.prepare(sql).tried("find")?;
        let rows = statement.query_map(parameters, |row| row.get(0)).tried("find")?;
        rows.collect::<rusqlite::Result<_>>().tried("find")
    }

    /// All, oldest first.
    pub fn containers(&self) -> Result<Vec<Container>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM containers ORDER BY created");
        let mut statement = self.connection.prepare(&sql).tried("list containers")?;
        let rows = statement.query_map([], container).tried("list containers")?;
        rows.collect::<rusqlite::Result<_>>().tried("list containers")
    }

    /// One, without its spec.
    pub fn container(&self, id: &str) -> Result<Option<Container>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM containers WHERE id = ?1");
        self.connection.query_row(&sql, [id], container).optional().tried("read container")
    }

    /// One, whole.
    pub fn full(&self, id: &str) -> Result<Option<Full>, Error> {
        let sql = format!("SELECT {COLUMNS}, spec, layers FROM containers WHERE id = ?1");
        let read = |row: &Row<'_>| {
            Ok(Full { container: container(row)?, spec: json(row, "spec")?, layers: json(row, "layers")? })
        };
        self.connection.query_row(&sql, [id], read).optional().tried("read container")
    }

    /// Records how a run went.
    pub fn record(&self, id: &str, last: &LastRun) -> Result<(), Error> {
        self.run(
            "UPDATE containers SET started = ?2, finished = ?3, exit_code = ?4, oom = ?5, error = ?6, restarts = ?7 \
             WHERE id = ?1",
            params![id, last.started, last.finished, last.exit_code, last.oom, last.error, last.restarts],
            "record exit",
        )
    }

    /// `--rm` containers that were started.
    pub fn started_to_be_removed(&self) -> Result<Vec<String>, Error> {
        self.strings("SELECT id FROM containers WHERE boot IS NOT NULL", [])
    }

    /// A `--rm` container is started in this boot.
    pub fn mark_boot(&self, id: &str, boot: &str) -> Result<(), Error> {
        self.run("UPDATE containers SET boot = ?2 WHERE id = ?1", params![id, boot], "mark start")
    }

    /// Anonymous volumes that only this container uses.
    pub fn own_volumes(&self, id: &str) -> Result<Vec<String>, Error> {
        self.strings(
            "SELECT name FROM volumes WHERE anonymous AND name IN (SELECT volume FROM volume_users WHERE \
             container = ?1) AND NOT EXISTS (SELECT 1 FROM volume_users WHERE volume = name AND container != ?1)",
            [id],
        )
    }

    /// Forgets a container and these volumes of it.
    pub fn delete(&self, id: &str, volumes: &[String]) -> Result<(), Error> {
        let transaction =
            rusqlite::Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).tried("begin")?;
        for volume in volumes {
            self.run("DELETE FROM volumes WHERE name = ?1", [volume], "delete volume")?;
        }
        self.run("DELETE FROM volume_users WHERE container = ?1", [id], "delete container")?;
        self.run("DELETE FROM dependencies WHERE container = ?1", [id], "delete container")?;
        self.run("DELETE FROM containers WHERE id = ?1", [id], "delete container")?;
        transaction.commit().tried("delete container")
    }

    /// Containers that need this one.
    pub fn dependents(&self, id: &str) -> Result<Vec<String>, Error> {
        self.strings("SELECT container FROM dependencies WHERE needs = ?1", [id])
    }

    /// Containers this one needs.
    pub fn needs(&self, id: &str) -> Result<Vec<String>, Error> {
        self.strings("SELECT needs FROM dependencies WHERE container = ?1", [id])
    }

    /// Containers made from that image (hex digits).
    pub fn users_of_image(&self, image_id: &str) -> Result<Vec<String>, Error> {
        self.strings("SELECT id FROM containers WHERE image_id = ?1 ORDER BY created", [image_id])
    }

    /// How many containers each image has.
    pub fn image_counts(&self) -> Result<BTreeMap<String, usize>, Error> {
        let sql = "SELECT image_id, count(*) FROM containers GROUP BY image_id";
        let mut statement = self.connection.prepare(sql).tried("count containers")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0))))
            .tried("count containers")?;
        rows.collect::<rusqlite::Result<_>>().tried("count containers")
    }

    /// Id ranges of `--userns=auto` containers: (first, size).
    pub fn ranges(&self) -> Result<Vec<(u32, u32)>, Error> {
        let sql = "SELECT range_first, range_size FROM containers WHERE range_first IS NOT NULL";
        let mut statement = self.connection.prepare(sql).tried("read id ranges")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).tried("read id ranges")?;
        rows.collect::<rusqlite::Result<_>>().tried("read id ranges")
    }
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

fn container(row: &Row<'_>) -> rusqlite::Result<Container> {
    Ok(Container {
        id: row.get("id")?,
        name: row.get("name")?,
        created: row.get("created")?,
        image_id: row.get("image_id")?,
        image_name: row.get("image_name")?,
        summary: json(row, "summary")?,
        remove: row.get("remove")?,
        boot: row.get("boot")?,
        last: LastRun {
            started: row.get("started")?,
            finished: row.get("finished")?,
            exit_code: row.get("exit_code")?,
            oom: row.get("oom")?,
            error: row.get("error")?,
            restarts: row.get("restarts")?,
        },
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("state.db")).unwrap();
        (folder, database)
    }

    fn insert(database: &Database, id: &str, name: Option<&str>, volumes: &[(String, bool)]) -> Result<String, Error> {
        let (summary, spec) = (Summary::default(), ResolvedSpec::default());
        database.insert(&New {
            id,
            name,
            image_id: "aa",
            image_name: "localhost/x:latest",
            summary: &summary,
            spec: &spec,
            layers: &[],
            boot: None,
            volumes,
            needs: &[],
            range: None,
        })
    }

    #[test]
    fn names_are_unique_and_ids_found_by_their_beginning() {
        let (_folder, database) = database();
        assert_eq!(insert(&database, "abc1", Some("x"), &[]).unwrap(), "x");
        assert!(matches!(insert(&database, "abd2", Some("x"), &[]), Err(Error::NameInUse { id, .. }) if id == "abc1"));
        insert(&database, "abd2", None, &[]).unwrap();
        assert_eq!(database.ids_by_prefix("ab").unwrap().len(), 2);
        assert_eq!(database.ids_by_prefix("abd").unwrap(), ["abd2"]);
        assert_eq!(database.id_of_name("x").unwrap().as_deref(), Some("abc1"));
        assert_eq!(database.full("abc1").unwrap().unwrap().spec, ResolvedSpec::default());
    }

    #[test]
    fn anonymous_volumes_go_with_their_last_container() {
        let (_folder, database) = database();
        let volumes = [("v1".to_owned(), true), ("named".to_owned(), false)];
        insert(&database, "a", Some("a"), &volumes).unwrap();
        insert(&database, "b", Some("b"), &volumes[..1]).unwrap();
        assert_eq!(database.own_volumes("b").unwrap(), Vec::<String>::new());
        database.delete("b", &[]).unwrap();
        assert_eq!(database.own_volumes("a").unwrap(), ["v1"]);
        database.delete("a", &["v1".to_owned()]).unwrap();
        assert_eq!(database.volumes().unwrap().len(), 1);
        assert!(database.container("a").unwrap().is_none());
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let (_folder, database) = database();
        database.connection.pragma_update(None, "user_version", 99).unwrap();
        let path = database.connection.path().unwrap().to_owned();
        let error = Database::open(path.as_ref()).unwrap_err().to_string();
        assert!(error.contains("newer version"), "{error}");
    }
}
