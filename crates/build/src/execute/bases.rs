//! The stages that are needed, with the images that they stand on.

use super::commit::is_named;
use super::{Images, Request};
use crate::error::Error;
use crate::language::Fault;
use crate::plan::{Origin, Plan};
use crate::steps::{Base, Interpreted, interpret};
use engine::Engine;
use image::Resolved;
use std::collections::{BTreeMap, HashMap};

/// Reads the stages that are needed, with their bases.
pub(super) fn understand(
    engine: &Engine,
    request: &Request<'_>,
    plan: &mut Plan,
    images: &mut HashMap<String, Resolved>,
) -> Result<BTreeMap<usize, Interpreted>, Error> {
    let fault = |fault: Fault| Error::fault(&fault, request.file, request.text);
    let mut known = BTreeMap::new();
    loop {
        // A base's triggers may need more.
        let needed = plan.needed_stages(request.settings.all_stages).map_err(fault)?;
        let Some(index) = needed.into_iter().find(|index| !known.contains_key(index)) else { return Ok(known) };
        let mut base = match plan.stages[index].base.clone() {
            Origin::Stage(below) => {
                let below: &Interpreted = &known[&below];
                below.end.clone()
            }
            Origin::Image(name) => {
                let platform = plan.stages[index].platform.clone().unwrap_or_else(|| request.wishes.platform.clone());
                base_of(image(engine, request, images, &name, &platform)?)
            }
            Origin::Named(name) => match request.contexts.image(&name) {
                Some(image_name) => base_of(image(engine, request, images, image_name, &request.wishes.platform)?),
                None => Base::scratch(),
            },
            Origin::Scratch | Origin::Context => Base::scratch(),
        };
        set_variables(&mut base.config.env, &request.result.env);
        plan.insert_triggers(index, &base.config.on_build).map_err(fault)?;
        for origin in plan.needs(index).map_err(fault)? {
            let name = match &origin {
                Origin::Image(name) => Some(name.as_str()),
                Origin::Named(name) => request.contexts.image(name),
                _ => None,
            };
            if let Some(name) = name {
                image(engine, request, images, name, &request.wishes.platform)?;
            }
        }
        known.insert(index, interpret(plan, index, base).map_err(fault)?);
    }
}

fn image<'i>(
    engine: &Engine,
    request: &Request<'_>,
    images: &'i mut HashMap<String, Resolved>,
    name: &str,
    platform: &oci::Platform,
) -> Result<&'i Resolved, Error> {
    if !images.contains_key(name) {
        let Images { pull, registry, progress } = &request.images;
        let host = oci::Platform::host();
        let platform = (*platform != host).then_some(platform);
        let found = engine::image::pull(engine, name, *pull, platform, registry, *progress)?;
        images.insert(name.to_owned(), found);
    }
    Ok(&images[name])
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
