//! JSON text as Go's encoder writes it: what has a digest must be the same byte by byte.

/// Escapes what Go escapes and others don't: `<`, `>`, `&` and the line separators U+2028 and U+2029.
pub fn escape(json: &str) -> String {
    escape_those(json, |c| matches!(c, '<' | '>' | '&') || is_separator(c))
}

/// Likewise, as Go does when HTML is of no concern: the line separators alone.
pub fn escape_separators(json: &str) -> String {
    escape_those(json, is_separator)
}

fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// In JSON these stand inside of strings only.
fn escape_those(json: &str, is_one: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match is_one(c) {
            true => escaped += &format!("\\u{:04x}", u32::from(c)),
            false => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_go() {
        let text = serde_json::to_string("a<b>&\u{2028}\u{2029}ä\"").unwrap();
        assert_eq!(escape(&text), r#""a\u003cb\u003e\u0026\u2028\u2029ä\"""#);
        assert_eq!(escape_separators(&text), r#""a<b>&\u2028\u2029ä\"""#);
        assert_eq!(serde_json::from_str::<String>(&escape(&text)).unwrap(), "a<b>&\u{2028}\u{2029}ä\"");
    }
}
