//! Large and small letters.

use super::{Stage, Warning};
use crate::language::Located;

pub(super) fn check(stages: &[Stage<'_>], found: &mut Vec<Warning>) {
    for stage in stages {
        of_from(stage.from, found);
    }
    let all = || stages.iter().flat_map(|stage| std::iter::once(stage.from).chain(stage.instructions.iter().copied()));
    let lower = all().filter(|located| is_lower(keyword(located))).count();
    let upper = all().filter(|located| is_upper(keyword(located))).count();
    let most_are_lower = lower > upper;
    for located in all() {
        let word = keyword(located);
        let (fits, name) = if most_are_lower { (is_lower(word), "lowercase") } else { (is_upper(word), "uppercase") };
        if !fits {
            let message = format!("Command '{word}' should match the case of the command majority ({name})");
            found.push(Warning { rule: "ConsistentInstructionCasing", place: located.place, message });
        }
    }
}

/// `FROM base AS name`
fn of_from(from: &Located, found: &mut Vec<Warning>) {
    let words: Vec<&str> = from.text.split_whitespace().collect();
    let [keyword, .., word, name] = words[..] else { return };
    if !word.eq_ignore_ascii_case("AS") {
        return;
    }
    let mut warn = |rule, message| found.push(Warning { rule, place: from.place, message });
    if name.to_lowercase() != name {
        warn("StageNameCasing", format!("Stage name '{name}' should be lowercase"));
    }
    if (is_lower(keyword) && !is_lower(word)) || (is_upper(keyword) && !is_upper(word)) {
        warn("FromAsCasing", format!("'{word}' and '{keyword}' keywords' casing do not match"));
    }
}

fn keyword(located: &Located) -> &str {
    located.text.split_whitespace().next().unwrap_or_default()
}

fn is_lower(word: &str) -> bool {
    word.to_ascii_lowercase() == word
}

fn is_upper(word: &str) -> bool {
    word.to_ascii_uppercase() == word
}
