//! Durations as people and as Go write them.

use jiff::Timestamp;

/// How long ago, rounded as Docker rounds it: `About a minute`, `3 hours`.
pub fn human(seconds: i64) -> String {
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    let hours = (seconds + HOUR / 2) / HOUR;
    match seconds {
        ..1 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".to_owned(),
        120..HOUR => format!("{} minutes", seconds / 60),
        _ if hours == 1 => "About an hour".to_owned(),
        _ if hours < 48 => format!("{hours} hours"),
        _ if hours < 24 * 7 * 2 => format!("{} days", hours / 24),
        _ if hours < 24 * 30 * 2 => format!("{} weeks", hours / 24 / 7),
        _ if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", seconds / DAY / 365),
    }
}

/// `human` of the time since `then`, without "ago".
pub fn since(then: Timestamp) -> String {
    human(Timestamp::now().as_second() - then.as_second())
}

/// Parses a time stamp of RFC 3339; absent or malformed ones are `None`.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Go's `time.ParseDuration`: `1h15m30.5s`, `250ms`. In nanoseconds.
pub fn parse(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = UNITS.iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        total += (number * unit.1) as i128;
        rest = &rest[digits + unit.0.len()..];
    }
    (!text.is_empty() && total != 0 || text.contains('0')).then_some(sign * total)
}

/// Longer names first, so that `ms` isn't taken for `m`.
const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

/// Go's form of a duration: `1h0m0s`, `1.5s`, `250ms`.
pub fn go(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let ns = nanoseconds.unsigned_abs();
    let fraction = |value: u128, unit: u128| (value as f64 / unit as f64).to_string();
    let text = match ns {
        0 => "0s".to_owned(),
        1..1_000 => format!("{ns}ns"),
        1_000..1_000_000 => format!("{}µs", fraction(ns, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", fraction(ns, 1_000_000)),
        _ => {
            let seconds = fraction(ns % 60_000_000_000, 1_000_000_000);
            let minutes = ns / 60_000_000_000;
            match minutes {
                0 => format!("{seconds}s"),
                1..60 => format!("{minutes}m{seconds}s"),
                _ => format!("{}h{}m{seconds}s", minutes / 60, minutes % 60),
            }
        }
    };
    format!("{sign}{text}")
}

/// `2026-11-23 20:19:06 +0000 UTC`: Go's default print of a time in UTC.
pub fn go_time(then: Timestamp) -> String {
    super::go_time(&then.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn human_durations() {
        let cases = [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (61, "About a minute"),
            (3599, "59 minutes"),
            (3600, "About an hour"),
            (6000, "2 hours"),
            (3 * 86400, "3 days"),
            (20 * 86400, "2 weeks"),
            (90 * 86400, "3 months"),
            (800 * 86400, "2 years"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(human(seconds), expected);
        }
    }

    #[test]
    fn go_durations() {
        for (text, ns) in [("1h15m30.5s", 4_530_500_000_000), ("250ms", 250_000_000), ("0", 0), ("-1s", -1_000_000_000)]
        {
            assert_eq!(parse(text), Some(ns), "{text}");
        }
        for text in ["", "5", "x", "1x", "s"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(go(4_530_500_000_000), "1h15m30.5s");
        assert_eq!(go(250_000_000), "250ms");
    }
}
