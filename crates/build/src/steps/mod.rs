//! A stage's instructions in its surroundings: variables are replaced, relative paths made absolute, and what each changes in
//! the image's configuration is done. What is left is work: [`Action`]s. Pure: the base's configuration is given.

mod config;
pub mod copy;
pub mod mode;
pub mod mount;
pub mod path;
mod run;

pub use copy::{Copy, Source};
pub use run::Run;

use crate::language::instruction::{Argument, Instruction};
use crate::language::{Fault, Located, Place, expand};
use crate::plan::Plan;
use oci::image::ContainerConfig;

/// What a stage begins with.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// Of the image or the stage below.
    pub config: ContainerConfig,
    /// Likewise.
    pub author: Option<String>,
    /// Declared by the stage below: names and values.
    pub arguments: Vec<(String, String)>,
}

/// A stage that has been understood.
#[derive(Debug, Clone)]
pub struct Interpreted {
    /// In their order.
    pub steps: Vec<Step>,
    /// What the image has in the end, and what a stage built on this one begins with.
    pub end: Base,
}

/// One instruction.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// As it was written, for people.
    pub text: String,
    /// For the image's history.
    pub created_by: String,
    /// What is to be done.
    pub action: Action,
}

/// The work of a step.
#[derive(Debug, Clone)]
pub enum Action {
    /// None: it changes the configuration only.
    Configure,
    /// This folder must be there.
    Workdir {
        /// Absolute.
        path: String,
        /// `user[:group]` whose it is if it is made; empty is root.
        user: String,
    },
    /// A command.
    Run(Box<Run>),
    /// Files.
    Copy(Box<Copy>),
}

/// Of images that begin with nothing.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Base {
    /// What `FROM scratch` begins with.
    pub fn scratch() -> Base {
        Base { config: ContainerConfig { env: vec![PATH.to_owned()], ..Default::default() }, ..Base::default() }
    }
}

/// Understands stage `index`, whose triggers are in the plan already.
pub fn interpret(plan: &Plan, index: usize, base: Base) -> Result<Interpreted, Fault> {
    let mut config = base.config;
    // They were for this stage.
    config.on_build.clear();
    let Base { author, arguments, .. } = base;
    let mut stage = Stage { plan, index, config, author, arguments, has_command: false };
    let steps = plan.stages[index].instructions.iter().map(|located| stage.step(located)).collect::<Result<_, _>>()?;
    let Stage { config, author, arguments, .. } = stage;
    Ok(Interpreted { steps, end: Base { config, author, arguments } })
}

/// What is known at one point of a stage.
struct Stage<'p> {
    plan: &'p Plan,
    index: usize,
    config: ContainerConfig,
    author: Option<String>,
    arguments: Vec<(String, String)>,
    /// CMD stands in this stage: an ENTRYPOINT after it leaves it.
    has_command: bool,
}

impl Stage<'_> {
    fn step(&mut self, located: &Located) -> Result<Step, Fault> {
        let mut created_by = format!("/bin/sh -c #(nop) {}", located.text);
        let action = match &located.instruction {
            Instruction::Run(written) => {
                let run = self.run(located, written)?;
                created_by = self.created_by(written, &run);
                Action::Run(Box::new(run))
            }
            Instruction::Copy(copy) => Action::Copy(Box::new(self.copy(located, copy)?)),
            Instruction::Workdir(path) => {
                let path = self.word(located, path)?;
                let path = path::join(self.workdir(), &path);
                let path = if path.len() > 1 { path.trim_end_matches('/') } else { &path };
                self.config.working_dir = path.to_owned();
                Action::Workdir { path: path.to_owned(), user: self.config.user.clone() }
            }
            Instruction::Arg(arguments) => {
                self.declare(located, arguments)?;
                Action::Configure
            }
            other => {
                self.configure(located, other)?;
                Action::Configure
            }
        };
        Ok(Step { place: located.place, text: located.text.clone(), created_by, action })
    }

    fn declare(&mut self, located: &Located, arguments: &[Argument]) -> Result<(), Fault> {
        for argument in arguments {
            let default = argument.default.as_deref().map(|text| self.word(located, text)).transpose()?;
            self.arguments.retain(|(name, _)| *name != argument.name);
            if let Some(value) = self.plan.arguments.in_stage(argument, default) {
                self.arguments.push((argument.name.clone(), value));
            }
        }
        Ok(())
    }

    fn workdir(&self) -> &str {
        if self.config.working_dir.is_empty() { "/" } else { &self.config.working_dir }
    }

    /// The environment's, else an argument's.
    fn variable(&self, name: &str) -> Option<String> {
        let set = self.config.env.iter().rev().find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| value.to_owned())
        });
        set.or_else(|| self.arguments.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    fn word(&self, located: &Located, text: &str) -> Result<String, Fault> {
        let expanded = expand::word(text, self.plan.escape(), &mut |name| self.variable(name));
        expanded.map_err(|error| Fault::new(located.place, error.to_string()).word(text))
    }

    fn words(&self, located: &Located, text: &str) -> Result<Vec<String>, Fault> {
        let expanded = expand::words(text, self.plan.escape(), &mut |name| self.variable(name));
        expanded.map_err(|error| Fault::new(located.place, error.to_string()).word(text))
    }
}

#[cfg(test)]
mod tests;
