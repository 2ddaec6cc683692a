//! `images`.

use super::filter::{Filters, has_reference};
use super::{ImageSummary, ListOptions, find_record};
use crate::{Engine, Error};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// All images, newest first.
pub fn list(engine: &Engine, options: &ListOptions) -> Result<Vec<ImageSummary>, Error> {
    let filters = Filters::parse(engine, &options.filters)?;
    let counts = crate::working::image_counts(engine)?;
    let mut images: Vec<ImageSummary> =
        engine.store().images()?.into_iter().map(|image| summary(image, &counts)).collect();
    if let Some(name) = &options.name {
        match find_record(engine, name) {
            Ok((found, _)) => images.retain(|image| image.id == found.id.hex()),
            Err(Error::Image(::image::Error::NotKnown { .. })) => images.retain(|image| has_reference(image, name)),
            // No name, but a pattern for some.
            Err(_) if name.contains(['*', '?', '[']) => images.retain(|image| has_reference(image, name)),
            Err(error) => return Err(error),
        }
    }
    images.retain(|image| filters.hold(image));
    images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    Ok(images)
}

fn summary(image: store::Image, counts: &BTreeMap<String, usize>) -> ImageSummary {
    let created: Timestamp = image.created.as_deref().and_then(|time| time.parse().ok()).unwrap_or_default();
    let id = image.id.hex().to_owned();
    let dangling = image.is_dangling();
    let repo_tags = (!image.names.is_empty()).then(|| image.names.clone());
    let names = image.names.iter().chain(image.pinned.iter().rev()).cloned().collect();
    // What was pulled by a list is known by the list's.
    let by_digest = image.repo_digests.last().and_then(|name| name.rsplit_once('@'));
    let digest = by_digest.map_or_else(|| image.manifest.to_string(), |(_, digest)| digest.to_owned());
    ImageSummary {
        parent_id: String::new(),
        repo_tags,
        repo_digests: ::image::repo_digests(&image),
        size: image.size,
        shared_size: 0,
        virtual_size: image.size,
        labels: image.labels,
        containers: counts.get(&id).copied().unwrap_or(0),
        dangling,
        digest,
        names,
        created,
        created_at: Timestamp::from_second(created.as_second()).unwrap_or_default().to_string(),
        arch: image.platform.architecture,
        os: image.platform.os,
        is_manifest_list: image.list.is_some(),
        read_only: image.read_only,
        id,
    }
}
