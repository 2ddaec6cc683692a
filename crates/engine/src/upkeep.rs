//! What nobody should wait for: deleting the trash, shortening the database's log and removing idle bridges, after the answer, in
//! processes of their own.

use crate::{Engine, Privilege};
use rustix::fs::{Mode, OFlags};
use std::time::Duration;

/// Who deletes looks again when it is done, so that whoever comes meanwhile needn't wait for long.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);
/// Standard ones: what is said there mustn't end up in a file that has their number.
const STREAMS: usize = 3;

/// Forks a process that deletes what was thrown away, if there is anything, and shortens the log of a database that was used, if
/// it has grown: whoever opens it next reads all of it. After a build its cache is looked after. The process outlives the command.
pub(crate) fn behind(engine: &Engine, threw_away: bool, built: bool) {
    let trash = threw_away && engine.store().needs_reclaim();
    let built = built && engine.store().needs_tending();
    let untidy = engine.open_database().is_some() && engine.has_untidy_database();
    if !trash && !untidy && !built {
        return;
    }
    in_background(engine, || {
        if built && let Err(error) = engine.store().tend_cache() {
            log::debug!("look after the build cache: {error}");
        }
        if trash || built {
            empty_trash(engine);
        }
        if untidy {
            crate::sandbox::exec_last_duties(&engine.settled_options(), None);
        }
    });
}

/// Forks a process that removes bridges which no container has used for a moment, unless one is at it. Whoever finds one that a
/// killed process has left does that as well.
pub(crate) fn idle_bridges(engine: &Engine) {
    let run = engine.run_folder();
    if matches!(engine.privilege(), Privilege::Root) && network::has_idle(run) {
        in_background(engine, || {
            if let Err(error) = network::remove_idle(run) {
                log::debug!("remove idle bridges: {error}");
            }
        });
    }
}

/// Whoever waits for the command's output mustn't wait for this process: it holds none of it, nor the folder the command was
/// called in, which may be about to be unmounted.
fn in_background(engine: &Engine, work: impl FnOnce()) {
    if let Ok(sys::process::Fork::Child) = sys::process::fork() {
        let _ = rustix::process::setsid();
        engine.forget_database();
        let _ = sys::descriptor::close_from_but(0, &[]);
        for _ in 0..STREAMS {
            std::mem::forget(rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()));
        }
        let _ = std::env::set_current_dir("/");
        work();
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
