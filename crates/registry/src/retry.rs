//! When to try again, and after how long.

use std::time::Duration;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Tries after the first.
    pub times: u32,
    /// Pause before the second try; doubled each time.
    pub first_pause: Duration,
    /// The longest of one's own pauses.
    pub longest_pause: Duration,
    /// Also where nobody listens: it may be about to start.
    pub absent: bool,
}

impl Default for Retry {
    /// 0.25, 0.5, 1 seconds.
    fn default() -> Self {
        Retry {
            times: 3,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
            absent: false,
        }
    }
}

impl Retry {
    /// The pause before try number `next` (1 is the first repetition); `None`: give up.
    pub fn pause(&self, next: u32, asked: Option<Duration>) -> Option<Duration> {
        if next == 0 || next > self.times {
            return None;
        }
        let own = self.first_pause.saturating_mul(1 << (next - 1).min(16));
        Some(asked.unwrap_or(own.min(self.longest_pause)))
    }
}

/// The longest pause that a server may ask for.
pub(crate) const MOST_ASKED: Duration = Duration::from_secs(60);

/// Waits a little less or more than that, so that many who failed at once don't come back at once.
pub(crate) fn wait(pause: Duration) {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0) % 500;
    std::thread::sleep(pause.mul_f64(0.75 + random as f64 / 1000.0));
}

/// Too many requests, or a server in trouble.
pub(crate) fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// `Retry-After` in seconds (dates are not worth the trouble).
pub(crate) fn retry_after(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let retry = Retry::default();
        let pauses: Vec<_> = (1..5).map(|n| retry.pause(n, None).map(|p| p.as_millis())).collect();
        assert_eq!(pauses, [Some(250), Some(500), Some(1000), None]);
        assert_eq!(retry.pause(1, Some(Duration::from_secs(30))), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(Some(" 3 ")), Some(Duration::from_secs(3)));
        assert_eq!(retry_after(Some("Wed, 21 Oct 2015 07:28:00 GMT")), None);
    }
}
