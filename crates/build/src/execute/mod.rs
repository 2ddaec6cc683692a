//! Doing what a plan says: stages side by side, each step in a process of its own, and nothing twice that is remembered.
//!
//! The coordinator has one thread, since it forks, and waits for its steps; a step makes a layer and tells its name. When the
//! coordinator dies its steps do, and their containers with them.

mod context;
mod copy;
mod inputs;
mod run;
mod schedule;
mod workdir;
mod worker;

pub use context::Contexts;

use inputs::Inputs;

use crate::error::Error;
use crate::language::{self, Fault};
use crate::plan::{Origin, Plan, Wishes};
use crate::steps::{Base, Interpreted, interpret};
use engine::Engine;
use engine::build::{AppliedLayer, Cached};
use engine::image::RegistryOptions;
use image::assemble::Parts;
use image::{Progress, PullPolicy, Resolved};
use oci::Digest;
use oci::image::config::RootFs;
use oci::image::{History, ImageConfig};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// A build.
pub struct Request<'a> {
    /// What the Containerfile is called in messages.
    pub file: &'a str,
    /// Its content.
    pub text: &'a str,
    /// What changes the plan.
    pub wishes: Wishes,
    /// Where files come from.
    pub contexts: Contexts,
    /// How images are had.
    pub images: Images<'a>,
    /// How steps are done.
    pub settings: Settings,
    /// What becomes of the result.
    pub result: Wanted,
}

/// How base images are had.
pub struct Images<'a> {
    /// `--pull`
    pub pull: PullPolicy,
    /// Credentials and TLS.
    pub registry: RegistryOptions,
    /// Of transfers.
    pub progress: &'a dyn Progress,
}

/// How steps are done.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is remembered counts.
    pub cache: bool,
    /// What is made is remembered.
    pub remember: bool,
    /// Steps at a time.
    pub jobs: usize,
    /// No file is younger, in seconds since 1970.
    pub latest: Option<i64>,
    /// Stages that the target doesn't need are built, too.
    pub all_stages: bool,
    /// What all commands of the build have in common.
    pub container: spec::ContainerSpec,
    /// `--secret`: where each comes from.
    pub secrets: BTreeMap<String, Secret>,
    /// `--ssh`: the agents' sockets.
    pub agents: BTreeMap<String, PathBuf>,
    /// `RUN --security=insecure` may be done.
    pub allow_insecure: bool,
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// A file.
    File(PathBuf),
    /// A variable of the caller's.
    Env(String),
}

/// What becomes of the result.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Full names.
    pub names: Vec<String>,
    /// In Docker's form.
    pub docker: bool,
    /// `--label`
    pub labels: BTreeMap<String, String>,
    /// `--annotation`
    pub annotations: BTreeMap<String, String>,
    /// `--env`: NAME=value
    pub env: Vec<String>,
    /// `--unsetenv`
    pub unset_env: Vec<String>,
    /// RFC 3339.
    pub created: String,
    /// What the image is for.
    pub platform: oci::Platform,
}

/// What happens meanwhile.
#[derive(Debug)]
pub enum Event<'e> {
    /// A step begins.
    Step {
        /// Of this stage.
        stage: Position<'e>,
        /// The instruction.
        text: &'e str,
    },
    /// It was remembered; where its layer is there is one.
    Cached {
        /// Of this stage.
        stage: Position<'e>,
        /// What it made.
        layer: Option<&'e Digest>,
    },
    /// It is done.
    Made {
        /// Of this stage.
        stage: Position<'e>,
        /// What it made.
        layer: Option<&'e Digest>,
    },
    /// A command writes.
    Output {
        /// To its standard error.
        error: bool,
        /// What.
        bytes: &'e [u8],
    },
    /// The image is about to be recorded.
    Commit,
    /// Something to know.
    Warning(&'e str),
}

/// Where in a build.
#[derive(Debug, Clone, Copy)]
pub struct Position<'e> {
    /// Of the stages that are built, from 1 on.
    pub stage: usize,
    /// So many are.
    pub stages: usize,
    /// In the stage, FROM being 1.
    pub step: usize,
    /// So many it has.
    pub steps: usize,
    /// The stage's.
    pub name: &'e str,
}

