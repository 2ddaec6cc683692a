//! Restart policies: whether and after how long a container that ended runs again. Pure.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `--restart`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Never.
    #[default]
    No,
    /// When the exit code isn't 0, so many times (`None`: without end).
    OnFailure(Option<u32>),
    /// Until it is stopped.
    Always,
    /// The same while the host is up; differs only after a reboot.
    UnlessStopped,
}

/// Longest pause between two starts, as Docker's.
const LONGEST: Duration = Duration::from_secs(60);
/// A container that ran this long counts as healthy: the pause starts from the beginning.
const HEALTHY: Duration = Duration::from_secs(10);

impl Policy {
    /// Whether to start again after `restarts` restarts, when it ended with `code` and nobody asked for the stop.
    pub fn again(self, code: i32, restarts: u32) -> bool {
        match self {
            Policy::No => false,
            Policy::OnFailure(limit) => code != 0 && limit.is_none_or(|limit| restarts < limit),
            Policy::Always | Policy::UnlessStopped => true,
        }
    }
}

/// The pause before the next start: none at first, then doubling from 100 ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    quick: u32,
}

impl Pause {
    /// The next pause after a run of that length.
    pub fn next(&mut self, ran: Duration) -> Duration {
        if ran >= HEALTHY {
            self.quick = 0;
        }
        self.quick += 1;
        match self.quick {
            1 => Duration::ZERO,
            n => (Duration::from_millis(100) * 2u32.saturating_pow((n - 2).min(16))).min(LONGEST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        assert!(!Policy::No.again(1, 0));
        assert!(Policy::OnFailure(None).again(1, 99));
        assert!(!Policy::OnFailure(None).again(0, 0));
        assert!(Policy::OnFailure(Some(2)).again(1, 1));
        assert!(!Policy::OnFailure(Some(2)).again(1, 2));
        assert!(Policy::Always.again(0, 1000));
        assert!(Policy::UnlessStopped.again(0, 1000));
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_start_over() {
        let mut pause = Pause::default();
        let pauses: Vec<u128> = (0..13).map(|_| pause.next(Duration::ZERO).as_millis()).collect();
        assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
        assert_eq!(pause.next(HEALTHY), Duration::ZERO);
    }
}
