//! Parser directives: `# syntax=`, `# escape=` and `# check=` in the first lines (Dockerfile reference, "Parser directives").

use super::fault::{Fault, Place};

/// What the first lines say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directives {
    /// Continues lines and takes the meaning from characters: `\` or `` ` ``.
    pub escape: char,
    /// The image of the language's implementation. Ours is built in, so this is only looked at.
    pub syntax: Option<String>,
    /// `skip=…;error=…` for `--check`.
    pub check: Option<String>,
}

impl Default for Directives {
    fn default() -> Directives {
        Directives { escape: '\\', syntax: None, check: None }
    }
}

/// Reads them line by line.
#[derive(Default)]
pub(super) struct Reader {
    found: Directives,
    seen: Vec<&'static str>,
    over: bool,
}

const KNOWN: [&str; 3] = ["escape", "syntax", "check"];

impl Reader {
    /// Takes the next line; they are over with the first that is none.
    pub(super) fn line(&mut self, number: usize, line: &str) -> Result<(), Fault> {
        if self.over {
            return Ok(());
        }
        let Some((name, value)) = directive(line) else {
            self.over = true;
            return Ok(());
        };
        let place = Place { first: number, last: number };
        let Some(known) = KNOWN.into_iter().find(|known| name.eq_ignore_ascii_case(known)) else {
            // A comment, after which there are no more directives.
            self.over = true;
            return Ok(());
        };
        if self.seen.contains(&known) {
            let message = format!("only one {known} parser directive can be used");
            return Err(Fault::new(place, message).word(name));
        }
        self.seen.push(known);
        match known {
            "escape" => self.found.escape = escape(value).ok_or_else(|| wrong_escape(place, value))?,
            "syntax" => self.found.syntax = Some(value.to_owned()),
            _ => self.found.check = Some(value.to_owned()),
        }
        Ok(())
    }

    pub(super) fn escape(&self) -> char {
        self.found.escape
    }

    pub(super) fn finish(self) -> Directives {
        self.found
    }
}

fn wrong_escape(place: Place, value: &str) -> Fault {
    let message = format!("invalid escape token '{value}': it is not ` or \\");
    Fault::new(place, message).word(value)
}

fn escape(value: &str) -> Option<char> {
    match value {
        "\\" => Some('\\'),
        "`" => Some('`'),
        _ => None,
    }
}

/// `# name = value`.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim().strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_word =
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric());
    (is_word && !value.is_empty()).then_some((name, value))
}
