//! `--squash`: many layers become one, and the history tells it.

use super::{Made, Request, Squash};
use crate::error::Error;
use engine::Engine;
use image::Resolved;
use oci::Digest;
use oci::image::History;

/// What was made, with the layers that are wanted.
pub(super) fn squash(
    (engine, request): (&Engine, &Request<'_>),
    made: Made,
    base: Option<&Resolved>,
) -> Result<Made, Error> {
    let (base_layers, base_history) = base.map_or((0, 0), |base| (base.image.layers.len(), base.config.history.len()));
    let (kept_layers, kept_history) = match request.result.squash {
        Squash::No => return Ok(made),
        Squash::Own => (base_layers, base_history),
        Squash::All => (0, 0),
    };
    let (below, above) = made.layers.split_at(kept_layers.min(made.layers.len()));
    if above.len() < 2 {
        // The history of the base goes with its layers.
        return Ok(made);
    }
    let digests = |layers: &[(Digest, u64)]| layers.iter().map(|(layer, _)| layer.clone()).collect::<Vec<_>>();
    let squashed = engine::build::squash(engine, &digests(above), &digests(below), request.settings.times)?;
    let squashed = super::layer_of(squashed);
    let told = if request.result.squash == Squash::All { base_history } else { kept_history };
    let mut history = made.history[..kept_history.min(made.history.len())].to_vec();
    history.extend(tell(&made.history[told.min(made.history.len())..], squashed.is_some()));
    Ok(Made { layers: below.iter().cloned().chain(squashed).collect(), history })
}

/// The steps, of which the last one made the layer.
fn tell(steps: &[History], has_layer: bool) -> Vec<History> {
    let mut told: Vec<History> = steps.iter().map(|step| History { empty_layer: true, ..step.clone() }).collect();
    match told.last_mut() {
        Some(last) => last.empty_layer = !has_layer,
        None => told.extend(has_layer.then(|| History { created_by: Some("squash".to_owned()), ..History::default() })),
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_made_the_layer() {
        let step = |empty_layer| History { empty_layer, ..History::default() };
        let empty =
            |steps: &[History], layer| tell(steps, layer).iter().map(|step| step.empty_layer).collect::<Vec<_>>();
        assert_eq!(empty(&[step(false), step(false), step(true)], true), [true, true, false]);
        assert_eq!(empty(&[step(false)], false), [true]);
        assert_eq!(empty(&[], true), [false]);
        assert!(empty(&[], false).is_empty());
    }
}
