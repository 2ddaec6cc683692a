//! Patterns over paths: `*`, `?`, `[a-z]`, `\x` and `**`, as Go's `filepath.Match` and Docker's ignore files have them.
//!
//! Matched in one pass, whatever the pattern.

/// A pattern that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// `**`: anything, slashes too.
    Deep,
    /// `**/`: any number of folders.
    Folders,
    /// `*`: anything but slashes.
    Any,
    /// `?`: one that is no slash.
    One,
    /// `[…]`: ranges, and whether others are meant.
    Class(Vec<(u8, u8)>, bool),
    Literal(u8),
}

/// What a path is to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// It matches.
    Itself,
    /// A folder that it lies in does.
    Parent,
    /// Neither.
    No,
}

impl Glob {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Glob, &'static str> {
        let bytes = text.as_bytes();
        let (mut parts, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let (part, length) = match bytes[at] {
                b'*' if bytes[at..].starts_with(b"**/") => (Part::Folders, 3),
                b'*' if bytes[at..].starts_with(b"**") => (Part::Deep, 2),
                b'*' => (Part::Any, 1),
                b'?' => (Part::One, 1),
                b'[' => class(&bytes[at..])?,
                b'\\' => (Part::Literal(*bytes.get(at + 1).ok_or("it ends with a \\")?), 2),
                byte => (Part::Literal(byte), 1),
            };
            if parts.last() != Some(&part) || !matches!(part, Part::Any | Part::Deep | Part::Folders) {
                parts.push(part);
            }
            at += length;
        }
        Ok(Glob(parts))
    }

    /// Whether a text has any character with a meaning.
    pub fn is_one(text: &str) -> bool {
        text.contains(['*', '?', '[', '\\'])
    }

    /// The whole path, or one of its folders.
    pub fn matches(&self, path: &[u8]) -> Matched {
        let mut states = vec![false; self.0.len() + 1];
        states[0] = true;
        self.skip(&mut states, true);
        let mut parent = false;
        for (at, byte) in path.iter().enumerate() {
            if *byte == b'/' {
                parent |= states[self.0.len()];
            }
            let at_start = *byte == b'/' && at > 0;
            let mut next = vec![false; states.len()];
            for (index, part) in self.0.iter().enumerate().filter(|(index, _)| states[*index]) {
                let (stays, goes) = match part {
                    Part::Deep | Part::Folders => (true, false),
                    Part::Any => (*byte != b'/', false),
                    Part::One => (false, *byte != b'/'),
                    Part::Class(ranges, others) => {
                        let inside = ranges.iter().any(|(low, high)| (low..=high).contains(&byte));
                        (false, *byte != b'/' && inside != *others)
                    }
                    Part::Literal(wanted) => (false, wanted == byte),
                };
                next[index] |= stays;
                next[index + 1] |= goes;
            }
            self.skip(&mut next, at_start);
            states = next;
        }
        match (states[self.0.len()], parent) {
            (true, _) => Matched::Itself,
            (false, true) => Matched::Parent,
            (false, false) => Matched::No,
        }
    }

    /// What may be nothing; folders end where a name begins.
    fn skip(&self, states: &mut [bool], name_begins: bool) {
        for (index, part) in self.0.iter().enumerate() {
            let empty = match part {
                Part::Deep | Part::Any => true,
                Part::Folders => name_begins,
                _ => false,
            };
            if states[index] && empty {
                states[index + 1] = true;
            }
        }
    }
}

/// `[a-z]`, `[^a-z]`; also: its length.
fn class(bytes: &[u8]) -> Result<(Part, usize), &'static str> {
    const OPEN: &str = "a [ isn't closed";
    let mut at = 1;
    let others = bytes.get(at) == Some(&b'^');
    at += usize::from(others);
    let mut ranges = Vec::new();
    loop {
        let mut next = || -> Result<u8, &'static str> {
            let mut byte = *bytes.get(at).ok_or(OPEN)?;
            at += 1;
            if byte == b'\\' {
                byte = *bytes.get(at).ok_or(OPEN)?;
                at += 1;
            }
            Ok(byte)
        };
        let low = next()?;
        let high = if bytes.get(at) == Some(&b'-') {
            at += 1;
            let mut byte = *bytes.get(at).ok_or(OPEN)?;
            at += 1;
            if byte == b'\\' {
                byte = *bytes.get(at).ok_or(OPEN)?;
                at += 1;
            }
            byte
        } else {
            low
        };
        ranges.push((low, high));
        match bytes.get(at) {
            None => return Err(OPEN),
            Some(b']') => return Ok((Part::Class(ranges, others), at + 1)),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(pattern: &str, path: &str) -> Matched {
        Glob::parse(pattern).unwrap().matches(path.as_bytes())
    }

    #[test]
    fn names_and_folders() {
        use Matched::{Itself, No, Parent};
        for (pattern, path, expected) in [
            ("*.go", "a.go", Itself),
            ("*.go", "d/a.go", No),
            ("**/*.go", "a.go", Itself),
            ("**/*.go", "d/e/a.go", Itself),
            ("d/**", "d/e/f", Itself),
            ("d/**/f", "d/f", Itself),
            ("d/**/f", "d/x/y/f", Itself),
            ("d/**/f", "d/xf", No),
            ("**.txt", "d/a.txt", Itself),
            ("d", "d/e", Parent),
            ("d", "de", No),
            ("a?c", "abc", Itself),
            ("a?c", "a/c", No),
            ("[a-c]x", "bx", Itself),
            ("[^a-c]x", "bx", No),
            ("\\*", "*", Itself),
            ("\\*", "a", No),
            ("*", "ab", Itself),
            ("*", "a/b", Parent),
            ("**", "a/b", Itself),
        ] {
            assert_eq!(matched(pattern, path), expected, "{pattern} {path}");
        }
        assert!(Glob::parse("[a").is_err() && Glob::parse("a\\").is_err() && Glob::parse("[]").is_err());
    }

    #[test]
    fn hostile_patterns_take_no_longer() {
        let path = "a".repeat(4000);
        assert_eq!(matched(&format!("{}b", "*a".repeat(500)), &path), Matched::No);
    }
}