/// What a stage has become.
#[derive(Debug, Clone, Default)]
struct Made {
    /// Lowest first, the base's among them.
    layers: Vec<(Digest, u64)>,
    /// Likewise.
    history: Vec<History>,
}

impl Made {
    fn diff_ids(&self) -> Vec<Digest> {
        self.layers.iter().map(|(layer, _)| layer.clone()).collect()
    }
}

/// Builds; the image's id.
pub fn build(engine: &Engine, request: &Request<'_>, tell: &mut dyn FnMut(Event<'_>)) -> Result<Digest, Error> {
    let fault = |fault: Fault| Error::fault(&fault, request.file, request.text);
    engine::build::hold(engine)?;
    let file = language::parse(request.text).map_err(fault)?;
    let mut plan = Plan::new(file, &request.wishes).map_err(fault)?;
    let mut images = HashMap::new();
    let stages = understand(engine, request, &mut plan, &mut images)?;
    if let unused @ [_, ..] = &plan.arguments.unused()[..] {
        tell(Event::Warning(&format!("one or more build args were not consumed: [{}]", unused.join(" "))));
    }
    let keeper = engine::build::keep_layers(engine)?;
    let mut run = schedule::Schedule::new((engine, &keeper), request, &plan, &stages, &images);
    let made = run.run(tell)?;
    tell(Event::Commit);
    commit(engine, request, &stages[&plan.target], made)
}

/// Reads the stages that are needed, with their bases.
fn understand(
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

fn commit(engine: &Engine, request: &Request<'_>, stage: &Interpreted, made: Made) -> Result<Digest, Error> {
    let wanted = &request.result;
    let mut config = stage.end.config.clone();
    config.labels.extend(wanted.labels.clone());
    config.env.retain(|pair| !wanted.unset_env.iter().any(|name| is_named(pair, name)));
    let platform = &wanted.platform;
    let mut config = ImageConfig {
        created: None,
        author: stage.end.author.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
        os: platform.os.clone(),
        config: Some(config),
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: made.diff_ids() },
        history: made.history,
    };
    let created = created(engine, request, &config)?;
    config.created = Some(created.clone());
    let own = config.history.iter_mut().filter(|entry| entry.created.is_none());
    own.for_each(|entry| entry.created = Some(created.clone()));
    let parts = Parts {
        layers: made.layers,
        annotations: wanted.annotations.clone(),
        docker: wanted.docker,
        names: wanted.names.clone(),
    };
    Ok(engine::build::commit(engine, &config, &parts)?)
}

/// When an image that says the same was made first; else now. So a build that changes nothing makes no other image.
fn created(engine: &Engine, request: &Request<'_>, config: &ImageConfig) -> Result<String, Error> {
    let now = request.result.created.clone();
    let key = Inputs::new("image").json("config", config).with("docker", request.result.docker.to_string()).key();
    let found = match request.settings.cache && request.settings.latest.is_none() {
        true => engine::build::cached(engine, &key)?,
        false => None,
    };
    if let Some(created) = found.and_then(|mut found| found.inputs.remove(CREATED)) {
        return Ok(created);
    }
    if request.settings.remember && request.settings.latest.is_none() {
        let inputs = BTreeMap::from([(CREATED.to_owned(), now.clone())]);
        engine::build::remember(engine, &key, &Cached { layer: None, inputs })?;
    }
    Ok(now)
}

const CREATED: &str = "created";

fn is_named(pair: &str, name: &str) -> bool {
    pair.split_once('=').is_some_and(|(key, _)| key == name)
}

/// As if they stood in the first lines of each stage.
fn set_variables(env: &mut Vec<String>, given: &[String]) {
    for pair in given {
        let name = pair.split_once('=').map_or(pair.as_str(), |(name, _)| name);
        env.retain(|known| !is_named(known, name));
        env.push(pair.clone());
    }
}

fn layer_of(applied: Option<AppliedLayer>) -> Option<(Digest, u64)> {
    applied.map(|applied| (applied.diff_id, applied.size))
}
