//! `images --filter`: which images are meant.

use super::{ImageSummary, find};
use crate::container::filter::until;
use crate::{Engine, Error};
use jiff::Timestamp;

/// All must hold; of several `reference=` one is enough.
pub(super) struct Filters {
    all: Vec<(bool, Filter)>,
    references: Vec<String>,
}

enum Filter {
    Reference(String),
    Dangling(bool),
    Label(String, Option<String>),
    Before(Timestamp),
    Since(Timestamp),
    Id(String),
    Digest(String),
    Containers(bool),
    Index(bool),
    ReadOnly(bool),
    /// No image is intermediate.
    Fixed(bool),
}

impl Filters {
    /// Key and value of each; a key that ends in `!` wants the opposite.
    pub(super) fn parse(engine: &Engine, filters: &[(String, String)]) -> Result<Filters, Error> {
        let mut parsed = Filters { all: Vec::new(), references: Vec::new() };
        for (key, value) in filters {
            match key.strip_suffix('!') {
                Some(key) => parsed.all.push((false, parse(engine, key, value)?)),
                None if key == "reference" => parsed.references.push(value.clone()),
                None => parsed.all.push((true, parse(engine, key, value)?)),
            }
        }
        Ok(parsed)
    }

    pub(super) fn hold(&self, image: &ImageSummary) -> bool {
        let referred =
            self.references.is_empty() || self.references.iter().any(|pattern| has_reference(image, pattern));
        referred && self.all.iter().all(|(wanted, filter)| filter.holds(image) == *wanted)
    }
}

fn parse(engine: &Engine, key: &str, value: &str) -> Result<Filter, Error> {
    let flag = || parse_flag(key, value);
    Ok(match key {
        "reference" => Filter::Reference(value.to_owned()),
        "dangling" => Filter::Dangling(flag()?),
        "label" => match value.split_once('=') {
            Some((name, value)) => Filter::Label(name.to_owned(), Some(value.to_owned())),
            None => Filter::Label(value.to_owned(), None),
        },
        "before" => Filter::Before(created(engine, key, value)?),
        "since" | "after" => Filter::Since(created(engine, key, value)?),
        "until" => Filter::Before(Timestamp::from_nanosecond(until(value)?.into()).unwrap_or(Timestamp::MAX)),
        "id" => Filter::Id(value.strip_prefix("sha256:").unwrap_or(value).to_owned()),
        "digest" => Filter::Digest(digest_prefix(value)?),
        "containers" => Filter::Containers(flag()?),
        "manifest" => Filter::Index(flag()?),
        "readonly" => Filter::ReadOnly(flag()?),
        "intermediate" => Filter::Fixed(!flag()?),
        _ => {
            let form = "must be in the format \"filter=value or filter!=value\"";
            return Err(Error::Invalid(format!("invalid image filter \"{key}\": {form}")));
        }
    })
}

/// Go's strconv.ParseBool.
fn parse_flag(key: &str, value: &str) -> Result<bool, Error> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(Error::Invalid(format!("non-boolean value \"{value}\" for {key} filter"))),
    }
}

fn created(engine: &Engine, key: &str, name: &str) -> Result<Timestamp, Error> {
    let image = match find(engine, name) {
        Err(Error::Image(error @ ::image::Error::NotKnown { .. })) => {
            let what = format!("could not find local image for filter \"{key}\"=\"{name}\"");
            return Err(Error::Invalid(format!("{what}: {error}")));
        }
        found => found?.image,
    };
    Ok(image.created.as_deref().and_then(|t| t.parse::<Timestamp>().ok()).unwrap_or_default())
}

fn digest_prefix(value: &str) -> Result<String, Error> {
    let hex = value.strip_prefix("sha256:").unwrap_or(value);
    match hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) && !hex.is_empty() && hex.len() <= 64 {
        true => Ok(format!("sha256:{hex}")),
        false => Err(Error::Invalid(format!("invalid value \"{value}\" for digest filter: it is no digest"))),
    }
}

