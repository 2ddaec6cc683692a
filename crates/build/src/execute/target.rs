//! What is built for one platform: the same file may mean something else for each.

use super::Request;
use super::bases::{self, BaseImages};
use crate::error::Error;
use crate::language::{self, Fault};
use crate::plan::{Plan, Wishes};
use crate::steps::Interpreted;
use engine::Engine;
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
}

impl Target {
    /// Of the image that stage `index` begins with.
    pub(super) fn platform_of(&self, index: usize) -> &Platform {
        self.plan.stages[index].platform.as_ref().unwrap_or(&self.platform)
    }
}

/// Understands the file for each platform that is wanted, in their order.
pub(super) fn understand(engine: &Engine, request: &Request<'_>) -> Result<Vec<Target>, Error> {
    let fault = |fault: Fault| Error::fault(&fault, request.file, request.text);
    let mut targets = Vec::new();
    for platform in &request.platforms {
        let file = language::parse(request.text).map_err(fault)?;
        let wishes = Wishes { platform: platform.clone(), ..request.wishes.clone() };
        let plan = Plan::new(file, &wishes).map_err(fault)?;
        let label = (request.platforms.len() > 1).then(|| platform.to_string());
        let (platform, stages, images) = (platform.clone(), BTreeMap::new(), BaseImages::default());
        targets.push(Target { platform, label, plan, stages, images });
    }
    // This machine's comes last: a base's name stands for what was pulled last.
    let host = Platform::host();
    for own in [false, true] {
        for target in targets.iter_mut().filter(|target| (target.platform == host) == own) {
            bases::understand((engine, request), target)?;
        }
    }
    Ok(targets)
}
