//! What nobody should wait for: deleting the trash and shortening the database's log, after the answer, in a process of its own.

use crate::Engine;
use std::time::Duration;

/// Who deletes looks again when it is done, so that whoever comes meanwhile needn't wait for long.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// Forks a process that deletes what was thrown away, if there is anything, and shortens the log of a database that was used, if
/// it has grown: whoever opens it next reads all of it. The process outlives the command.
pub(crate) fn behind(engine: &Engine, threw_away: bool) {
    let trash = threw_away && engine.store().needs_reclaim();
    let untidy = engine.open_database().is_some() && engine.has_untidy_database();
    if !trash && !untidy {
        return;
    }
    // Whoever waits for the command's output mustn't wait for this process: it holds none of it.
    if let Ok(sys::process::Fork::Child) = sys::process::fork() {
        let _ = rustix::process::setsid();
        engine.forget_database();
        let _ = sys::descriptor::close_from_but(0, &[]);
        if trash {
            empty_trash(engine);
        }
        if untidy {
            crate::sandbox::exec_last_duties(&engine.settled_options(), None);
        }
        sys::process::exit_now(0);
    }
}

/// Deletes the trash, also what comes in while another process is at it (which makes ours return at once).
pub(crate) fn empty_trash(engine: &Engine) {
    for _ in 0..ATTEMPTS {
        if !engine.store().needs_reclaim() {
            return;
        }
        if let Err(error) = engine.store().reclaim() {
            log::debug!("empty trash: {error}");
        }
        if engine.store().needs_reclaim() {
            std::thread::sleep(PAUSE);
        }
    }
}
