//! Which step is next: each stage goes on by itself, and waits only for the stages that its next step takes files from.

use super::interrupt::Interrupts;
use super::target::Target;
use super::worker::{self, Beside, Failure, News, Outcome, Stdin, Voice, Worker};
use super::{Event, Made, Position, Request, copy, run, workdir};
use crate::error::Error;
use crate::language::excerpt;
use crate::plan::Origin;
use crate::steps::{Action, Interpreted, Step};
use engine::Engine;
use engine::build::{CacheRecord, KeptLayers, SharedCache};
use oci::image::History;
use oci::{Digest, Platform};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A build for one platform under way.
pub(super) struct Schedule<'b> {
    pub(super) engine: &'b Engine,
    keeper: KeptLayers<'b>,
    pub(super) request: &'b Request<'b>,
    pub(super) target: &'b Target,
    stages: Vec<StageRun<'b>>,
    /// What others have made.
    pub(super) shared: &'b [SharedCache],
    /// What was made or found, for others, with the stage's number.
    records: Vec<(usize, CacheRecord)>,
    /// In a step's process alone.
    here: OnceCell<Here>,
}

/// Of the step that this process is for.
pub(super) struct Here {
    /// In the schedule's list of stages.
    at: usize,
    pub(super) voice: Rc<Voice>,
}

struct StageRun<'b> {
    index: usize,
    label: String,
    steps: &'b [Step],
    made: Made,
    /// FROM was told, and its layers are known: so many.
    begun: Option<usize>,
    next: usize,
    running: bool,
}

impl StageRun<'_> {
    fn is_done(&self) -> bool {
        self.begun.is_some() && !self.running && self.next == self.steps.len()
    }
}

/// A stage of a schedule.
type Place = (usize, usize);

/// Does everything, for all platforms side by side.
pub(super) fn run(schedules: &mut [Schedule<'_>], tell: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
    let mut workers: Vec<(Place, Worker)> = Vec::new();
    for schedule in schedules.iter() {
        if !schedule.keeps(None)? {
            return Err(Error::Missing("a base image was removed while the build began: build again".to_owned()));
        }
    }
    let interrupts = Interrupts::hold()?;
    let tick = schedules.first().and_then(|schedule| schedule.request.settings.tick);
    let beside = Beside { interrupts: &interrupts, tick };
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
        for ((number, at), news) in wait(schedules, &mut workers, &beside, tell)? {
            let schedule = &mut schedules[number];
            match news {
                News::Missed(reasons) => tell(Event::Missed { stage: schedule.current(at), reasons: &reasons }),
                News::Asks(failure) => {
                    let error = schedule.error(at, failure);
                    workers.retain(|(place, _)| *place == (number, at));
                    shell(schedules, workers, &beside, tell)?;
                    return Err(error);
                }
                News::Ended(outcome) => schedule.ended(at, outcome, tell)?,
            }
        }
        tell(Event::Tick);
    }
}

