//! The stages that are needed, with the images that they stand on.

use super::commit::is_named;
use super::target::Target;
use super::{Images, Request};
use crate::error::Error;
use crate::language::Fault;
use crate::plan::Origin;
use crate::steps::{Base, interpret};
use engine::Engine;
use image::Resolved;
use oci::Platform;
use std::collections::HashMap;

/// Images by name and platform.
#[derive(Debug, Default)]
pub(super) struct BaseImages(HashMap<(String, String), Resolved>);

impl BaseImages {
    pub(super) fn get(&self, name: &str, platform: &Platform) -> Option<&Resolved> {
        self.0.get(&(name.to_owned(), platform.to_string()))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Resolved> {
        self.0.values()
    }

    /// Pulls it as is asked for, if it isn't known yet.
    fn have(
        &mut self,
        (engine, request, alone): (&Engine, &Request<'_>, bool),
        name: &str,
        platform: &Platform,
    ) -> Result<&Resolved, Error> {
        let key = (name.to_owned(), platform.to_string());
        if !self.0.contains_key(&key) {
            let Images { pull, registry, progress } = &request.images;
            // A single build for this machine takes what is stored under that name, whatever it calls itself.
            let any = alone && *platform == Platform::host();
            let found = engine::image::pull(engine, name, *pull, (!any).then_some(platform), registry, *progress)?;
            self.0.insert(key.clone(), found);
        }
        Ok(&self.0[&key])
    }
}

/// Reads the stages that are needed, with their bases.
pub(super) fn understand((engine, request): (&Engine, &Request<'_>), target: &mut Target) -> Result<(), Error> {
    let fault = |fault: Fault| Error::fault(&fault, request.file, request.text);
    let contexts = &request.contexts;
    loop {
        // A base's triggers may need more.
        let needed = target.plan.needed_stages(request.settings.all_stages).map_err(fault)?;
        let Some(index) = needed.into_iter().find(|index| !target.stages.contains_key(index)) else { return Ok(()) };
        let platform = target.platform_of(index).clone();
        let alone = target.label.is_none();
        let Target { plan, images, stages, .. } = target;
        let mut have =
            |name: &str, platform: &Platform| images.have((engine, request, alone), name, platform).map(base_of);
        let mut base = match &plan.stages[index].base {
            Origin::Stage(below) => stages[below].end.clone(),
            Origin::Image(name) => have(name, &platform)?,
            Origin::Named(name) => match contexts.image(name) {
                Some(image_name) => have(image_name, &target.platform)?,
                None => Base::scratch(),
            },
            Origin::Scratch | Origin::Context => Base::scratch(),
        };
        if !request.result.inherits_labels {
            base.config.labels.clear();
        }
        set_variables(&mut base.config.env, &request.result.env);
        plan.insert_triggers(index, &base.config.on_build).map_err(fault)?;
        for origin in plan.needs(index).map_err(fault)? {
            let name = match &origin {
                Origin::Image(name) if origin != plan.stages[index].base => Some(name.as_str()),
                Origin::Named(name) => contexts.image(name),
                _ => None,
            };
            if let Some(name) = name {
                have(name, &target.platform)?;
            }
        }
        let interpreted = interpret(plan, index, base).map_err(fault)?;
        stages.insert(index, interpreted);
    }
}

fn base_of(image: &Resolved) -> Base {
    Base {
        config: image.config.config.clone().unwrap_or_default(),
        author: image.config.author.clone(),
        arguments: Vec::new(),
    }
}

/// As if they stood in the first lines of each stage.
fn set_variables(env: &mut Vec<String>, given: &[String]) {
    for pair in given {
        let name = pair.split_once('=').map_or(pair.as_str(), |(name, _)| name);
        env.retain(|known| !is_named(known, name));
        env.push(pair.clone());
    }
}
