//! Sizes for people: powers of 1000, three or four significant digits.

/// `2.08MB`
pub fn human(bytes: u64) -> String {
    let (number, unit) = scale(bytes, 3);
    format!("{number}{unit}")
}

/// `2.08 MB`, as `images` has it.
pub fn spaced(bytes: u64) -> String {
    let (number, unit) = scale(bytes, 3);
    format!("{number} {unit}")
}

/// `2.083MB`, as `image tree` has it.
pub fn precise(bytes: u64) -> String {
    let (number, unit) = scale(bytes, 4);
    format!("{number}{unit}")
}

fn scale(bytes: u64, digits: usize) -> (String, &'static str) {
    const UNITS: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    (significant(size, digits), UNITS[unit])
}

/// C's and Go's `%.*g`: so many significant digits, without trailing zeros.
pub fn significant(value: f64, digits: usize) -> String {
    let digits = digits.max(1);
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", strip(mantissa), exponent.abs());
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    strip(&format!("{value:.decimals$}")).to_owned()
}

fn strip(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits() {
        for (bytes, expected) in [
            (0, "0B"),
            (999, "999B"),
            (1000, "1kB"),
            (10_799, "10.8kB"),
            (2_079_929, "2.08MB"),
            (1_500_000_000, "1.5GB"),
        ] {
            assert_eq!(human(bytes), expected);
        }
        assert_eq!(spaced(2_079_929), "2.08 MB");
    }
}
