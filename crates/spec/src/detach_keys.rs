//! The keys that detach a terminal: `ctrl-p,ctrl-q`, `a,b`, or nothing.

use crate::Invalid;

/// podman's default, unless containers.conf says otherwise.
pub const DEFAULT: &str = "ctrl-p,ctrl-q";

/// The bytes to wait for; an empty text means that detaching is off.
pub fn parse(text: &str) -> Result<Vec<u8>, Invalid> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let key = |key| byte(key).ok_or_else(|| Invalid::new(format!("invalid detach keys: Unknown character: '{key}'")));
    text.split(',').map(key).collect()
}

fn byte(key: &str) -> Option<u8> {
    let (control, letter) = match key.strip_prefix("ctrl-") {
        Some(letter) => (true, letter),
        None => (false, key),
    };
    let &[letter] = letter.as_bytes() else { return (key == "DEL").then_some(127) };
    match (control, letter) {
        (false, _) => Some(letter),
        (true, b'a'..=b'z') => Some(letter - b'a' + 1),
        (true, b'@') => Some(0),
        (true, b'[' | b'\\' | b']' | b'^' | b'_') => Some(letter - b'@'),
        (true, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn forms() {
        assert_eq!(parse("ctrl-p,ctrl-q"), Ok(vec![16, 17]));
        assert_eq!(parse("a,b"), Ok(b"ab".to_vec()));
        assert_eq!(parse("ctrl-@,ctrl-["), Ok(vec![0, 27]));
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn unknown_keys_are_errors() {
        for text in ["ctrl-pp", "foo", "ctrl-", "ctrl-1", "a,,b"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