fn wait(
    schedules: &[Schedule<'_>],
    workers: &mut Vec<(Place, Worker)>,
    beside: &Beside<'_>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Vec<(Place, News)>, Error> {
    let mut output = |(number, at): Place, error, bytes: &[u8]| {
        tell(Event::Output { stage: schedules[number].current(at), error, bytes });
    };
    worker::wait(workers, beside, &mut output)
}

/// Gives the terminal to the step that failed, the only one left, until it has shown what there is.
fn shell(
    schedules: &[Schedule<'_>],
    mut workers: Vec<(Place, Worker)>,
    beside: &Beside<'_>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    for ((number, at), worker) in &mut workers {
        tell(Event::Failed { stage: schedules[*number].current(*at) });
        tell(Event::Shell);
        worker.answer();
    }
    while !workers.is_empty() {
        wait(schedules, &mut workers, beside, tell)?;
    }
    Ok(())
}

impl<'b> Schedule<'b> {
    pub(super) fn new(
        engine: &'b Engine,
        request: &'b Request<'b>,
        shared: &'b [SharedCache],
        target: &'b Target,
    ) -> Result<Schedule<'b>, Error> {
        let run = |(index, stage): (&usize, &'b Interpreted)| StageRun {
            index: *index,
            label: target.plan.stages[*index].label(*index),
            steps: &stage.steps,
            made: Made::default(),
            begun: None,
            next: 0,
            running: false,
        };
        let keeper = engine::build::keep_layers(engine)?;
        let stages = target.stages.iter().map(run).collect();
        let (records, here) = Default::default();
        Ok(Schedule { engine, keeper, request, target, stages, shared, records, here })
    }

    /// What the target has become.
    pub(super) fn result(&self) -> Made {
        self.made(self.target.plan.target).cloned().unwrap_or_default()
    }

    /// What others may use: all, or what the target consists of.
    pub(super) fn records(&self, everything: bool) -> Vec<CacheRecord> {
        let plan = &self.target.plan;
        let mut chain = vec![plan.target];
        while let Some(Origin::Stage(below)) = chain.last().map(|index| &plan.stages[*index].base) {
            chain.push(*below);
        }
        let wanted = self.records.iter().filter(|(index, _)| everything || chain.contains(index));
        wanted.map(|(_, record)| record.clone()).collect()
    }

    fn can_go_on(&self, at: usize) -> bool {
        let stage = &self.stages[at];
        if stage.running || stage.is_done() {
            return false;
        }
        let is_done = |index: usize| self.stages.iter().any(|other| other.index == index && other.is_done());
        let ready = |origin: &Origin| !matches!(origin, Origin::Stage(index) if !is_done(*index));
        if stage.begun.is_none() {
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
        if self.stages[at].begun.is_none() {
            let index = self.stages[at].index;
            tell(Event::Step { stage: self.position(at, 0), text: &self.target.plan.stages[index].text });
            self.stages[at].made = self.base(index)?;
            self.stages[at].begun = Some(self.stages[at].made.layers.len());
            tell(Event::Made { stage: self.position(at, 0), layer: None });
            return Ok(None);
        }
        let stage = &self.stages[at];
        let step = &stage.steps[stage.next];
        tell(Event::Step { stage: self.position(at, stage.next + 1), text: &step.text });
        let below = stage.made.diff_ids();
        let stdin = if self.request.settings.stdin { Stdin::Callers } else { Stdin::Empty };
        let worker = match &step.action {
            Action::Configure => {
                tell(Event::Made { stage: self.current(at), layer: None });
                self.record(at, None, step.created_by.clone());
                return Ok(None);
            }
            Action::Workdir { path, user } => Worker::start(Stdin::Empty, |voice| {
                self.in_child(at, voice, || workdir::make(self, &below, path, user))
            })?,
            Action::Run(run) => Worker::start(stdin, |voice| self.in_child(at, voice, || run::run(self, &below, run)))?,
            Action::Copy(copy) => {
                Worker::start(Stdin::Empty, |voice| self.in_child(at, voice, || copy::copy(self, &below, copy)))?
            }
        };
        self.stages[at].running = true;
        Ok(Some(worker))
    }

    /// What a step's process does before all else.
    fn in_child(
        &self,
        at: usize,
        voice: Rc<Voice>,
        work: impl FnOnce() -> Result<Outcome, Failure>,
    ) -> Result<Outcome, Failure> {
        let _ = self.here.set(Here { at, voice });
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
        self.stages[at].running = false;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(failure) => {
                tell(Event::Failed { stage: self.current(at) });
                return Err(self.error(at, failure));
            }
        };
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
        let position = self.current(at);
        let layer = outcome.layer.as_ref().map(|(layer, _)| layer);
        tell(match outcome.cached {
            true => Event::Cached { stage: position, layer },
            false => Event::Made { stage: position, layer },
        });
        let index = self.stages[at].index;
        self.records.extend(outcome.record.map(|record| (index, record)));
        self.record(at, outcome.layer, created_by);
        Ok(())
    }

    fn error(&self, at: usize, Failure { code, why }: Failure) -> Error {
        let stage = &self.stages[at];
        let step = &stage.steps[stage.next];
        let lines = excerpt(step.place, self.request.file, self.request.text);
        let step = step.text.clone();
        match code {
            Some(code) => Error::Command { step, lines, code },
            None => Error::Step { step, lines, why },
        }
    }

    /// Of the step that this process is for, which is asked in such a process only.
    pub(super) fn here(&self) -> Option<&Here> {
        self.here.get()
    }

    /// The instruction that a step's process is for, as it was written.
    pub(super) fn step_text(&self) -> &str {
        let stage = self.here().map(|here| &self.stages[here.at]);
        stage.map_or("", |stage| &stage.steps[stage.next].text)
    }

    /// Whether what is remembered counts for the step that this process is for.
    pub(super) fn uses_cache(&self) -> bool {
        let settings = &self.request.settings;
        let is_left_out = |here: &Here| settings.uncached_stages.contains(&self.stages[here.at].label);
        settings.cache && !self.here().is_some_and(is_left_out)
    }

    /// The layers that the stage of this process's step began with.
    pub(super) fn first_layers(&self) -> usize {
        self.here().and_then(|here| self.stages[here.at].begun).unwrap_or(0)
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

    /// Of the step that a stage is at.
    fn current(&self, at: usize) -> Position<'_> {
        self.position(at, self.stages[at].next + 1)
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
