//! Making and migrating the tables. Version 0 is an empty file.

use super::{BUSY, Tried};
use crate::Error;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use std::time::{Duration, Instant};

/// What each version adds to the one before; never edit a step that was released.
const STEPS: &[&str] = &["
CREATE TABLE containers (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    image_id TEXT NOT NULL,
    image_name TEXT NOT NULL,
    summary TEXT NOT NULL,
    spec TEXT NOT NULL,
    layers TEXT NOT NULL,
    remove INTEGER NOT NULL,
    boot TEXT,
    started TEXT NOT NULL DEFAULT '',
    finished TEXT NOT NULL DEFAULT '',
    exit_code INTEGER NOT NULL DEFAULT 0,
    oom INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    restarts INTEGER NOT NULL DEFAULT 0,
    range_first INTEGER,
    range_size INTEGER
) WITHOUT ROWID;
CREATE TABLE volumes (
    name TEXT NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL,
    anonymous INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE volume_users (
    container TEXT NOT NULL,
    volume TEXT NOT NULL,
    PRIMARY KEY (container, volume)
) WITHOUT ROWID;
CREATE INDEX volume_users_by_volume ON volume_users (volume);
CREATE TABLE dependencies (
    container TEXT NOT NULL,
    needs TEXT NOT NULL,
    PRIMARY KEY (container, needs)
) WITHOUT ROWID;
CREATE INDEX dependencies_by_need ON dependencies (needs);
"];

/// Brings the file to the newest version. With a current file this reads one page.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), Error> {
    connection.execute_batch("PRAGMA synchronous=NORMAL").tried("set options")?;
    if version(connection)? == STEPS.len() {
        return Ok(());
    }
    set_mode(connection)?;
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate).tried("begin migration")?;
    let from = version(connection)?;
    if from > STEPS.len() {
        return Err(Error::Invalid(format!(
            "`{}` was written by a newer version of minke (schema {from}, this one knows {})",
            path.display(),
            STEPS.len()
        )));
    }
    for step in &STEPS[from..] {
        transaction.execute_batch(step).tried("migrate")?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len() as i64).tried("migrate")?;
    transaction.commit().tried("migrate")
}

/// The mode is kept in the file. Of two first processes that both get here, SQLite refuses one at once, whatever its time limit:
/// both read already, so neither could go on while the other waits. That one tries again.
fn set_mode(connection: &Connection) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        match connection.execute_batch("PRAGMA journal_mode=WAL") {
            Err(error) if is_busy(&error) && start.elapsed() < BUSY => std::thread::sleep(Duration::from_millis(1)),
            set => return set.tried("set WAL mode"),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn version(connection: &Connection) -> Result<usize, Error> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).tried("read version")?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn several_may_be_first() {
        let place = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let path = place.path().join(round.to_string());
            let barrier = Barrier::new(4);
            let open = || {
                let connection = Connection::open(&path).unwrap();
                connection.busy_timeout(BUSY).unwrap();
                barrier.wait();
                prepare(&connection, &path).unwrap();
            };
            std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(open))));
        }
    }
}
