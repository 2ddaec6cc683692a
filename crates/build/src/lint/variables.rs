//! Variables that words use, and whether they are there.

use crate::language::{Instruction, expand, nearest};
use std::collections::BTreeMap;

/// Names with their values, as far as they are known.
pub(super) type Known = BTreeMap<String, String>;

/// A word with its variables replaced, what it used of what is known, and what isn't there.
pub(super) struct Expanded {
    pub(super) text: Option<String>,
    pub(super) used: Vec<String>,
    pub(super) missing: Vec<String>,
}

pub(super) fn expand(word: &str, escape: char, known: &dyn Fn(&str) -> Option<String>) -> Expanded {
    let (mut used, mut missing) = (Vec::new(), Vec::new());
    let text = expand::word(word, escape, &mut |name| {
        let found = known(name);
        let list: &mut Vec<String> = if found.is_some() { &mut used } else { &mut missing };
        if !list.iter().any(|other| other == name) {
            list.push(name.to_owned());
        }
        found
    });
    Expanded { text: text.ok(), used, missing }
}

/// The words of an instruction in which variables are replaced.
pub(super) fn words(instruction: &Instruction) -> Vec<&str> {
    match instruction {
        Instruction::Env(pairs) | Instruction::Label(pairs) => {
            pairs.iter().flat_map(|pair| [pair.name.as_str(), pair.value.as_str()]).collect()
        }
        Instruction::Arg(arguments) => arguments.iter().filter_map(|argument| argument.default.as_deref()).collect(),
        Instruction::Copy(copy) => {
            let flags = [&copy.owner, &copy.mode, &copy.checksum].into_iter().filter_map(Option::as_deref);
            let paths = copy.sources.iter().chain([&copy.destination]).map(String::as_str);
            flags.chain(paths).collect()
        }
        Instruction::Expose(words) | Instruction::Volume(words) => words.iter().map(String::as_str).collect(),
        Instruction::User(word) | Instruction::Workdir(word) | Instruction::StopSignal(word) => vec![word],
        _ => Vec::new(),
    }
}

/// ` (did you mean $x?)`
pub(super) fn suggestion<'k>(name: &str, known: impl IntoIterator<Item = &'k str>, sign: &str) -> String {
    nearest(name, known).map_or_else(String::new, |meant| format!(" (did you mean {sign}{meant}?)"))
}
