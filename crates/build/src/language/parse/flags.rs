//! Flags of instructions: `--name`, `--name=value`.

use crate::language::fault::Fault;
use crate::language::lines::Line;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// `true` if nothing is said.
    Bool,
    /// Once.
    Text,
    /// As often as one likes.
    Texts,
}

/// A flag that an instruction knows.
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
}

impl Flag {
    pub(super) const fn new(name: &'static str, takes: Takes) -> Flag {
        Flag { name, takes }
    }
}

/// What was given.
#[derive(Debug)]
pub(super) struct Flags(Vec<(&'static str, String)>);

impl Flags {
    pub(super) fn parse(line: &Line, known: &'static [Flag]) -> Result<Flags, Fault> {
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for text in &line.flags {
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (text.as_str(), None),
            };
            let plain = name.trim_start_matches("--");
            let fault = |message: String| Fault::new(line.place, message).word(name);
            let Some(flag) = known.iter().find(|flag| flag.name == plain) else {
                let dashed: Vec<String> = known.iter().map(|flag| format!("--{}", flag.name)).collect();
                let unknown = fault(format!("unknown flag of {}: {name}", line.keyword));
                return Err(unknown.suggest(name, dashed.iter().map(String::as_str)));
            };
            if flag.takes != Takes::Texts && given.iter().any(|(other, _)| *other == flag.name) {
                return Err(fault(format!("flag {name} is given twice")));
            }
            let value = match (flag.takes, value) {
                (Takes::Bool, None) => "true",
                (Takes::Bool, Some(value)) if !matches!(value, "true" | "false") => {
                    return Err(fault(format!("flag {name} is true or false, not '{value}'")).word(value));
                }
                (_, Some(value)) => value,
                (_, None) => return Err(fault(format!("flag {name} needs a value: {name}=…"))),
            };
            given.push((flag.name, value.to_owned()));
        }
        Ok(Flags(given))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone())
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(given, _)| *given == name).map(|(_, value)| value.clone()).collect()
    }

    pub(super) fn maybe_bool(&self, name: &str) -> Option<bool> {
        self.text(name).map(|value| value == "true")
    }

    pub(super) fn bool(&self, name: &str) -> bool {
        self.maybe_bool(name).unwrap_or(false)
    }
}
