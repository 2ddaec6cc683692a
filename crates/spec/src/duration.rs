//! Durations in Go's form: `1h30m`, `1.5s`, `250ms`, `0`.

use crate::Invalid;
use std::time::Duration;

const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

/// A duration that is not negative.
pub fn parse(text: &str) -> Result<Duration, Invalid> {
    let invalid = || Invalid::new(format!("time: invalid duration \"{text}\""));
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        nanoseconds += number * factor(text, &rest[..unit])?;
        rest = &rest[unit..];
    }
    if nanoseconds > i64::MAX as f64 {
        return Err(invalid());
    }
    Ok(Duration::from_nanos(nanoseconds as u64))
}

fn factor(text: &str, unit: &str) -> Result<f64, Invalid> {
    if unit.is_empty() {
        return Err(Invalid::new(format!("time: missing unit in duration \"{text}\"")));
    }
    let known = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    known.ok_or_else(|| Invalid::new(format!("time: unknown unit \"{unit}\" in duration \"{text}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, milliseconds) in [("1h30m", 5_400_000), ("1.5s", 1500), ("250ms", 250), ("0", 0), ("+2m3s", 123_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn errors() {
        let message = |text| parse(text).unwrap_err().message;
        assert_eq!(message(""), "time: invalid duration \"\"");
        assert_eq!(message("10"), "time: missing unit in duration \"10\"");
        assert_eq!(message("1x"), "time: unknown unit \"x\" in duration \"1x\"");
        assert_eq!(message("-1s"), "time: invalid duration \"-1s\"");
        assert_eq!(message("1.2.3s"), "time: invalid duration \"1.2.3s\"");
    }
}
