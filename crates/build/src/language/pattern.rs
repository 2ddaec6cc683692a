//! Patterns of `${name#pattern}` and its kin: `*` and `?`, and `\` before a character that stands for itself.

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Any characters, even none.
    Any,
    /// Any one character.
    One,
    /// This one.
    Literal(char),
}

pub(super) fn parse(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '*' => Part::Any,
            '?' => Part::One,
            '\\' => Part::Literal(chars.next().unwrap_or('\\')),
            c => Part::Literal(c),
        });
    }
    // Two in a row mean no more than one.
    parts.dedup_by(|a, b| *a == Part::Any && *b == Part::Any);
    parts
}

/// The lengths in bytes of all beginnings of `text` that match, shortest first: one pass, whatever the pattern.
fn matches(text: &str, pattern: &[Part]) -> Vec<usize> {
    // Which parts of the pattern may come next.
    let mut next = vec![false; pattern.len() + 1];
    next[0] = true;
    skip_any(&mut next, pattern);
    let mut lengths = Vec::new();
    let mut at = 0;
    for c in text.chars() {
        if next[pattern.len()] {
            lengths.push(at);
        }
        if !next.iter().any(|possible| *possible) {
            return lengths;
        }
        let mut after = vec![false; pattern.len() + 1];
        for (index, part) in pattern.iter().enumerate().filter(|(index, _)| next[*index]) {
            match part {
                Part::Any => after[index] = true,
                Part::One => after[index + 1] = true,
                Part::Literal(wanted) => after[index + 1] |= *wanted == c,
            }
        }
        skip_any(&mut after, pattern);
        next = after;
        at += c.len_utf8();
    }
    if next[pattern.len()] {
        lengths.push(at);
    }
    lengths
}

fn skip_any(next: &mut [bool], pattern: &[Part]) {
    for (index, part) in pattern.iter().enumerate() {
        if next[index] && *part == Part::Any {
            next[index + 1] = true;
        }
    }
}

pub(super) fn without_prefix<'t>(text: &'t str, pattern: &[Part], longest: bool) -> &'t str {
    let lengths = matches(text, pattern);
    let length = if longest { lengths.last() } else { lengths.first() };
    &text[length.copied().unwrap_or_default()..]
}

pub(super) fn without_suffix<'t>(text: &'t str, pattern: &[Part], longest: bool) -> &'t str {
    let turned: String = text.chars().rev().collect();
    let backwards: Vec<Part> = pattern.iter().rev().copied().collect();
    let lengths = matches(&turned, &backwards);
    let length = if longest { lengths.last() } else { lengths.first() };
    &text[..text.len() - length.copied().unwrap_or_default()]
}

/// The longest matches from the left; an empty one is none.
pub(super) fn replace(text: &str, pattern: &[Part], replacement: &str, all: bool) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = matches(rest, pattern).last().copied().unwrap_or_default();
        if length > 0 {
            replaced += replacement;
            rest = &rest[length..];
            if !all {
                break;
            }
        } else if let Some(c) = rest.chars().next() {
            replaced.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_and_longest() {
        let pattern = parse("*b");
        assert_eq!(without_prefix("abab", &pattern, false), "ab");
        assert_eq!(without_prefix("abab", &pattern, true), "");
        assert_eq!(without_suffix("abcbc", &parse("b*"), false), "abc");
        assert_eq!(without_suffix("abcbc", &parse("b*"), true), "a");
        assert_eq!(without_suffix("äöü", &parse("?"), false), "äö");
        assert_eq!(without_prefix("*a", &parse("\\*"), false), "a");
        assert_eq!(replace("aXbX", &parse("X"), "-", true), "a-b-");
        assert_eq!(replace("abc", &parse("*"), "-", true), "-");
        assert_eq!(replace("abc", &parse(""), "-", true), "abc");
    }

    #[test]
    fn hostile_patterns_take_no_longer() {
        let text = "a".repeat(3000);
        assert_eq!(without_prefix(&text, &parse(&"*a".repeat(200)), true), "");
        assert_eq!(without_prefix(&text, &parse(&format!("{}b", "*a".repeat(200))), true), text);
    }
}
