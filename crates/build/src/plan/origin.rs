//! Where files come from: a stage, an image, a context. One word may mean any of them.

use super::Plan;
use crate::language::instruction::Instruction;
use crate::language::{Fault, Located};
use crate::steps::mount;

/// Something with files in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Nothing at all.
    Scratch,
    /// What lies beside the Containerfile.
    Context,
    /// Of the same file, by number.
    Stage(usize),
    /// `--build-context` of that name.
    Named(String),
    /// By its name.
    Image(String),
}

impl Plan {
    /// Of FROM: what the stages so far offer, else an image.
    pub(super) fn base(&self, name: &str) -> Origin {
        if self.contexts.contains(&name.to_lowercase()) {
            return Origin::Named(name.to_lowercase());
        }
        let lower = name.to_lowercase();
        match self.stages.iter().rposition(|stage| stage.name.as_deref() == Some(&lower)) {
            Some(index) => Origin::Stage(index),
            None => Origin::Image(name.to_owned()),
        }
    }

    /// Of `--from` in stage `index`.
    pub fn origin(&self, index: usize, located: &Located, name: &str) -> Result<Origin, Fault> {
        let fault = |message: String| Fault::new(located.place, message).word(name);
        let expanded = self.expand_global(located.place, name)?;
        let lower = expanded.to_lowercase();
        if self.contexts.contains(&lower) {
            return Ok(Origin::Named(lower));
        }
        let named = |stages: &[super::Stage]| stages.iter().rposition(|stage| stage.name.as_deref() == Some(&lower));
        if let Some(earlier) = named(&self.stages[..index]) {
            return Ok(Origin::Stage(earlier));
        }
        if named(&self.stages[index..]).is_some() {
            let message = format!("circular dependency: stage {lower} can't be used before its end");
            return Err(fault(message).hint("stages are used by those below them"));
        }
        match expanded.parse::<usize>() {
            Ok(number) if number < index => Ok(Origin::Stage(number)),
            Ok(number) => Err(fault(format!("invalid stage index {number}: there are {index} stages before this one"))),
            Err(_) if expanded.is_empty() => Err(fault("--from is empty".to_owned())),
            Err(_) if lower == "scratch" => Ok(Origin::Scratch),
            Err(_) => Ok(Origin::Image(expanded)),
        }
    }

    /// Everything that an instruction takes files from, besides the context.
    pub(super) fn origins_of(&self, index: usize, located: &Located) -> Result<Vec<Origin>, Fault> {
        match &located.instruction {
            Instruction::Copy(copy) => {
                let from = copy.from.as_deref().map(|from| self.origin(index, located, from)).transpose()?;
                Ok(from.into_iter().collect())
            }
            Instruction::Run(run) => {
                let from = |text: &String| match mount::from_of(text) {
                    Ok(Some(from)) => self.origin(index, located, &from).map(Some),
                    Ok(None) => Ok(None),
                    Err(why) => Err(Fault::new(located.place, why).word(text)),
                };
                Ok(run.mounts.iter().map(from).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Also of stages that nobody needs: a mistake there is one, too.
    pub(super) fn check_origins(&self) -> Result<(), Fault> {
        for (index, stage) in self.stages.iter().enumerate() {
            stage.instructions.iter().try_for_each(|located| self.check_origins_of(index, located))?;
        }
        Ok(())
    }

    pub(super) fn check_origins_of(&self, index: usize, located: &Located) -> Result<(), Fault> {
        self.origins_of(index, located).map(drop)
    }
}
