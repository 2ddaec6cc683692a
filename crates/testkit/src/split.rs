//! Splits a command line into words as a shell does: blanks separate, quotes and backslashes protect. No expansion.

/// The words of `line`.
///
/// # Panics
/// On a quote that isn't closed: the test is wrong.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(c),
            (_, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "unclosed quote in: {line}");
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_and_escapes() {
        assert_eq!(words("run  -e 'A=b c' x"), ["run", "-e", "A=b c", "x"]);
        assert_eq!(words(r#"sh -c "echo \"$A\" '1'" ''"#), ["sh", "-c", "echo \"$A\" '1'", ""]);
        assert_eq!(words("sh -c 'printf \"a\\n\"'"), ["sh", "-c", "printf \"a\\n\""]);
    }
}
