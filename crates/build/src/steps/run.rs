//! `RUN`: what is executed, in which environment.

use super::mount::{self, Mount};
use super::{Stage, mount::Kind};
use crate::language::heredoc::{self, Heredoc};
use crate::language::instruction::{self, Command, Network};
use crate::language::{Fault, Located};
use crate::plan::Origin;

/// A command to be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Never empty.
    pub argv: Vec<String>,
    /// A file with an interpreter of its own, executed as `argv[0]`.
    pub script: Option<Script>,
    /// `NAME=value`: of the image, and the arguments.
    pub env: Vec<String>,
    /// Names of those in it that are build arguments.
    pub arguments: Vec<String>,
    /// The proxies: neither the image nor the cache knows them.
    pub proxies: Vec<(String, String)>,
    /// `user[:group]`; empty is root.
    pub user: String,
    /// Absolute.
    pub workdir: String,
    /// Where files of mounts come from.
    pub mounts: Vec<(Mount, Origin)>,
    /// Of this step.
    pub network: Option<Network>,
    /// With all rights.
    pub insecure: bool,
    /// As written.
    pub devices: Vec<String>,
}

/// A heredoc that is a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Absolute.
    pub path: String,
    /// Begins with `#!`.
    pub content: String,
}

/// Where scripts lie while they run.
const SCRIPTS: &str = "/dev/pipes";

impl Stage<'_> {
    pub(super) fn run(&self, located: &Located, run: &instruction::Run) -> Result<Run, Fault> {
        let (argv, script) = self.program(located, run)?;
        let set =
            |name: &str| self.config.env.iter().any(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name));
        let own: Vec<&(String, String)> = self.arguments.iter().filter(|(name, _)| !set(name)).collect();
        let arguments = own.iter().map(|(name, value)| format!("{name}={value}"));
        let known = |name: &str| set(name) || self.arguments.iter().any(|(argument, _)| argument == name);
        Ok(Run {
            argv,
            script,
            env: self.config.env.iter().cloned().chain(arguments).collect(),
            arguments: own.iter().map(|(name, _)| name.clone()).collect(),
            proxies: self.plan.arguments.proxies().into_iter().filter(|(name, _)| !known(name)).collect(),
            user: self.config.user.clone(),
            workdir: self.workdir().to_owned(),
            mounts: self.mounts(located, run)?,
            network: run.network,
            insecure: run.insecure,
            devices: run.devices.iter().map(|text| self.word(located, text)).collect::<Result<_, _>>()?,
        })
    }

    fn program(&self, located: &Located, run: &instruction::Run) -> Result<(Vec<String>, Option<Script>), Fault> {
        let text = match &run.command {
            Command::Exec(words) => return Ok((words.clone(), None)),
            Command::Shell(text) => text,
        };
        if run.heredocs.is_empty() {
            return Ok((self.argv(&run.command), None));
        }
        let alone = heredoc::parse(text).and(run.heredocs.first());
        let Some(only) = alone else {
            // The shell reads them.
            let files: String =
                run.heredocs.iter().map(|Heredoc { content, name, .. }| format!("\n{content}{name}")).collect();
            return Ok((self.argv(&Command::Shell(format!("{text}{files}"))), None));
        };
        if !only.content.starts_with("#!") {
            if only.content.trim().is_empty() {
                return Err(Fault::new(located.place, "RUN has nothing to run: its heredoc is empty").word(text));
            }
            return Ok((self.argv(&Command::Shell(only.content.clone())), None));
        }
        if only.name.contains('/') {
            return Err(Fault::new(located.place, "the name of a script can't have slashes").word(text));
        }
        let script = Script { path: format!("{SCRIPTS}/{}", only.name), content: only.content.clone() };
        Ok((vec![script.path.clone()], Some(script)))
    }

    fn mounts(&self, located: &Located, run: &instruction::Run) -> Result<Vec<(Mount, Origin)>, Fault> {
        let mut agents = 0;
        let mut mount = |text: &String| {
            let fault = |why: String| Fault::new(located.place, why).word(text);
            let mut expand = |word: &str| self.word(located, word).map_err(|fault| fault.message);
            let mut mount = mount::parse(text, self.workdir(), &mut expand).map_err(fault)?;
            if matches!(mount.kind, Kind::Ssh { .. }) {
                if mount.target.is_empty() {
                    mount.target = format!("/run/buildkit/ssh_agent.{agents}");
                }
                agents += 1;
            }
            let from = match &mount.kind {
                Kind::Bind { from, .. } => {
                    from.as_deref().map_or(Ok(Origin::Context), |from| self.origin(located, from))
                }
                Kind::Cache(cache) => {
                    cache.from.as_deref().map_or(Ok(Origin::Scratch), |from| self.origin(located, from))
                }
                _ => Ok(Origin::Scratch),
            };
            Ok((mount, from?))
        };
        run.mounts.iter().map(&mut mount).collect()
    }

    pub(super) fn origin(&self, located: &Located, from: &str) -> Result<Origin, Fault> {
        self.plan.origin(self.index, located, from)
    }

    /// The arguments in front: with others it would be another step.
    pub(super) fn created_by(&self, written: &instruction::Run, run: &Run) -> String {
        let arguments: Vec<String> = self.arguments.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        let count = if arguments.is_empty() { String::new() } else { format!("|{} ", arguments.len()) };
        let command = match (&written.command, &run.script) {
            (Command::Shell(text), Some(script)) => {
                format!("{} {text}\n{}", self.shell().join(" "), script.content.trim_end())
            }
            _ => run.argv.join(" ").trim_end().to_owned(),
        };
        format!("{count}{}{command}", arguments.concat())
    }
}
