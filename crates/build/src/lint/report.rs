//! How warnings are told: with the lines that they are about.

use super::{Warning, defines, description};
use crate::language::{Containerfile, Instruction};

/// All of them, for `--check`.
pub fn print(file: &str, text: &str, warnings: &[Warning]) -> String {
    let mut all = match warnings.len() {
        0 => return "Check complete, no warnings found.\n".to_owned(),
        1 => "Check complete, 1 warning has been found!\n".to_owned(),
        count => format!("Check complete, {count} warnings have been found!\n"),
    };
    let lines: Vec<&str> = text.split('\n').collect();
    for warning in warnings {
        let Warning { rule, place, message } = warning;
        all += &format!("\nWARNING: {rule} - {ABOUT}{}/\n{message}\n{file}:{}\n{RULER}\n", slug(rule), place.first);
        let (start, end) = around(place.first, place.last, lines.len());
        for number in start..=end {
            let mark = if (place.first..=place.last).contains(&number) { ">>>" } else { "   " };
            let line = lines.get(number - 1).copied().unwrap_or_default();
            all += &format!("{number:4} | {mark} {line}\n");
        }
        all += &format!("{RULER}\n");
    }
    all
}

const RULER: &str = "--------------------";

/// Where each rule is explained.
const ABOUT: &str = "https://docs.docker.com/go/dockerfile/rule/";

/// A few words behind a build.
pub fn summary(warnings: &[Warning]) -> String {
    let mut all = match warnings.len() {
        1 => "1 warning found (--check shows it):\n".to_owned(),
        count => format!("{count} warnings found (--check shows them):\n"),
    };
    for Warning { rule, place, message } in warnings {
        all += &format!(" - {rule}: {message} (line {})\n", place.first);
    }
    all
}

/// The stages that can be built, for `--call=targets`.
pub fn call(file: &Containerfile) -> String {
    let stages: Vec<_> =
        file.instructions.iter().filter(|one| matches!(one.instruction, Instruction::From(_))).collect();
    let mut rows = vec![("TARGET".to_owned(), "DESCRIPTION".to_owned())];
    for (number, stage) in stages.iter().enumerate() {
        let name = defines(stage).map_or("", |(_, name)| name);
        let is_default = number + 1 == stages.len();
        let name = match (name, is_default) {
            ("", true) => "(default)".to_owned(),
            (name, true) => format!("{name} (default)"),
            (name, false) => name.to_owned(),
        };
        rows.push((name, description(stage).unwrap_or_default().to_owned()));
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    rows.iter().map(|(name, about)| format!("{name:width$} {about}").trim_end().to_owned() + "\n").collect()
}

/// Some lines before and behind.
fn around(first: usize, last: usize, count: usize) -> (usize, usize) {
    let (mut start, mut end) = (first.max(1), last.max(first).min(count));
    let wanted = if start == end { 4 } else { 2 };
    let mut shown = 0;
    while shown < wanted {
        if start > 1 {
            start -= 1;
            shown += 1;
        }
        if end < count {
            end += 1;
            shown += 1;
        }
        shown += 1;
    }
    (start, end)
}

/// `NoEmptyContinuation` → `no-empty-continuation`
fn slug(rule: &str) -> String {
    let mut slug = String::new();
    let letters: Vec<char> = rule.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let begins = at > 0
            && letter.is_uppercase()
            && (letters[at - 1].is_lowercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if begins {
            slug.push('-');
        }
        slug.extend(letter.to_lowercase());
    }
    slug
}
