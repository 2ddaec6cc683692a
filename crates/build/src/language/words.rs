//! Words of an instruction's line. Quotes and escapes are looked at, but stay for the expansion that comes later.

/// The words between white space that isn't quoted.
pub fn split(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut inside = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            if std::mem::take(&mut inside) {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        inside = true;
        word.push(c);
        match quote {
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(q) if c == q => quote = None,
            // Nothing is escaped between single quotes.
            Some('\'') => {}
            _ if c == escape => word.extend(chars.next()),
            _ => {}
        }
    }
    if inside {
        words.push(word);
    }
    words
}

/// The flags in front, without quotes, and what follows them. A lone `--` ends them.
pub(super) fn flags(text: &str, escape: char) -> (Vec<String>, &str) {
    let mut flags = Vec::new();
    let mut rest = text;
    while rest.starts_with("--") {
        let (word, length) = flag(rest, escape);
        rest = rest[length..].trim_start();
        if word == "--" {
            break;
        }
        flags.push(word);
    }
    (flags, rest)
}

/// The first word without its quotes, and how many bytes it takes.
fn flag(text: &str, escape: char) -> (String, usize) {
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            None if c.is_whitespace() => return (word, at),
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(q) if c == q => quote = None,
            _ if c == escape => word.extend(chars.next().map(|(_, c)| c)),
            _ => word.push(c),
        }
    }
    (word, text.len())
}

/// One word without its quotes; `None` if a quote isn't closed.
pub(super) fn unquote(word: &str) -> Option<String> {
    let mut plain = String::new();
    let mut quote = None;
    for c in word.chars() {
        match quote {
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(q) if c == q => quote = None,
            _ => plain.push(c),
        }
    }
    quote.is_none().then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_white_space() {
        assert_eq!(split(r#" a  "b c"d 'e \' f\ g "#, '\\'), ["a", r#""b c"d"#, r"'e \'", r"f\ g"]);
        assert_eq!(split(r#"a "open b"#, '\\'), ["a", r#""open b"#]);
        assert_eq!(split("a` b c\\", '`'), ["a` b", "c\\"]);
        assert_eq!(split(r#"'' """#, '\\'), ["''", "\"\""]);
    }
}
