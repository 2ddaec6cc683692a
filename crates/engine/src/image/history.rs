//! `history`.

use super::{HistoryEntry, find};
use crate::{Engine, Error};
use oci::Digest;

/// Newest first.
pub fn history(engine: &Engine, name: &str) -> Result<Vec<HistoryEntry>, Error> {
    let found = find(engine, name)?;
    let images = engine.store().images()?;
    // What stands on the same layers; the image itself before others.
    let on = |layers: &[Digest]| -> Vec<&store::Image> {
        let mut on: Vec<_> = images.iter().filter(|image| image.layers == layers && !layers.is_empty()).collect();
        on.sort_by_key(|image| (image.id != found.image.id, image.id.clone()));
        on
    };
    let mut shown: Vec<String> = Vec::new();
    let mut entries: Vec<HistoryEntry> = Vec::new();
    let mut height = found.image.layers.len();
    for step in found.config.history.iter().rev() {
        let layers = &found.image.layers[..height];
        let on = on(layers);
        let own = on.first().map(|image| image.id.hex().to_owned()).filter(|id| !shown.contains(id));
        shown.extend(own.clone());
        let top = if step.empty_layer { None } else { layers.last() };
        height -= usize::from(top.is_some());
        entries.push(HistoryEntry {
            id: own.unwrap_or_else(|| "<missing>".to_owned()),
            created: step.created.clone().unwrap_or_default(),
            created_by: step.created_by.clone().unwrap_or_default(),
            size: top.map_or(Ok(0), |layer| engine.store().layer_size(layer))?,
            comment: step.comment.clone().unwrap_or_default(),
            tags: on.iter().flat_map(|image| image.names.iter().cloned()).collect(),
        });
    }
    match entries.first_mut() {
        // An image without layers stands on nothing.
        Some(newest) if found.image.layers.is_empty() => {
            newest.id = found.image.id.hex().to_owned();
            newest.tags = found.image.names;
        }
        _ => {}
    }
    Ok(entries)
}
