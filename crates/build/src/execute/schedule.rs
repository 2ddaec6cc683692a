//! Which step is next: each stage goes on by itself, and waits only for the stages that its next step takes files from.

use super::target::Target;
use super::worker::{self, Failure, Outcome, Worker};
use super::{Event, Made, Position, Request, copy, run, workdir};
use crate::error::Error;
use crate::plan::Origin;
use crate::steps::{Action, Interpreted, Step};
use engine::Engine;
use engine::build::KeptLayers;
use oci::image::History;
use oci::{Digest, Platform};
use std::collections::BTreeSet;

/// A build for one platform under way.
pub(super) struct Schedule<'b> {
    pub(super) engine: &'b Engine,
    keeper: KeptLayers<'b>,
    pub(super) request: &'b Request<'b>,
    pub(super) target: &'b Target,
    stages: Vec<StageRun<'b>>,
}

struct StageRun<'b> {
    index: usize,
    label: String,
    steps: &'b [Step],
    made: Made,
    /// FROM was told, and its layers are known.
    begun: bool,
    next: usize,
    running: bool,
}

impl StageRun<'_> {
    fn is_done(&self) -> bool {
        self.begun && !self.running && self.next == self.steps.len()
    }
}

/// Does everything, for all platforms side by side.
pub(super) fn run(schedules: &mut [Schedule<'_>], tell: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
    let mut workers: Vec<((usize, usize), Worker)> = Vec::new();
    for schedule in schedules.iter() {
        if !schedule.keeps(None)? {
            return Err(Error::Missing("a base image was removed while the build began: build again".to_owned()));
        }
    }
    loop {
        for (number, schedule) in schedules.iter_mut().enumerate() {
            for at in 0..schedule.stages.len() {
                while workers.len() < schedule.request.settings.jobs.max(1) && schedule.can_go_on(at) {
                    if let Some(worker) = schedule.go_on(at, tell)? {
                        workers.push(((number, at), worker));
                    }
                }
            }
        }
        if workers.is_empty() {
            return Ok(());
        }
        let ended = worker::wait(&mut workers, &mut |_, error, bytes| tell(Event::Output { error, bytes }))?;
        for ((number, at), outcome) in ended {
            schedules[number].ended(at, outcome, tell)?;
        }
    }
}

impl<'b> Schedule<'b> {
    pub(super) fn new(engine: &'b Engine, request: &'b Request<'b>, target: &'b Target) -> Result<Schedule<'b>, Error> {
        let run = |(index, stage): (&usize, &'b Interpreted)| StageRun {
            index: *index,
            label: target.plan.stages[*index].label(*index),
            steps: &stage.steps,
            made: Made::default(),
            begun: false,
            next: 0,
            running: false,
        };
        let keeper = engine::build::keep_layers(engine)?;
        Ok(Schedule { engine, keeper, request, target, stages: target.stages.iter().map(run).collect() })
    }

    /// What the target has become.
    pub(super) fn result(&self) -> Made {
        self.made(self.target.plan.target).cloned().unwrap_or_default()
    }

    fn can_go_on(&self, at: usize) -> bool {
        let stage = &self.stages[at];
        if stage.running || stage.is_done() {
            return false;
        }
        let is_done = |index: usize| self.stages.iter().any(|other| other.index == index && other.is_done());
        let ready = |origin: &Origin| !matches!(origin, Origin::Stage(index) if !is_done(*index));
        if !stage.begun {
            return ready(&self.target.plan.stages[stage.index].base);
        }
        match &stage.steps[stage.next].action {
            Action::Run(run) => run.mounts.iter().all(|(_, origin)| ready(origin)),
            Action::Copy(copy) => ready(&copy.from),
            Action::Configure | Action::Workdir { .. } => true,
        }
    }

    /// Begins the stage, or does its next step: at once, or in a process that is returned.
    fn go_on(&mut self, at: usize, tell: &mut dyn FnMut(Event<'_>)) -> Result<Option<Worker>, Error> {
        if !self.stages[at].begun {
            let index = self.stages[at].index;
            tell(Event::Step { stage: self.position(at, 0), text: &self.target.plan.stages[index].text });
            self.stages[at].made = self.base(index)?;
            self.stages[at].begun = true;
            return Ok(None);
        }
        let stage = &self.stages[at];
        let step = &stage.steps[stage.next];
        tell(Event::Step { stage: self.position(at, stage.next + 1), text: &step.text });
        let below = stage.made.diff_ids();
        let worker = match &step.action {
            Action::Configure => {
                self.record(at, None, step.created_by.clone());
                return Ok(None);
            }
            Action::Workdir { path, user } => {
                Worker::start(|| self.in_child(|| workdir::make(self, &below, path, user)))?
            }
            Action::Run(run) => Worker::start(|| self.in_child(|| run::run(self, &below, run)))?,
            Action::Copy(copy) => Worker::start(|| self.in_child(|| copy::copy(self, &below, copy)))?,
        };
        self.stages[at].running = true;
        Ok(Some(worker))
    }

    /// What a step's process does before all else.
    fn in_child(&self, work: impl FnOnce() -> Result<Outcome, Failure>) -> Result<Outcome, Failure> {
        engine::build::forked(self.engine);
        engine::build::own_mounts().map_err(|error| failure(&error))?;
        work()
    }

    fn ended(
        &mut self,
        at: usize,
        outcome: Result<Outcome, Failure>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let stage = &mut self.stages[at];
        stage.running = false;
        let step = &stage.steps[stage.next];
        let outcome = outcome.map_err(|Failure { code, why }| {
            let step = step.text.clone();
            match code {
                Some(code) => Error::Command { step, code },
                None => Error::Step { step, why },
            }
        })?;
        // Somebody removed it before it was kept: the step is done again.
        if !self.keeps(outcome.layer.as_ref().map(|(layer, _)| layer))? {
            return Ok(());
        }
        let stage = &self.stages[at];
        let step = &stage.steps[stage.next];
        for warning in &outcome.warnings {
            tell(Event::Warning(warning));
        }
        let created_by = created_by(step, outcome.content.as_ref());
        let position = self.position(at, self.stages[at].next + 1);
        let layer = outcome.layer.as_ref().map(|(layer, _)| layer);
        tell(match outcome.cached {
            true => Event::Cached { stage: position, layer },
            false => Event::Made { stage: position, layer },
        });
        self.record(at, outcome.layer, created_by);
        Ok(())
    }

    /// From now on all that the build stands on stays, with this layer.
    fn keeps(&self, layer: Option<&Digest>) -> Result<bool, Error> {
        let of_images = self.target.images.all().flat_map(|image| image.image.layers.iter());
        let of_stages = self.stages.iter().flat_map(|stage| stage.made.layers.iter().map(|(layer, _)| layer));
        let all: BTreeSet<&Digest> = of_images.chain(of_stages).chain(layer).collect();
        let all: Vec<Digest> = all.into_iter().cloned().collect();
        Ok(engine::build::kept(&self.keeper, &all)?)
    }

    fn record(&mut self, at: usize, layer: Option<(Digest, u64)>, created_by: String) {
        let stage = &mut self.stages[at];
        // When, is decided for all steps at once.
        let entry = History { created_by: Some(created_by), empty_layer: layer.is_none(), ..Default::default() };
        stage.made.history.push(entry);
        stage.made.layers.extend(layer);
        stage.next += 1;
    }

    fn position(&self, at: usize, step: usize) -> Position<'_> {
        let stage = &self.stages[at];
        Position {
            platform: self.target.label.as_deref(),
            stage: at + 1,
            stages: self.stages.len(),
            step: step + 1,
            steps: stage.steps.len() + 1,
            name: &stage.label,
        }
    }

    /// What a stage begins with.
    fn base(&self, index: usize) -> Result<Made, Error> {
        match &self.target.plan.stages[index].base {
            Origin::Stage(below) => Ok(self.made(*below).cloned().unwrap_or_default()),
            Origin::Image(name) => self.image(name, self.target.platform_of(index)),
            Origin::Named(name) => match self.request.contexts.image(name) {
                Some(image) => self.image(image, &self.target.platform),
                None => Err(Error::Missing(format!("build context {name} is a folder: FROM needs an image"))),
            },
            Origin::Scratch | Origin::Context => Ok(Made::default()),
        }
    }

    fn image(&self, name: &str, platform: &Platform) -> Result<Made, Error> {
        let Some(image) = self.target.images.get(name, platform) else { return Ok(Made::default()) };
        let layers = image.image.layers.iter().map(|layer| {
            engine::build::layer_size(self.engine, layer).map(|size| (layer.clone(), size)).map_err(Error::from)
        });
        Ok(Made { layers: layers.collect::<Result<_, _>>()?, history: image.config.history.clone() })
    }

    fn made(&self, index: usize) -> Option<&Made> {
        self.stages.iter().find(|stage| stage.index == index).map(|stage| &stage.made)
    }

    /// The layers of a stage or image that files are taken from; `None` for a context.
    pub(super) fn layers_of(&self, origin: &Origin) -> Option<Vec<Digest>> {
        let of_image = |name: &str| {
            let image = self.target.images.get(name, &self.target.platform);
            Some(image.map(|image| image.image.layers.clone()).unwrap_or_default())
        };
        match origin {
            Origin::Stage(index) => Some(self.made(*index).map(Made::diff_ids).unwrap_or_default()),
            Origin::Image(name) => of_image(name),
            Origin::Named(name) => of_image(self.request.contexts.image(name)?),
            Origin::Scratch => Some(Vec::new()),
            Origin::Context => None,
        }
    }
}

/// Copies are known by what was copied.
fn created_by(step: &Step, content: Option<&Digest>) -> String {
    match (&step.action, content) {
        (Action::Copy(copy), Some(content)) => {
            let keyword = if copy.is_add { "ADD" } else { "COPY" };
            format!("/bin/sh -c #(nop) {keyword} file:{} in {} ", content.hex(), copy.destination)
        }
        _ => step.created_by.clone(),
    }
}

pub(super) fn failure(error: &dyn std::error::Error) -> Failure {
    Failure { code: None, why: crate::error::chain(error) }
}
