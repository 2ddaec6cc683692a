//! `history`.

use super::{HistoryEntry, find};
use crate::{Engine, Error};

/// Newest first.
pub fn history(engine: &Engine, name: &str) -> Result<Vec<HistoryEntry>, Error> {
    let found = find(engine, name)?;
    let mut layers = found.image.layers.iter();
    let mut entries: Vec<HistoryEntry> = Vec::new();
    for step in &found.config.history {
        let layer = if step.empty_layer { None } else { layers.next() };
        entries.push(HistoryEntry {
            id: "<missing>".to_owned(),
            created: step.created.clone().unwrap_or_default(),
            created_by: step.created_by.clone().unwrap_or_default(),
            size: layer.map_or(Ok(0), |layer| engine.store().layer_size(layer))?,
            comment: step.comment.clone().unwrap_or_default(),
            tags: Vec::new(),
        });
    }
    entries.reverse();
    if let Some(newest) = entries.first_mut() {
        newest.id = found.image.id.hex().to_owned();
        newest.tags = found.image.names;
    }
    Ok(entries)
}
