//! Stages as a whole: their names, bases and platforms.

use super::variables::{self, Known};
use super::{Facts, Stage, Warning};
use crate::language::instruction::{Argument, From};
use crate::language::{Instruction, Located};
use oci::Platform;

/// Checks them; what is declared before the first one, with its defaults.
pub(super) fn check(
    before: &[&Located],
    stages: &[Stage<'_>],
    (facts, escape): (&Facts<'_>, char),
    found: &mut Vec<Warning>,
) -> Known {
    let mut declared: Vec<String> = Vec::new();
    let mut known = Known::new();
    let lookup = |known: &Known, name: &str| known.get(name).cloned().or_else(|| facts.arguments.global(name));
    for located in before {
        let Instruction::Arg(arguments) = &located.instruction else { continue };
        for Argument { name, default } in arguments {
            let value =
                default.as_deref().and_then(|text| variables::expand(text, escape, &|n| lookup(&known, n)).text);
            declared.push(name.clone());
            known.extend(value.map(|value| (name.clone(), value)));
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for stage in stages {
        let Instruction::From(from) = &stage.from.instruction else { continue };
        let mut warn = |rule, message| found.push(Warning { rule, place: stage.from.place, message });
        if let Some(name) = from.name.as_deref() {
            if matches!(name, "context" | "scratch") {
                let message = format!("Stage name should not use the same name as reserved stage \"{name}\"");
                warn("ReservedStageName", message);
            }
            if names.contains(&name) {
                let message = format!("Duplicate stage name \"{name}\", stage names should be unique");
                warn("DuplicateStageName", message);
            }
            names.push(name);
        }
        base(from, escape, &|name| lookup(&known, name), &declared, &mut warn);
        platform(from, escape, &|name| lookup(&known, name), &mut warn);
    }
    known
}

type Warn<'w> = dyn FnMut(&'static str, String) + 'w;

fn base(from: &From, escape: char, lookup: &dyn Fn(&str) -> Option<String>, declared: &[String], warn: &mut Warn<'_>) {
    let base = variables::expand(&from.base, escape, lookup);
    let is_name =
        |text: &String| text.parse::<oci::Reference>().is_ok() || text.parse::<oci::reference::Name>().is_ok();
    if !base.text.as_ref().is_some_and(is_name) && from.base.contains('$') {
        let message = format!("Default value for ARG {} results in empty or invalid base image name", from.base);
        warn("InvalidDefaultArgInFrom", message);
    }
    for name in base.missing.iter().filter(|name| !declared.contains(name)) {
        let meant = variables::suggestion(name, declared.iter().map(String::as_str), "");
        warn("UndefinedArgInFrom", format!("FROM argument '{name}' is not declared{meant}"));
    }
}

fn platform(from: &From, escape: char, lookup: &dyn Fn(&str) -> Option<String>, warn: &mut Warn<'_>) {
    let Some(written) = from.platform.as_deref() else { return };
    let found = variables::expand(written, escape, lookup);
    let Some(text) = found.text else { return };
    if found.used == ["TARGETPLATFORM"] && found.missing.is_empty() && lookup("TARGETPLATFORM").as_ref() == Some(&text)
    {
        let message =
            "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior";
        warn("RedundantTargetPlatform", message.replace("$TARGETPLATFORM", written));
    }
    if found.used.is_empty()
        && found.missing.is_empty()
        && let Ok(platform) = text.parse::<Platform>()
    {
        // Whoever names a stage for its platform has thought of it.
        let named = |part: &str| from.name.as_deref().is_some_and(|name| name.contains(part));
        if !named(&platform.os) && !named(&platform.architecture) {
            let message = format!("FROM --platform flag should not use constant value \"{text}\"");
            warn("FromPlatformFlagConstDisallowed", message);
        }
    }
}