impl Filter {
    fn holds(&self, image: &ImageSummary) -> bool {
        match self {
            Filter::Reference(pattern) => has_reference(image, pattern),
            Filter::Dangling(wanted) => image.dangling == *wanted,
            Filter::Label(name, value) => {
                image.labels.get(name).is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
            }
            Filter::Before(time) => image.created < *time,
            Filter::Since(time) => image.created > *time,
            Filter::Id(prefix) => image.id.starts_with(prefix.as_str()),
            Filter::Digest(prefix) => image.digest.starts_with(prefix.as_str()),
            Filter::Containers(wanted) => (image.containers > 0) == *wanted,
            Filter::Index(wanted) => image.is_manifest_list == *wanted,
            Filter::ReadOnly(wanted) => image.read_only == *wanted,
            Filter::Fixed(holds) => *holds,
        }
    }
}

pub(super) fn has_reference(image: &ImageSummary, pattern: &str) -> bool {
    image.names.iter().chain(&image.repo_digests).any(|name| matches(name, pattern))
}

/// A pattern means a whole name, one without registry, one without tag, or the last part alone.
fn matches(name: &str, pattern: &str) -> bool {
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    let untagged = name[slash..].find([':', '@']).map_or(name, |at| &name[..slash + at]);
    let tails = |text: &str| -> Vec<String> {
        let mut tails = vec![text.to_owned()];
        tails.extend(text.match_indices('/').map(|(at, _)| text[at + 1..].to_owned()));
        tails
    };
    tails(name).iter().chain(&tails(untagged)).any(|tail| glob(pattern.as_bytes(), tail.as_bytes()))
}

/// Go's path.Match: `*` any number of characters but `/`, `?` one, `[a-z]` or `[^a-z]` one of those, `\\` makes plain.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => {
            let end = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (0..=end).any(|n| glob(rest, &text[n..]))
        }
        Some((b'?', rest)) => text.first().is_some_and(|byte| *byte != b'/') && glob(rest, &text[1..]),
        Some((b'[', rest)) => match (text.split_first(), rest.iter().skip(1).position(|byte| *byte == b']')) {
            (Some((byte, after)), Some(end)) => class(&rest[..=end], *byte) && glob(&rest[end + 2..], after),
            _ => false,
        },
        Some((b'\\', rest)) if !rest.is_empty() => text.first() == rest.first() && glob(&rest[1..], &text[1..]),
        Some((byte, rest)) => text.first() == Some(byte) && glob(rest, &text[1..]),
    }
}

/// Whether a pattern makes sense: brackets are closed and not empty, and something follows a backslash.
pub(super) fn is_glob(pattern: &[u8]) -> bool {
    match pattern.split_first() {
        None => true,
        Some((b'[', rest)) => {
            let members = rest.strip_prefix(b"^").unwrap_or(rest);
            match members.iter().skip(1).position(|byte| *byte == b']') {
                Some(end) => is_glob(&members[end + 2..]),
                None => false,
            }
        }
        Some((b'\\', rest)) => !rest.is_empty() && is_glob(&rest[1..]),
        Some((_, rest)) => is_glob(rest),
    }
}

/// What is between the brackets.
fn class(members: &[u8], byte: u8) -> bool {
    let (negated, mut members) = match members.split_first() {
        Some((b'^', rest)) => (true, rest),
        _ => (false, members),
    };
    let mut found = false;
    while let Some((&first, rest)) = members.split_first() {
        let (last, rest) = match rest {
            [b'-', last, rest @ ..] => (*last, rest),
            _ => (first, rest),
        };
        found |= (first..=last).contains(&byte);
        members = rest;
    }
    found != negated && byte != b'/'
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn references() {
        for pattern in [
            "localhost/bb:latest",
            "bb",
            "bb:latest",
            "localhost/bb",
            "b*",
            "*/bb",
            "bb:l?test",
            "[ab]b",
            "[^c]b:l*",
            "b[a-c]",
        ] {
            assert!(matches("localhost/bb:latest", pattern), "{pattern}");
        }
        for pattern in ["b", "cc", "localhost", "*:old", "[^b]b", "b[", "b[]", "[]b"] {
            assert!(!matches("localhost/bb:latest", pattern), "{pattern}");
        }
        assert!(matches("localhost:5000/a/b:1", "localhost:5000/a/b"));
    }
}
