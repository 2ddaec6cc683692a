//! Waiting for a condition with a limit instead of sleeping and hoping.

use std::time::{Duration, Instant};

/// How long a condition may take on a slow, loaded machine before the test fails.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(3);

/// Asks `probe` until it gives a value.
///
/// # Panics
/// When [`LIMIT`] has passed; `what` says what was waited for.
#[track_caller]
pub fn wait_for<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < end, "waited {LIMIT:?} in vain for {what}");
        std::thread::park_timeout(INTERVAL);
    }
}

/// Asks `condition` until it is true. Panics as [`wait_for`] does.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    wait_for(what, || condition().then_some(()));
}
