//! What a stage's instructions do one after the other.

use super::variables::{self, Known};
use super::{Facts, Stage, Warning};
use crate::language::instruction::{Command, From};
use crate::language::{Instruction, Located, Place};
use std::collections::BTreeSet;

/// What is known at one point of a stage.
#[derive(Clone, Default)]
struct State {
    /// Variables of the image; `None`: its base isn't known.
    set: Option<BTreeSet<String>>,
    /// ARG of this stage.
    declared: BTreeSet<String>,
    /// A folder was chosen in this file.
    has_workdir: bool,
    has_shell: bool,
    cmd: Option<Place>,
    entrypoint: Option<Place>,
    healthcheck: Option<Place>,
}

pub(super) fn check(
    stages: &[Stage<'_>],
    global: &Known,
    (facts, escape): (&Facts<'_>, char),
    found: &mut Vec<Warning>,
) {
    let mut ends: Vec<(Option<String>, State)> = Vec::new();
    for stage in stages {
        let Instruction::From(from) = &stage.from.instruction else { continue };
        let mut check = Check { facts, escape, global, state: begin(from, (facts, escape, global), &ends), found };
        for located in &stage.instructions {
            check.instruction(located);
        }
        ends.push((from.name.clone(), check.state));
    }
}

/// A stage begins with what the one below has become, or with what its image says.
fn begin(from: &From, (facts, escape, global): (&Facts<'_>, char, &Known), ends: &[(Option<String>, State)]) -> State {
    let lookup = |name: &str| global.get(name).cloned().or_else(|| facts.arguments.global(name));
    let base = variables::expand(&from.base, escape, &lookup).text.unwrap_or_default();
    let below = ends.iter().rev().find(|(name, _)| name.as_deref() == Some(&base.to_lowercase()));
    match below {
        Some((_, State { set, has_workdir, has_shell, .. })) => {
            State { set: set.clone(), has_workdir: *has_workdir, has_shell: *has_shell, ..State::default() }
        }
        None if base == "scratch" => State { set: Some(BTreeSet::from(["PATH".to_owned()])), ..State::default() },
        None => State { set: (facts.variables_of)(&base), ..State::default() },
    }
}

struct Check<'c, 'f> {
    facts: &'c Facts<'f>,
    escape: char,
    global: &'c Known,
    state: State,
    found: &'c mut Vec<Warning>,
}

impl Check<'_, '_> {
    fn warn(&mut self, rule: &'static str, place: Place, message: String) {
        self.found.push(Warning { rule, place, message });
    }

    fn instruction(&mut self, located: &Located) {
        let place = located.place;
        self.used_variables(located);
        match &located.instruction {
            Instruction::Cmd(command) => {
                self.shell_form("CMD", command, place);
                let before = self.state.cmd.replace(place);
                self.only_once("CMD", before);
            }
            Instruction::Entrypoint(command) => {
                self.shell_form("ENTRYPOINT", command, place);
                let before = self.state.entrypoint.replace(place);
                self.only_once("ENTRYPOINT", before);
            }
            Instruction::Healthcheck(_) => {
                let before = self.state.healthcheck.replace(place);
                self.only_once("HEALTHCHECK", before);
            }
            Instruction::Shell(_) => self.state.has_shell = true,
            Instruction::Workdir(path) => self.workdir(path, place),
            Instruction::Expose(ports) => self.expose(ports, place),
            Instruction::Env(pairs) => {
                for pair in pairs {
                    self.secret("ENV", &pair.name, place);
                    if let Some(set) = &mut self.state.set {
                        set.insert(pair.name.clone());
                    }
                }
            }
            Instruction::Arg(arguments) => {
                for argument in arguments {
                    self.secret("ARG", &argument.name, place);
                    self.state.declared.insert(argument.name.clone());
                }
            }
            Instruction::Copy(copy) if copy.from.is_none() => {
                let word = if copy.is_add { "Add" } else { "Copy" };
                for source in &copy.sources {
                    let clean = crate::steps::path::join("/", source);
                    let is_path = !source.contains("://") && !clean.trim_matches('/').is_empty();
                    if is_path && self.facts.ignore.leaves_out(clean.trim_matches('/').as_bytes()) {
                        let message =
                            format!("Attempting to {word} file \"{source}\" that is excluded by .dockerignore");
                        self.warn("CopyIgnoredFile", place, message);
                    }
                }
            }
            _ => {}
        }
    }

    fn only_once(&mut self, keyword: &str, before: Option<Place>) {
        let Some(place) = before else { return };
        let message = format!(
            "Multiple {keyword} instructions should not be used in the same stage because only the last one will be used"
        );
        self.warn("MultipleInstructionsDisallowed", place, message);
    }

    fn shell_form(&mut self, keyword: &str, command: &Command, place: Place) {
        if matches!(command, Command::Shell(_)) && !self.state.has_shell {
            let message = format!(
                "JSON arguments recommended for {keyword} to prevent unintended behavior related to OS signals"
            );
            self.warn("JSONArgsRecommended", place, message);
        }
    }

    fn workdir(&mut self, path: &str, place: Place) {
        let known = |name: &str| self.is_known(name).then(|| "/".to_owned());
        let path = variables::expand(path, self.escape, &known).text.unwrap_or_default();
        if !self.state.has_workdir && !path.starts_with('/') {
            let message = format!("Relative workdir \"{path}\" can have unexpected results if the base image changes");
            self.warn("WorkdirRelativePath", place, message);
        }
        self.state.has_workdir = true;
    }

    fn expose(&mut self, ports: &[String], place: Place) {
        let mut ports: Vec<&String> = ports.iter().collect();
        ports.sort();
        for port in ports {
            if port.contains(':') && !port.contains('$') {
                let message =
                    format!("EXPOSE instruction should not define an IP address or host-port mapping, found '{port}'");
                self.warn("ExposeInvalidFormat", place, message);
            }
            if port.split_once('/').is_some_and(|(_, protocol)| protocol.to_lowercase() != protocol) {
                let message = format!("Defined protocol '{port}' in EXPOSE instruction should be lowercase");
                self.warn("ExposeProtoCasing", place, message);
            }
        }
    }

    fn secret(&mut self, keyword: &str, name: &str, place: Place) {
        let words: Vec<String> = name.to_lowercase().split('_').map(str::to_owned).collect();
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        if has(SECRETS) && !has(&["public"]) {
            let message = format!("Do not use ARG or ENV instructions for sensitive data ({keyword} \"{name}\")");
            self.warn("SecretsUsedInArgOrEnv", place, message);
        }
    }

    fn is_known(&self, name: &str) -> bool {
        let is_set = self.state.set.as_ref().is_none_or(|set| set.contains(name));
        is_set || self.state.declared.contains(name)
    }

    /// Where the base isn't known, nothing can be said.
    fn used_variables(&mut self, located: &Located) {
        let mut missing: Vec<String> = Vec::new();
        for word in variables::words(&located.instruction) {
            let known = |name: &str| self.is_known(name).then(String::new);
            let used = variables::expand(word, self.escape, &known).missing;
            missing.extend(used.into_iter().filter(|name| !self.state.declared.contains(name)));
        }
        missing.dedup();
        for name in missing {
            let own = self.state.set.iter().flatten().chain(&self.state.declared);
            let all: Vec<String> = self.global.keys().chain(own).cloned().collect();
            let meant = variables::suggestion(&name, all.iter().map(String::as_str), "$");
            let message = format!("Usage of undefined variable '${name}'{meant}");
            self.warn("UndefinedVar", located.place, message);
        }
    }
}

/// Words of names that hold what nobody shall read.
const SECRETS: &[&str] =
    &["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];
