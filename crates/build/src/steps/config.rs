//! Instructions that change the configuration only.

use super::Stage;
use crate::language::instruction::{Command, Healthcheck, Instruction, Pair};
use crate::language::{Fault, Located};
use oci::image::Empty;
use spec::network::ports;
use std::collections::BTreeMap;

/// Of images that don't say otherwise.
pub(super) const SHELL: [&str; 2] = ["/bin/sh", "-c"];

impl Stage<'_> {
    pub(super) fn configure(&mut self, located: &Located, instruction: &Instruction) -> Result<(), Fault> {
        match instruction {
            Instruction::Env(pairs) => {
                // All of one instruction see what was before it.
                for (name, value) in self.pairs(located, pairs)? {
                    self.set_env(&name, &value);
                }
            }
            Instruction::Label(pairs) => {
                let pairs = self.pairs(located, pairs)?;
                self.config.labels.extend(pairs);
            }
            Instruction::Cmd(command) => {
                self.config.cmd = self.argv(command);
                self.has_command = true;
            }
            Instruction::Entrypoint(command) => {
                self.config.entrypoint = self.argv(command);
                // A command that the base has was meant for the base's entrypoint.
                if !self.has_command {
                    self.config.cmd.clear();
                }
            }
            Instruction::Expose(texts) => self.expose(located, texts)?,
            Instruction::Volume(paths) => {
                for path in paths {
                    let path = self.word(located, path)?;
                    if path.is_empty() {
                        return Err(Fault::new(located.place, "VOLUME specified can not be an empty string"));
                    }
                    self.config.volumes.insert(path, Empty {});
                }
            }
            Instruction::User(text) => self.config.user = self.word(located, text)?,
            Instruction::Shell(words) => self.config.shell.clone_from(words),
            Instruction::StopSignal(text) => {
                let signal = self.word(located, text)?;
                let parsed = spec::signal::parse(&signal);
                parsed.map_err(|invalid| Fault::new(located.place, invalid.message).word(text))?;
                self.config.stop_signal = signal;
            }
            Instruction::Healthcheck(check) => self.config.healthcheck = Some(self.healthcheck(check)),
            Instruction::OnBuild(text) => self.config.on_build.push(text.clone()),
            Instruction::Maintainer(name) => self.author = Some(name.clone()),
            Instruction::From(_)
            | Instruction::Arg(_)
            | Instruction::Run(_)
            | Instruction::Copy(_)
            | Instruction::Workdir(_) => {}
        }
        Ok(())
    }

    fn pairs(&self, located: &Located, pairs: &[Pair]) -> Result<Vec<(String, String)>, Fault> {
        let pair = |pair: &Pair| {
            let name = self.word(located, &pair.name)?;
            if name.is_empty() {
                return Err(Fault::new(located.place, "names can not be blank").word(&pair.name));
            }
            Ok((name, self.word(located, &pair.value)?))
        };
        pairs.iter().map(pair).collect()
    }

    fn set_env(&mut self, name: &str, value: &str) {
        let pair = format!("{name}={value}");
        let is_it = |known: &String| known.split_once('=').is_some_and(|(key, _)| key == name);
        match self.config.env.iter_mut().find(|known| is_it(known)) {
            Some(known) => *known = pair,
            None => self.config.env.push(pair),
        }
    }

    /// The shell in front, if it is for the shell.
    pub(super) fn argv(&self, command: &Command) -> Vec<String> {
        match command {
            Command::Exec(words) => words.clone(),
            Command::Shell(text) if text.is_empty() => Vec::new(),
            Command::Shell(text) => self.shell().into_iter().chain([text.clone()]).collect(),
        }
    }

    pub(super) fn shell(&self) -> Vec<String> {
        match self.config.shell.as_slice() {
            [] => SHELL.map(str::to_owned).to_vec(),
            shell => shell.to_vec(),
        }
    }

    fn expose(&mut self, located: &Located, texts: &[String]) -> Result<(), Fault> {
        for text in texts {
            for port in self.words(located, text)? {
                // Of `address:port:port` only the container's is an image's affair.
                let port = port.rsplit(':').next().unwrap_or(&port).to_ascii_lowercase();
                // Ranges are written out: not every reader of images knows them.
                let mut ports = BTreeMap::new();
                ports::add_exposed(&mut ports, &port)
                    .map_err(|invalid| Fault::new(located.place, invalid.message).word(text))?;
                for (number, protocols) in ports {
                    let protocols = protocols.split(',').map(|protocol| (format!("{number}/{protocol}"), Empty {}));
                    self.config.exposed_ports.extend(protocols);
                }
            }
        }
        Ok(())
    }

    fn healthcheck(&self, check: &Healthcheck) -> oci::image::Healthcheck {
        let test = match &check.command {
            None => vec!["NONE".to_owned()],
            Some(Command::Shell(text)) => vec!["CMD-SHELL".to_owned(), text.clone()],
            Some(Command::Exec(words)) => ["CMD".to_owned()].into_iter().chain(words.iter().cloned()).collect(),
        };
        oci::image::Healthcheck {
            test,
            interval: check.interval,
            timeout: check.timeout,
            start_period: check.start_period,
            start_interval: check.start_interval,
            retries: check.retries,
        }
    }
}
