//! The freezer: v2's `cgroup.freeze` (cgroup-v2.rst), v1's hierarchy of its own (freezer-subsystem.rst).

use super::Cgroups;
use crate::error::{Error, Tried};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long processes may take to get to a place where they can be frozen.
const PATIENCE: Duration = Duration::from_secs(10);

/// Freezes (or thaws) all processes; returns when they are.
///
/// # Errors
/// There is no freezer, or somebody holds out: they are thawed again then.
pub fn freeze(cgroups: &Cgroups, frozen: bool) -> Result<(), Error> {
    let Some(freezer) = Freezer::of(cgroups) else {
        return Err(Error::other("the container has no control group with a freezer"));
    };
    freezer.order(frozen)?;
    match freezer.wait_for(frozen) {
        true => Ok(()),
        false => {
            freezer.order(!frozen)?;
            Err(Error::other(format!("`{}`: some process could not be frozen", freezer.file.display())))
        }
    }
}

/// Whether they are.
pub fn is_frozen(cgroups: &Cgroups) -> bool {
    Freezer::of(cgroups).is_some_and(|freezer| freezer.holds(true))
}

struct Freezer {
    file: PathBuf,
    /// frozen, thawed
    words: [&'static str; 2],
}

impl Freezer {
    fn of(cgroups: &Cgroups) -> Option<Freezer> {
        let is_v1 = |folder: &&PathBuf| folder.starts_with("/sys/fs/cgroup/freezer");
        if let Some(folder) = cgroups.folders.iter().find(is_v1) {
            return Some(Freezer { file: folder.join("freezer.state"), words: ["FROZEN", "THAWED"] });
        }
        let v2 = cgroups.folders.iter().map(|folder| folder.join("cgroup.freeze")).find(|file| file.exists());
        v2.map(|file| Freezer { file, words: ["1", "0"] })
    }

    fn order(&self, frozen: bool) -> Result<(), Error> {
        let word = self.words[usize::from(!frozen)];
        std::fs::write(&self.file, word).tried(|| format!("write `{word}` to `{}`", self.file.display()))
    }

    fn holds(&self, frozen: bool) -> bool {
        let first = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        match self.words[0] {
            "1" => {
                let events = first(&self.file.with_file_name("cgroup.events"));
                events.lines().any(|line| line == format!("frozen {}", u8::from(frozen)))
            }
            _ => first(&self.file).trim() == self.words[usize::from(!frozen)],
        }
    }

    /// v1 has to be asked again while processes are on their way (FREEZING).
    fn wait_for(&self, frozen: bool) -> bool {
        let start = Instant::now();
        while !self.holds(frozen) {
            if start.elapsed() > PATIENCE || (self.words[0] != "1" && self.order(frozen).is_err()) {
                return false;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        true
    }
}
