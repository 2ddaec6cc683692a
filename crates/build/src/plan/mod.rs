//! From a file's instructions to its stages and what each needs. Nothing is looked up: images are names here.

mod arguments;
mod needs;
mod origin;

pub use arguments::{Arguments, PROXIES};
pub use origin::Origin;

use crate::language::instruction::{Argument, From, Instruction};
use crate::language::{Containerfile, Fault, Located, Place, expand, parse_kept};
use oci::Platform;
use std::collections::{BTreeMap, BTreeSet};

/// What a build is asked for, as far as it changes the plan.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// `--build-arg`
    pub arguments: BTreeMap<String, String>,
    /// What this machine is.
    pub build_platform: Platform,
    /// What the image is for.
    pub platform: Platform,
    /// `--target`: a stage's name or number; else the last.
    pub target: Option<String>,
    /// Names of `--build-context`.
    pub contexts: BTreeSet<String>,
    /// `--from`: the base of the first stage, whatever its FROM says.
    pub first_base: Option<String>,
}

/// The stages of a file.
#[derive(Debug)]
pub struct Plan {
    /// In their order.
    pub stages: Vec<Stage>,
    /// The one that becomes the image.
    pub target: usize,
    /// Of all stages.
    pub arguments: Arguments,
    escape: char,
    contexts: BTreeSet<String>,
}

/// `FROM` and what follows it.
#[derive(Debug)]
pub struct Stage {
    /// Of its FROM.
    pub place: Place,
    /// The FROM line.
    pub text: String,
    /// In small letters.
    pub name: Option<String>,
    /// What it begins with.
    pub base: Origin,
    /// Of the base; else the image's.
    pub platform: Option<Platform>,
    /// The base's triggers first, once they are known.
    pub instructions: Vec<Located>,
}

impl Stage {
    /// By which it is known to people.
    pub fn label(&self, index: usize) -> String {
        self.name.clone().unwrap_or_else(|| index.to_string())
    }
}

impl Plan {
    /// Puts a file's instructions into stages.
    pub fn new(file: Containerfile, wishes: &Wishes) -> Result<Plan, Fault> {
        let target_name = wishes.target.clone().unwrap_or_else(|| "default".to_owned());
        let arguments = Arguments::new(&wishes.arguments, &wishes.build_platform, &wishes.platform, &target_name);
        let escape = file.directives.escape;
        let mut plan = Plan { stages: Vec::new(), target: 0, arguments, escape, contexts: wishes.contexts.clone() };
        for located in file.instructions {
            plan.add(located, wishes)?;
        }
        if plan.stages.is_empty() {
            return Err(Fault::new(Place { first: 1, last: 1 }, "no build stage: there is no FROM"));
        }
        plan.target = plan.find_target(wishes.target.as_deref())?;
        plan.check_origins()?;
        Ok(plan)
    }

    fn add(&mut self, located: Located, wishes: &Wishes) -> Result<(), Fault> {
        match (located.instruction, self.stages.last_mut()) {
            (Instruction::From(mut from), _) => {
                let given = wishes.first_base.as_ref().filter(|_| self.stages.is_empty());
                let mut text = located.text;
                if let Some(base) = given {
                    text = text.replacen(&from.base, base, 1);
                    from.base.clone_from(base);
                }
                let stage = self.stage(located.place, text, from)?;
                self.stages.push(stage);
            }
            (Instruction::Arg(arguments), None) => self.declare(located.place, arguments)?,
            (_, None) => {
                let word = located.text.split_whitespace().next().unwrap_or_default().to_owned();
                let message = format!("no build stage in current context: {word} stands before the first FROM");
                return Err(Fault::new(located.place, message).word(word));
            }
            (instruction, Some(stage)) => {
                stage.instructions.push(Located { instruction, ..located });
            }
        }
        Ok(())
    }

    fn declare(&mut self, place: Place, arguments: Vec<Argument>) -> Result<(), Fault> {
        for Argument { name, default } in arguments {
            let default = default.map(|text| self.expand_global(place, &text)).transpose()?;
            self.arguments.declare(&name, default);
        }
        Ok(())
    }

    fn stage(&self, place: Place, text: String, from: From) -> Result<Stage, Fault> {
        let base = self.expand_global(place, &from.base)?;
        if base.is_empty() {
            let message = format!("base name ({}) should not be blank", from.base);
            return Err(Fault::new(place, message).word(&from.base).hint("declare its ARG before the first FROM"));
        }
        let platform = from.platform.map(|text| self.platform(place, &text)).transpose()?.flatten();
        let base = if base == "scratch" { Origin::Scratch } else { self.base(&base) };
        Ok(Stage { place, text, name: from.name, base, platform, instructions: Vec::new() })
    }

    fn platform(&self, place: Place, text: &str) -> Result<Option<Platform>, Fault> {
        let expanded = self.expand_global(place, text)?;
        if expanded.is_empty() {
            return Ok(None);
        }
        let parsed = expanded.parse::<Platform>();
        parsed.map(Some).map_err(|error| Fault::new(place, error.to_string()).word(text))
    }

    fn expand_global(&self, place: Place, text: &str) -> Result<String, Fault> {
        let expanded = expand::word(text, self.escape, &mut |name| self.arguments.global(name));
        expanded.map_err(|error| Fault::new(place, error.to_string()).word(text))
    }

    /// The character that takes a meaning away.
    pub fn escape(&self) -> char {
        self.escape
    }

    /// The base of stage `index` has kept these instructions for whoever builds on it: they come first.
    pub fn insert_triggers(&mut self, index: usize, triggers: &[String]) -> Result<(), Fault> {
        let place = self.stages[index].place;
        let kept: Vec<Located> = triggers.iter().map(|text| parse_kept(text, place)).collect::<Result<_, _>>()?;
        for located in &kept {
            self.check_origins_of(index, located)?;
        }
        self.stages[index].instructions.splice(0..0, kept);
        Ok(())
    }

    fn find_target(&self, wanted: Option<&str>) -> Result<usize, Fault> {
        let Some(wanted) = wanted else { return Ok(self.stages.len() - 1) };
        let named = self.stages.iter().rposition(|stage| stage.name.as_deref() == Some(&wanted.to_lowercase()));
        let numbered = || wanted.parse::<usize>().ok().filter(|index| *index < self.stages.len());
        named.or_else(numbered).ok_or_else(|| {
            let place = self.stages.last().map(|stage| stage.place).unwrap_or_default();
            let fault = Fault::new(place, format!("target stage \"{wanted}\" could not be found"));
            fault.suggest(wanted, self.stages.iter().filter_map(|stage| stage.name.as_deref()))
        })
    }
}

#[cfg(test)]
mod tests;
