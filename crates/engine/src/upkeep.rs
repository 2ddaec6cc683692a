//! What nobody should wait for: deleting the trash, after the answer, in a process of its own.

use crate::Engine;
use std::time::Duration;

/// Who deletes looks again when it is done, so that whoever comes meanwhile needn't wait for long.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// Forks a process that deletes what was thrown away, if there is anything. It outlives the command.
pub(crate) fn behind(engine: &Engine) {
    if !engine.store().needs_reclaim() {
        return;
    }
    // Whoever waits for the command's output mustn't wait for this process: it holds none of it.
    if let Ok(sys::process::Fork::Child) = sys::process::fork() {
        let _ = rustix::process::setsid();
        engine.forget_database();
        let _ = sys::descriptor::close_from_but(0, &[]);
        let _ = engine.store().reclaim();
        sys::process::exit_now(0);
    }
}
