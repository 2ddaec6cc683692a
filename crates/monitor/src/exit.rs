//! How a container ended: the record a monitor leaves for whoever comes next.

use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Content of the file `exit` in a container's run folder: `{"code":137,"finished":"2026-…","oom":false}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The container's exit code; 128 + number when a signal killed it.
    pub code: i32,
    /// RFC 3339.
    pub finished: String,
    /// The kernel killed a process of it for want of memory.
    #[serde(default)]
    pub oom: bool,
    /// Why it could not be started again, if that is how it ended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

impl Exit {
    /// That code, now.
    pub fn now(code: i32) -> Exit {
        Exit { code, finished: jiff::Timestamp::now().to_string(), oom: false, error: String::new() }
    }

    /// Leaves it in `folder`, all or nothing; the code also in the file `lock`, which those who wait have open: they may come to
    /// look when the folder is gone already.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let lock = std::fs::File::options().write(true).truncate(true).open(folder.join("lock"));
        // Without that note some who wait learn no code; without the record nobody learns of the end.
        let _ = lock.and_then(|lock| lock.write_all_at(self.code.to_string().as_bytes(), 0));
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let new = folder.join("exit.new");
        std::fs::write(&new, text)?;
        std::fs::rename(&new, folder.join("exit"))
    }

    /// `None`: there is none.
    pub fn read(folder: &Path) -> io::Result<Option<Exit>> {
        match std::fs::read(folder.join("exit")) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The code of the last end that is noted in a run folder's `lock`. `None`: nothing has ended yet.
pub fn noted(lock: &std::fs::File) -> Option<i32> {
    let mut text = [0; 16];
    let length = lock.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(&text[..length]).ok()?.parse().ok()
}

/// Podman's number for a wait status.
pub fn code(status: &rustix::process::WaitIdStatus) -> i32 {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => code,
        (_, Some(signal)) => 128 + signal,
        _ => 255,
    }
}

/// Whether the kernel's memory killer struck in one of these cgroup folders: v2 `memory.events`, v1 `memory.oom_control`
/// (its `oom_kill` line is there since Linux 4.13).
pub fn oom_killed(folders: &[std::path::PathBuf]) -> bool {
    let struck = |text: String| text.lines().filter_map(|l| l.strip_prefix("oom_kill ")).any(|n| n.trim() != "0");
    let read = |folder: &Path, file| std::fs::read_to_string(folder.join(file));
    folders
        .iter()
        .any(|folder| read(folder, "memory.events").or_else(|_| read(folder, "memory.oom_control")).is_ok_and(struck))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_written() {
        let folder = std::env::temp_dir().join(format!("minke-exit-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(Exit::read(&folder).unwrap(), None);
        let lock = std::fs::File::create_new(folder.join("lock")).unwrap();
        drop(lock);
        let lock = std::fs::File::open(folder.join("lock")).unwrap();
        assert_eq!(noted(&lock), None);
        let exit = Exit { oom: true, ..Exit::now(137) };
        exit.write(&folder).unwrap();
        assert_eq!(Exit::read(&folder).unwrap(), Some(exit));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(noted(&lock), Some(137));
    }

    #[test]
    fn the_record_is_left_even_if_the_note_is_not() {
        let folder = std::env::temp_dir().join(format!("minke-exit-full-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.join("lock")).unwrap();
        Exit::now(3).write(&folder).unwrap();
        assert_eq!(Exit::read(&folder).unwrap().unwrap().code, 3);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
