//! Rules of good style for Containerfiles: what builds, but may not mean what was meant. Rules, names and words are those that
//! BuildKit's `build --check` has, so that `# check=skip=…` means the same (Dockerfile reference, "check"). Pure.

mod casing;
mod options;
mod report;
mod stage;
mod stages;
mod variables;

pub use options::Options;
pub use report::{call, print, summary};

use crate::files::ignore::Ignore;
use crate::language::{Containerfile, Fault, Instruction, Located, Place};
use crate::plan::Arguments;
use std::collections::BTreeSet;

/// One thing to think about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which rule says so.
    pub rule: &'static str,
    /// Where.
    pub place: Place,
    /// In words.
    pub message: String,
}

/// What is known beside the file.
pub struct Facts<'f> {
    /// Automatic arguments and their values; nothing that was given.
    pub arguments: &'f Arguments,
    /// What the context leaves out.
    pub ignore: &'f Ignore,
    /// The names of the variables that an image sets; `None`: it isn't known.
    pub variables_of: &'f dyn Fn(&str) -> Option<BTreeSet<String>>,
}

/// The build argument that counts instead of `# check=`.
pub const ARGUMENT: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// Rules that are asked for by name only.
const EXPERIMENTAL: &[&str] = &["CopyIgnoredFile", "InvalidDefinitionDescription"];

/// FROM and what follows it.
struct Stage<'f> {
    from: &'f Located,
    instructions: Vec<&'f Located>,
}

/// Everything that the rules find, line by line.
pub fn lint(file: &Containerfile, facts: &Facts<'_>, options: &Options) -> Vec<Warning> {
    let mut found = Vec::new();
    let (before, stages) = split(file);
    casing::check(&stages, &mut found);
    for located in &file.instructions {
        style(located, &mut found);
    }
    let known = stages::check(&before, &stages, (facts, file.directives.escape), &mut found);
    stage::check(&stages, &known, (facts, file.directives.escape), &mut found);
    found.retain(|warning| options.wants(warning.rule, EXPERIMENTAL.contains(&warning.rule)));
    found.sort_by_key(|warning| warning.place.first);
    found
}

/// The error that warnings are if the file says so.
pub fn violation(warnings: &[Warning]) -> String {
    let mut rules: Vec<&str> = Vec::new();
    for warning in warnings {
        if !rules.contains(&warning.rule) {
            rules.push(warning.rule);
        }
    }
    format!("lint violation found for rules: {}", rules.join(", "))
}

/// What `# check=` and [`ARGUMENT`] ask for; the argument counts.
pub fn options(file: &Containerfile, argument: Option<&str>) -> Result<Options, Fault> {
    let text = argument.or(file.directives.check.as_deref()).unwrap_or_default();
    Options::parse(text).map_err(|why| Fault::new(Place { first: 1, last: 1 }, why))
}

fn split(file: &Containerfile) -> (Vec<&Located>, Vec<Stage<'_>>) {
    let (mut before, mut stages) = (Vec::new(), Vec::<Stage<'_>>::new());
    for located in &file.instructions {
        match (&located.instruction, stages.last_mut()) {
            (Instruction::From(_), _) => stages.push(Stage { from: located, instructions: Vec::new() }),
            (_, None) => before.push(located),
            (_, Some(stage)) => stage.instructions.push(located),
        }
    }
    (before, stages)
}

/// Of an instruction whatever it is about.
fn style(located: &Located, found: &mut Vec<Warning>) {
    if let Some(line) = located.style.gap {
        let place = Place { first: line, last: line };
        found.push(Warning { rule: "NoEmptyContinuation", place, message: "Empty continuation line".to_owned() });
    }
    let mut warn = |rule, message| found.push(Warning { rule, place: located.place, message });
    match &located.instruction {
        Instruction::Maintainer(_) => {
            let message = "Maintainer instruction is deprecated in favor of using label";
            warn("MaintainerDeprecated", message.to_owned());
        }
        Instruction::Env(_) | Instruction::Label(_) => {
            let mut words = located.text.split_whitespace();
            let keyword = words.next().unwrap_or_default();
            if words.next().is_some_and(|word| !word.contains('=') && !word.starts_with(['"', '\''])) {
                let message =
                    format!("\"{keyword} key=value\" should be used instead of legacy \"{keyword} key value\" format");
                warn("LegacyKeyValueFormat", message);
            }
        }
        _ => {}
    }
    if let Some((keyword, name)) = defines(located)
        && !located.style.comments.is_empty()
        && description(located).is_none()
    {
        let message = format!("Comment for {keyword} should follow the format: `# {name} <description>`");
        warn("InvalidDefinitionDescription", message);
    }
}

/// The stage or argument that an instruction brings.
fn defines(located: &Located) -> Option<(&'static str, &str)> {
    match &located.instruction {
        Instruction::From(from) => Some(("FROM", from.name.as_deref()?)),
        Instruction::Arg(arguments) => Some(("ARG", arguments.first()?.name.as_str())),
        _ => None,
    }
}

/// What the comment above a stage or an argument says of it: `# name description`.
fn description(located: &Located) -> Option<&str> {
    let (_, name) = defines(located)?;
    let (word, rest) = located.style.comments.last()?.split_once(' ')?;
    (word == name).then(|| rest.trim())
}

#[cfg(test)]
mod tests;
