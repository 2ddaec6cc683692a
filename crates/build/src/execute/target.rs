//! What is built for one platform: the same file may mean something else for each.

use super::bases::{self, BaseImages};
use super::{Platforms, Request, emulation};
use crate::error::Error;
use crate::language::{self, Fault};
use crate::plan::{Origin, Plan, Wishes};
use crate::steps::Interpreted;
use engine::Engine;
use image::Resolved;
use oci::Platform;
use std::collections::BTreeMap;

/// All that is known before the first step.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) platform: Platform,
    /// By which people know it, where there are several.
    pub(super) label: Option<String>,
    pub(super) plan: Plan,
    /// Those that are needed.
    pub(super) stages: BTreeMap<usize, Interpreted>,
    pub(super) images: BaseImages,
    /// Images that were given names for this build.
    named: BTreeMap<String, String>,
}

impl Target {
    /// Of the image that stage `index` begins with.
    pub(super) fn platform_of(&self, index: usize) -> &Platform {
        self.plan.stages[index].platform.as_ref().unwrap_or(&self.platform)
    }

    /// The image that stage `index` stands on, through all stages below it.
    pub(super) fn base(&self, index: usize) -> Option<&Resolved> {
        match &self.plan.stages[index].base {
            Origin::Stage(below) => self.base(*below),
            Origin::Image(name) => self.images.get(name, self.platform_of(index)),
            Origin::Named(name) => self.images.get(self.named.get(name)?, &self.platform),
            Origin::Scratch | Origin::Context => None,
        }
    }
}

/// Understands the file for each platform that is wanted, in their order.
pub(super) fn understand(engine: &Engine, request: &Request<'_>) -> Result<Vec<Target>, Error> {
    let fault = |fault: Fault| Error::fault(&fault, request.file, request.text);
    let mut targets = Vec::new();
    let platforms = match &request.platforms {
        Platforms::These(platforms) => platforms.clone(),
        Platforms::OfBases => of_bases(engine, request)?,
    };
    for platform in &platforms {
        let file = language::parse(request.text).map_err(fault)?;
        let wishes = Wishes { platform: platform.clone(), ..request.wishes.clone() };
        let plan = Plan::new(file, &wishes).map_err(fault)?;
        let label = (platforms.len() > 1).then(|| platform.to_string());
        let (platform, stages, images) = (platform.clone(), BTreeMap::new(), BaseImages::default());
        let named = request.contexts.images.clone();
        targets.push(Target { platform, label, plan, stages, images, named });
    }
    // This machine's comes last: a base's name stands for what was pulled last.
    let host = Platform::host();
    for own in [false, true] {
        for target in targets.iter_mut().filter(|target| (target.platform == host) == own) {
            bases::understand((engine, request), target)?;
        }
    }
    targets.iter().try_for_each(emulation::check)?;
    Ok(targets)
}

/// The platforms that all images are there for that stages begin with, in the first one's order.
fn of_bases(engine: &Engine, request: &Request<'_>) -> Result<Vec<Platform>, Error> {
    let fault = |fault: Fault| Error::fault(&fault, request.file, request.text);
    let wishes = Wishes { platform: Platform::host(), ..request.wishes.clone() };
    let plan = Plan::new(language::parse(request.text).map_err(fault)?, &wishes).map_err(fault)?;
    let mut common: Option<Vec<Platform>> = None;
    for index in plan.needed_stages(request.settings.all_stages).map_err(fault)? {
        let stage = &plan.stages[index];
        let name = match &stage.base {
            // Those that are for one platform always, are.
            Origin::Image(name) if stage.platform.is_none() => name,
            _ => continue,
        };
        let offered = engine::build::platforms(engine, name, &request.images.registry)?;
        common = Some(match common {
            None => offered,
            Some(common) => common.into_iter().filter(|platform| offered.contains(platform)).collect(),
        });
    }
    match common {
        Some(common) if !common.is_empty() => Ok(common),
        Some(_) => Err(Error::Missing("--all-platforms: no platform has all base images".to_owned())),
        None => Err(Error::Missing("--all-platforms: the build has no base image that says its platforms".to_owned())),
    }
}
