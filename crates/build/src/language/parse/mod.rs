//! From an instruction's line to what it says: one file for each kind.

mod command;
mod copy;
mod flags;
mod from;
mod healthcheck;
mod pairs;
mod run;

use super::fault::Fault;
use super::instruction::{Instruction, Located};
use super::lines::Line;
use flags::Flags;

/// What every parser gets.
struct Written<'l> {
    line: &'l Line,
    escape: char,
}

/// A parser with the flags that it knows.
struct Known {
    keyword: &'static str,
    flags: &'static [flags::Flag],
    parse: fn(&Written<'_>, Flags) -> Result<Instruction, Fault>,
}

static KNOWN: &[Known] = &[
    Known { keyword: "ADD", flags: copy::ADD, parse: copy::add },
    Known { keyword: "ARG", flags: &[], parse: pairs::arg },
    Known { keyword: "CMD", flags: &[], parse: command::cmd },
    Known { keyword: "COPY", flags: copy::COPY, parse: copy::copy },
    Known { keyword: "ENTRYPOINT", flags: &[], parse: command::entrypoint },
    Known { keyword: "ENV", flags: &[], parse: pairs::env },
    Known { keyword: "EXPOSE", flags: &[], parse: command::expose },
    Known { keyword: "FROM", flags: from::FLAGS, parse: from::from },
    Known { keyword: "HEALTHCHECK", flags: healthcheck::FLAGS, parse: healthcheck::healthcheck },
    Known { keyword: "LABEL", flags: &[], parse: pairs::label },
    Known { keyword: "MAINTAINER", flags: &[], parse: command::maintainer },
    Known { keyword: "ONBUILD", flags: &[], parse: command::on_build },
    Known { keyword: "RUN", flags: run::FLAGS, parse: run::run },
    Known { keyword: "SHELL", flags: &[], parse: command::shell },
    Known { keyword: "STOPSIGNAL", flags: &[], parse: command::stop_signal },
    Known { keyword: "USER", flags: &[], parse: command::user },
    Known { keyword: "VOLUME", flags: &[], parse: command::volume },
    Known { keyword: "WORKDIR", flags: &[], parse: command::workdir },
];

/// Reads one line.
pub(super) fn located(line: Line, escape: char) -> Result<Located, Fault> {
    let Some(known) = KNOWN.iter().find(|known| known.keyword == line.keyword) else {
        let word = line.text.split_whitespace().next().unwrap_or_default();
        let fault = Fault::new(line.place, format!("unknown instruction: {word}")).word(word);
        return Err(fault.suggest(word, KNOWN.iter().map(|known| known.keyword)));
    };
    let flags = Flags::parse(&line, known.flags)?;
    let instruction = (known.parse)(&Written { line: &line, escape }, flags)?;
    Ok(Located { place: line.place, text: line.text, style: line.style, instruction })
}

impl Written<'_> {
    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.line.place, message)
    }

    /// What follows the keyword, of which there must be something.
    fn rest(&self) -> Result<&str, Fault> {
        let line = self.line;
        match line.rest.as_str() {
            "" => Err(self.fault(format!("{} requires at least one argument", line.keyword))),
            rest => Ok(rest),
        }
    }

    /// The only argument.
    fn only(&self) -> Result<String, Fault> {
        match self.words()?.as_slice() {
            [word] => Ok(word.clone()),
            [_, extra, ..] => {
                Err(self.fault(format!("{} requires exactly one argument", self.line.keyword)).word(extra))
            }
            [] => Err(self.fault(format!("{} requires exactly one argument", self.line.keyword))),
        }
    }

    /// A JSON list of texts; `None` for what is no JSON list.
    fn json_list(&self, text: &str) -> Result<Option<Vec<String>>, Fault> {
        if !text.starts_with('[') {
            return Ok(None);
        }
        let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text) else { return Ok(None) };
        let texts: Option<Vec<String>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        match texts {
            Some(texts) => Ok(Some(texts)),
            None => Err(self.fault("lists in JSON form must have strings only").word(text)),
        }
    }

    fn words(&self) -> Result<Vec<String>, Fault> {
        Ok(super::words::split(self.rest()?, self.escape))
    }
}
