//! Points at which a process may be killed: tests stop at each in turn and look at what is left.

/// Marks a point between two changes on disk. Does nothing outside of tests.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn point() {}

/// Kills this process at the point whose number is in `STORE_TEST_KILL_AT` (the first is 1).
#[cfg(test)]
pub(crate) fn point() {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static AT: OnceLock<Option<u64>> = OnceLock::new();
    static REACHED: AtomicU64 = AtomicU64::new(0);
    let at = AT.get_or_init(|| std::env::var("STORE_TEST_KILL_AT").ok()?.parse().ok());
    if *at == Some(REACHED.fetch_add(1, Ordering::Relaxed) + 1) {
        let me = rustix::process::getpid();
        let _ = rustix::process::kill_process(me, rustix::process::Signal::KILL);
    }
}
