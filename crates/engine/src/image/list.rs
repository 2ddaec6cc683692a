//! `images`.

use super::{ImageSummary, ListOptions, find};
use crate::container::filter::until;
use crate::{Engine, Error};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// All images, newest first.
pub fn list(engine: &Engine, options: &ListOptions) -> Result<Vec<ImageSummary>, Error> {
    let filters = options.filters.iter().map(|(k, v)| parse(engine, k, v)).collect::<Result<Vec<_>, _>>()?;
    let counts = engine.database()?.image_counts()?;
    let mut images: Vec<ImageSummary> =
        engine.store().images()?.into_iter().map(|image| summary(image, &counts)).collect();
    if let Some(name) = &options.name {
        match find(engine, name) {
            Ok(found) => images.retain(|image| image.id == found.image.id.hex()),
            Err(Error::Image(::image::Error::NotKnown { .. })) => images.retain(|image| has_reference(image, name)),
            Err(error) => return Err(error),
        }
        for image in &mut images {
            if image.names.iter().any(|full| matches(full, name)) {
                image.names.retain(|full| matches(full, name));
                image.repo_tags = Some(image.names.clone());
            }
        }
    }
    images.retain(|image| filters.iter().all(|filter| filter.holds(image)));
    images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    Ok(images)
}

fn summary(image: store::Image, counts: &BTreeMap<String, usize>) -> ImageSummary {
    let created: Timestamp = image.created.as_deref().and_then(|time| time.parse().ok()).unwrap_or_default();
    let id = image.id.hex().to_owned();
    ImageSummary {
        parent_id: String::new(),
        repo_tags: (!image.names.is_empty()).then(|| image.names.clone()),
        repo_digests: image.repo_digests,
        size: image.size,
        shared_size: 0,
        virtual_size: image.size,
        labels: image.labels,
        containers: counts.get(&id).copied().unwrap_or(0),
        dangling: image.names.is_empty(),
        digest: image.manifest.to_string(),
        names: image.names,
        created: created.as_second(),
        created_at: created.to_string(),
        arch: image.platform.architecture,
        os: image.platform.os,
        id,
    }
}

enum Filter {
    Reference(String),
    Dangling(bool),
    Label(String, Option<String>),
    Before(i64),
    Since(i64),
    Id(String),
    Containers(bool),
    /// Every image of this store is writable, and none is intermediate.
    Never,
    Always,
}

fn parse(engine: &Engine, key: &str, value: &str) -> Result<Filter, Error> {
    let flag =
        || value.parse::<bool>().map_err(|_| Error::Invalid(format!("non-boolean value \"{value}\" for {key} filter")));
    let created = || -> Result<i64, Error> {
        let image = find(engine, value)?.image;
        Ok(image.created.as_deref().and_then(|t| t.parse::<Timestamp>().ok()).unwrap_or_default().as_second())
    };
    Ok(match key {
        "reference" => Filter::Reference(value.to_owned()),
        "dangling" => Filter::Dangling(flag()?),
        "label" => match value.split_once('=') {
            Some((name, value)) => Filter::Label(name.to_owned(), Some(value.to_owned())),
            None => Filter::Label(value.to_owned(), None),
        },
        "before" => Filter::Before(created()?),
        "since" | "after" => Filter::Since(created()?),
        "until" => Filter::Before(until(value)? / 1_000_000_000),
        "id" => Filter::Id(value.strip_prefix("sha256:").unwrap_or(value).to_owned()),
        "containers" => Filter::Containers(flag()?),
        "readonly" | "intermediate" => {
            if flag()? {
                Filter::Never
            } else {
                Filter::Always
            }
        }
        _ => return Err(Error::Invalid(format!("unsupported image filter \"{key}\""))),
    })
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
            Filter::Containers(wanted) => (image.containers > 0) == *wanted,
            Filter::Never => false,
            Filter::Always => true,
        }
    }
}

fn has_reference(image: &ImageSummary, pattern: &str) -> bool {
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

/// `*` any number of characters but `/`, `?` one.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => {
            let end = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (0..=end).any(|n| glob(rest, &text[n..]))
        }
        Some((b'?', rest)) => text.first().is_some_and(|byte| *byte != b'/') && glob(rest, &text[1..]),
        Some((byte, rest)) => text.first() == Some(byte) && glob(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn references() {
        for pattern in ["localhost/bb:latest", "bb", "bb:latest", "localhost/bb", "b*", "*/bb", "bb:l?test"] {
            assert!(matches("localhost/bb:latest", pattern), "{pattern}");
        }
        for pattern in ["b", "cc", "localhost", "*:old"] {
            assert!(!matches("localhost/bb:latest", pattern), "{pattern}");
        }
        assert!(matches("localhost:5000/a/b:1", "localhost:5000/a/b"));
    }
}
