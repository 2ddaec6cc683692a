//! Bridges that no container uses any more. They are removed when nobody has used them for a moment: making and removing one costs
//! tens of milliseconds, which containers that follow each other share.
//!
//! One process waits for that moment, the one that has the turn (see [`Lock::turn`]). It can be killed at any time: the bridge's
//! marker goes last, so whoever looks next finds what is left to do.

use crate::bridge::{MARKER, remove_if_idle};
use crate::decide::known_networks;
use crate::lease::folder;
use crate::lock::Lock;
use crate::{Error, Network};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long a bridge stays behind its last container.
const MOMENT: Duration = Duration::from_secs(1);

/// Whether there is a bridge without containers that nobody waits to remove.
pub fn has_idle(run: &Path) -> bool {
    let networks = fs::read_dir(run.join("networks")).into_iter().flatten().flatten();
    let mut names = networks.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.any(|name| rest(run, &name).is_some()) && matches!(Lock::turn(run), Ok(Some(_)))
}

/// Waits for each bridge without containers until its moment is over, and removes it unless a container has come. Returns at once
/// when another process is at it.
///
/// # Errors
/// What could not be removed; it is for the next command then.
pub fn remove_idle(run: &Path) -> Result<(), Error> {
    loop {
        let Some(turn) = Lock::turn(run)? else { return Ok(()) };
        while let Some((network, rest)) = next(run) {
            if rest.is_zero() {
                remove_if_idle(run, &network)?;
            } else {
                std::thread::sleep(rest);
            }
        }
        drop(turn);
        // Whoever left one a moment ago saw that the turn was taken.
        if next(run).is_none() {
            return Ok(());
        }
    }
}

/// The idle network whose moment is over first.
fn next(run: &Path) -> Option<(Network, Duration)> {
    let idle = known_networks(run).into_iter().filter_map(|network| Some((rest(run, &network.name)?, network)));
    idle.min_by_key(|(rest, _)| *rest).map(|(rest, network)| (network, rest))
}

/// How long its bridge is still to stay. `None`: it has containers, or no bridge.
fn rest(run: &Path, name: &str) -> Option<Duration> {
    let folder = folder(run, name);
    let leases = folder.join("leases");
    if !folder.join(MARKER).exists() || fs::read_dir(&leases).is_ok_and(|mut leases| leases.next().is_some()) {
        return None;
    }
    // The folder changes with every lease that is taken or given back.
    let changed = fs::metadata(&leases).and_then(|folder| folder.modified()).ok();
    let idle = changed.and_then(|time| time.elapsed().ok()).unwrap_or(MOMENT);
    Some(MOMENT.saturating_sub(idle))
}
