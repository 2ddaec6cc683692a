//! The database: definitions of containers and volumes. The only SQL of the project.
//!
//! One SQLite file per store, `<graphroot>/minke/state.db`, in WAL mode with `synchronous=NORMAL` and no checkpoint on
//! close: a commit costs microseconds and survives a killed process; after a power cut the last commits may be missing but
//! the file is whole. Whether a container *runs* isn't in here, see [`live`].
//!
//! Schema version 1 (`PRAGMA user_version`; an older one is migrated step by step in [`schema`], a newer one is refused):
//!
//! ```text
//! containers  one row a container
//!   id            64 hex digits                                        "6b2f…"
//!   name          unique                                               "quick_otter"
//!   created       nanoseconds since 1970                               1795465369157517616
//!   image_id      hex digits                                           "3fd9…"
//!   image_name    as resolved                                          "localhost/bb:latest"
//!   summary       what `ps` shows, JSON: containers::Summary           {"command":["sleep","100"],"labels":{},…}
//!   spec          spec::ResolvedSpec as JSON
//!   layers        DiffIDs of the image, JSON, lowest first             ["sha256:1c5d…"]
//!   remove        1: `--rm`
//!   boot          boot id of the last start of a `--rm` container      "0c5c…" or NULL
//!   started       of the last run, RFC 3339, empty: never              "2026-11-23T20:22:49.3Z"
//!   finished      of the last run, RFC 3339, empty: never
//!   exit_code     of the last run                                      137
//!   oom           1: the last run was ended by the kernel's memory killer
//!   error         why the last start failed, mostly empty
//!   restarts      by the restart policy, in the last run               2
//!   range_first   `--userns=auto`: first id of the range it has        100000 or NULL
//!   range_size    and how many                                         1024 or NULL
//! volumes     one row a volume
//!   name          given, or 64 hex digits                              "data"
//!   created       nanoseconds since 1970
//!   anonymous     1: goes with its container
//! volume_users   container, volume: who uses which
//! dependencies   container, needs: `--network container:X` and the like
//! ```

pub mod containers;
pub mod live;
pub mod lock;
pub mod mounts;
pub mod names;
mod schema;
pub mod volumes;
pub mod watch;

use crate::Error;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::Path;
use std::time::Duration;

/// An open database.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
}

/// Turns rusqlite's errors into ours.
pub(crate) trait Tried<T> {
    /// `what`: "insert container", ….
    fn tried(self, what: &'static str) -> Result<T, Error>;
}

impl<T> Tried<T> for rusqlite::Result<T> {
    fn tried(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Database { what, source })
    }
}

/// Another process may hold the write lock for as long as its commit takes, or a checkpoint.
const BUSY: Duration = Duration::from_secs(30);
/// Bytes of the WAL file beyond which somebody with time moves it into the database.
const WAL_LIMIT: u64 = 256 << 10;

impl Database {
    /// Opens or makes the file.
    pub fn open(path: &Path) -> Result<Database, Error> {
        let connection = Connection::open(path).tried("open state")?;
        connection.busy_timeout(BUSY).tried("set time limit")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).tried("set options")?;
        let database = Database { connection };
        schema::prepare(&database.connection, path)?;
        Ok(database)
    }

    /// Whether the WAL file has grown: the first to open a database reads all of it.
    pub fn is_untidy(path: &Path) -> bool {
        let mut wal = path.to_owned().into_os_string();
        wal.push("-wal");
        std::fs::metadata(wal).is_ok_and(|wal| wal.len() > WAL_LIMIT)
    }

    /// Moves the WAL into the database and shortens it, if nobody else is writing; syncs.
    pub fn tidy(&self) -> Result<(), Error> {
        self.connection.busy_timeout(Duration::ZERO).tried("set time limit")?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).tried("checkpoint")?;
        self.connection.busy_timeout(BUSY).tried("set time limit")
    }
}
