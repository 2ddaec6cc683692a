//! Sizes in bytes as people write them: `512m`, `1.5g`, `64k`, `10MiB`. Units are powers of 1024, in either case.

use crate::Invalid;

/// Bytes. A negative or unreadable number and an unknown unit are errors; the fraction of a byte is dropped.
pub fn parse(text: &str) -> Result<i64, Invalid> {
    let invalid = || Invalid::new(format!("invalid size: '{text}'"));
    let split = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').ok_or_else(invalid)? + 1;
    let (number, unit) = text.split_at(split);
    let number: f64 = number.strip_suffix(' ').unwrap_or(number).parse().map_err(|_| invalid())?;
    if !(number >= 0.0 && number.is_finite()) {
        return Err(invalid());
    }
    let factor = factor(unit).ok_or_else(|| Invalid::new(format!("invalid suffix: '{}'", unit.to_lowercase())))?;
    let bytes = number * factor;
    if bytes >= i64::MAX as f64 {
        return Err(invalid());
    }
    Ok(bytes as i64)
}

fn factor(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    let mut letters = unit.chars();
    let power = match letters.next() {
        None => return Some(1.0),
        Some('b') => return letters.next().is_none().then_some(1.0),
        Some(letter) => "kmgtp".find(letter)? as i32 + 1,
    };
    matches!(letters.as_str(), "" | "b" | "ib").then(|| 1024f64.powi(power))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn forms_podman_takes() {
        let forms = [
            ("512", 512),
            ("512b", 512),
            ("10kb", 10240),
            ("4m", 4 << 20),
            ("5M", 5 << 20),
            ("1.5g", 3 << 29),
            ("1gib", 1 << 30),
            ("1 g", 1 << 30),
            ("0", 0),
            ("65536k", 64 << 20),
        ];
        for (text, bytes) in forms {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn errors_in_podmans_words() {
        let errors = [
            ("1x", "invalid suffix: 'x'"),
            ("-1", "invalid size: '-1'"),
            ("abc", "invalid size: 'abc'"),
            ("", "invalid size: ''"),
            ("1kbx", "invalid suffix: 'kbx'"),
            ("1e400", "invalid size: '1e400'"),
            ("9999999999999p", "invalid size: '9999999999999p'"),
        ];
        for (text, message) in errors {
            assert_eq!(parse(text).map_err(|e| e.message), Err(message.into()));
        }
    }
}
