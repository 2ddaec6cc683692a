//! Time stamps of log lines, cheap to make in a row: the text of a second is kept.

use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

/// The clock of one log.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    zone: Option<TimeZone>,
    second: Option<i64>,
    /// `2026-11-23T20:22:49` and `+00:00` of that second.
    parts: (String, String),
    text: String,
}

impl Stamp {
    /// Now in the host's zone with nine digits, as conmon writes.
    pub(super) fn local(&mut self) -> &str {
        let now = Timestamp::now();
        if self.second != Some(now.as_second()) {
            let zone = self.zone.get_or_insert_with(TimeZone::system).clone();
            let zoned = now.to_zoned(zone);
            self.parts = (zoned.strftime("%Y-%m-%dT%H:%M:%S").to_string(), zoned.strftime("%:z").to_string());
            self.second = Some(now.as_second());
        }
        self.text.clear();
        let _ = write!(self.text, "{}.{:09}{}", self.parts.0, now.subsec_nanosecond(), self.parts.1);
        &self.text
    }

    /// Now in UTC, as Docker writes.
    pub(super) fn utc(&self) -> String {
        format!("{:.9}", Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_read_back_as_now() {
        let mut stamp = Stamp::default();
        let before = Timestamp::now();
        let local: Timestamp = stamp.local().parse().unwrap();
        let utc: Timestamp = stamp.utc().parse().unwrap();
        assert!(before <= local && local <= utc);
        assert_eq!(stamp.local().len(), "2026-11-23T20:22:49.904161837+00:00".len());
    }
}
