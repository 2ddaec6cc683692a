//! Versions in tags, and constraints on them: semver.org's order, with the comparisons, ranges and wildcards that
//! skopeo-sync(1) names (`>= 1.2, < 3 || ~2.1`, `1.2 - 1.4`, `^0.3`, `1.x`). Pure.

use std::cmp::Ordering;

/// A version as tags have it: `v` in front and missing parts are fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    /// How many of the numbers were there.
    given: usize,
    /// `-rc.1`, without the dash.
    pre: String,
}

/// Alternatives, each of them a list of conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint(Vec<Vec<Condition>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// The longest first.
const OPERATORS: [(&str, Operator); 12] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    ("", Operator::Equal),
];

impl Version {
    /// `None`: it is no version.
    pub fn parse(text: &str) -> Option<Version> {
        Self::with_wildcards(text).filter(|_| !text.contains(['x', 'X', '*']) || text.contains('-'))
    }

    fn with_wildcards(text: &str) -> Option<Version> {
        let text = text.split('+').next().unwrap_or_default();
        let (core, pre) = text.split_once('-').unwrap_or((text, ""));
        let core = core.strip_prefix('v').unwrap_or(core);
        let valid = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if (text.contains('-') && !pre.split('.').all(valid)) || core.split('.').count() > 3 {
            return None;
        }
        let (mut numbers, mut given, mut open) = ([0; 3], 0, false);
        for part in core.split('.') {
            let is_wild = matches!(part, "x" | "X" | "*");
            open |= is_wild;
            if !is_wild && (part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit())) {
                return None;
            }
            if open {
                continue;
            }
            numbers[given] = part.parse().ok()?;
            given += 1;
        }
        Some(Version { numbers, given, pre: pre.to_owned() })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Numbers by value and below words.
fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (x, y) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => (x, y),
        };
        let order = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => x.cmp(y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl std::str::FromStr for Constraint {
    type Err = String;

    fn from_str(text: &str) -> Result<Constraint, String> {
        text.split("||").map(conditions).collect::<Result<_, _>>().map(Constraint)
    }
}

fn conditions(text: &str) -> Result<Vec<Condition>, String> {
    let wrong = || format!("improper constraint: {}", text.trim());
    let spaced = text.replace(',', " ");
    let mut words = spaced.split_whitespace().peekable();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let (operator, rest) = operator(word);
        // `>= 1.2` in two words.
        let version = if rest.is_empty() { words.next().ok_or_else(wrong)? } else { rest };
        let version = Version::with_wildcards(version).ok_or_else(wrong)?;
        if words.peek() == Some(&"-") {
            words.next();
            let last = words.next().and_then(Version::with_wildcards).ok_or_else(wrong)?;
            found.push(Condition { operator: Operator::GreaterOrEqual, version });
            found.push(Condition { operator: Operator::LessOrEqual, version: last });
        } else {
            found.push(Condition { operator, version });
        }
    }
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

fn operator(word: &str) -> (Operator, &str) {
    let known = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, word.strip_prefix(sign)?)));
    known.unwrap_or((Operator::Equal, word))
}

impl Constraint {
    /// Whether the version meets it.
    pub fn allows(&self, version: &Version) -> bool {
        self.0.iter().any(|all| all.iter().all(|condition| condition.holds(version)))
    }
}

impl Condition {
    fn holds(&self, version: &Version) -> bool {
        let wanted = &self.version;
        // Versions before a release are only meant where one is named.
        if !version.pre.is_empty() && wanted.pre.is_empty() {
            return false;
        }
        let same = version.numbers[..wanted.given] == wanted.numbers[..wanted.given];
        let partial = wanted.given < 3;
        match self.operator {
            Operator::Equal if partial => same,
            Operator::Equal => version == wanted || version.cmp(wanted).is_eq(),
            Operator::NotEqual if partial => !same,
            Operator::NotEqual => version.cmp(wanted).is_ne(),
            Operator::Greater => version > wanted && !(partial && same),
            Operator::Less => version < wanted,
            Operator::GreaterOrEqual => version >= wanted,
            Operator::LessOrEqual => version <= wanted || (partial && same),
            Operator::Tilde => version >= wanted && self.agrees(version, wanted.given.min(2)),
            Operator::Caret => version >= wanted && self.agrees(version, caret(wanted)),
        }
    }

    /// The first `count` numbers are the same.
    fn agrees(&self, version: &Version, count: usize) -> bool {
        version.numbers[..count] == self.version.numbers[..count]
    }
}

/// Up to the first number that isn't 0 nothing may change.
fn caret(version: &Version) -> usize {
    let leading = version.numbers[..version.given].iter().position(|number| *number != 0);
    leading.map_or(version.given, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints() {
        for (constraint, yes, no) in [
            (">= 3.12.0", "3.12.0 v3.13 4 3.12.1", "3.11.9 3.13.0-rc1 latest"),
            (">=1.2, <2", "1.2 1.9.9", "2.0.0 1.1 2"),
            ("1.2 - 1.4", "1.2.0 1.4.9 1.3", "1.5 1.1.9"),
            ("1.x", "1.0 1.9.3", "2.0 0.9"),
            ("*", "0.1 9", "1.0-rc"),
            ("^1.2.3", "1.2.3 1.9", "1.2.2 2"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0", "0.0.1 0.9", "1"),
            ("~1.2.3", "1.2.3 1.2.9", "1.3"),
            ("~1", "1.0 1.9", "2"),
            ("!=1.2", "1.3.0", "1.2.7"),
            (">1.2", "1.3", "1.2.9 1.2"),
            ("<=1.2", "1.2.9 1.1", "1.3"),
            (">= 1.0.0-rc.2", "1.0.0-rc.10 1.0.0", "1.0.0-rc.1 1.0.0-beta"),
            ("=1 || >=3", "1.5 3.0", "2.0"),
        ] {
            let parsed: Constraint = constraint.parse().unwrap();
            let allows = |tag: &str| Version::parse(tag).is_some_and(|version| parsed.allows(&version));
            assert!(yes.split(' ').all(allows), "{constraint}: {yes}");
            assert!(!no.split(' ').any(allows), "{constraint}: {no}");
        }
        for bad in ["", ">=", "foo", ">= 1.2.3.4", "1.2 -", "x.y", "1.x.y", "*.", ">= x.y"] {
            assert!(bad.parse::<Constraint>().is_err(), "{bad}");
        }
        for bad in ["latest", "1.x", "1.2.3.4", "1.2-", "", "v"] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
    }
}
