//! `history`: the configuration's steps joined with the layers they made.

use crate::{Context, Error, find};
use oci::image::History;
use serde::Serialize;
use store::Store;

/// One step, as `podman history --format json` has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// The image's ID (hex) at its newest step, else `<missing>`.
    pub id: String,
    /// RFC 3339.
    pub created: Option<String>,
    /// The command.
    #[serde(rename = "CreatedBy")]
    pub created_by: String,
    /// Names of the image, at its newest step.
    pub tags: Vec<String>,
    /// Bytes of the step's layer as a tar; 0 for a step without one.
    pub size: u64,
    /// Free text.
    pub comment: String,
}

/// Steps of an image, newest first.
pub fn history(store: &Store, context: &Context, name: &str) -> Result<Vec<HistoryEntry>, Error> {
    let found = find(store, context, name)?;
    let sizes = found.image.layers.iter().map(|layer| store.layer_size(layer)).collect::<Result<Vec<_>, _>>()?;
    let mut entries = join(&found.config.history, &sizes, found.config.created.as_deref());
    if let Some(newest) = entries.first_mut() {
        newest.id = found.image.id.hex().to_owned();
        newest.tags = found.image.names.clone();
    }
    Ok(entries)
}

/// Layers go to the steps that made one, in order. A configuration with too little history gets steps without words.
fn join(history: &[History], sizes: &[u64], created: Option<&str>) -> Vec<HistoryEntry> {
    let mut sizes = sizes.iter();
    let mut entries = Vec::new();
    for step in history {
        let size = if step.empty_layer { 0 } else { sizes.next().copied().unwrap_or(0) };
        entries.push(entry(step, size));
    }
    entries.extend(sizes.map(|size| {
        let step = History { created: created.map(str::to_owned), ..History::default() };
        entry(&step, *size)
    }));
    entries.reverse();
    entries
}

fn entry(step: &History, size: u64) -> HistoryEntry {
    HistoryEntry {
        id: "<missing>".to_owned(),
        created: step.created.clone(),
        created_by: step.created_by.clone().unwrap_or_default(),
        tags: Vec::new(),
        size,
        comment: step.comment.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_go_to_the_steps_that_made_them() {
        let step = |by: &str, empty_layer| History { created_by: Some(by.into()), empty_layer, ..History::default() };
        let show = |history: &[History], sizes: &[u64]| {
            join(history, sizes, None).into_iter().map(|e| (e.created_by, e.size)).collect::<Vec<_>>()
        };
        let own = |list: &[(&str, u64)]| list.iter().map(|(by, size)| ((*by).to_owned(), *size)).collect::<Vec<_>>();
        let steps = [step("a", false), step("b", true), step("c", false)];
        assert_eq!(show(&steps, &[1, 2]), own(&[("c", 2), ("b", 0), ("a", 1)]));
        assert_eq!(show(&steps[..1], &[1, 2]), own(&[("", 2), ("a", 1)]));
        assert_eq!(show(&steps, &[1]), own(&[("c", 0), ("b", 0), ("a", 1)]));
    }
}
