//! `--help`, laid out as Podman's.

use super::command::Command;
use super::flag::{Flag, Kind};
use super::parse::HELP;
use super::tree::{self, Noun};
use crate::commands::{buildah, skopeo};
use std::fmt::Write;

/// The help of one command called by `path`.
pub fn command(path: &str, command: &Command) -> String {
    let mut out = String::new();
    let details = if command.details.is_empty() { command.summary } else { command.details };
    let _ = write!(out, "{}\n\nDescription:\n", command.summary);
    for line in details.lines() {
        let _ = writeln!(out, "  {line}");
    }
    let _ = writeln!(out, "\nUsage:\n  {path} {}", command.usage);
    let program = path.split(' ').next().unwrap_or_default();
    if !command.examples.is_empty() {
        out.push_str("\nExamples:\n");
        for example in command.examples {
            let example = example.strip_prefix(program).map_or(*example, str::trim_start);
            let _ = writeln!(out, "  {program} {example}");
        }
    }
    let mut flags: Vec<&Flag> = command.all_flags().filter(|f| !f.hidden).collect();
    flags.sort_by_key(|f| f.name);
    if !flags.is_empty() {
        out.push_str("\nOptions:\n");
        options(&mut out, &flags);
    }
    out
}

/// The help of the program or of a noun.
pub fn group(path: &str, noun: Option<&Noun>) -> String {
    let mut out = String::new();
    match noun {
        Some(noun) => {
            let _ = write!(out, "{0}\n\nDescription:\n  {0}\n\nUsage:\n  {path} [command]\n", noun.summary);
        }
        None => {
            let _ = write!(out, "Manage containers and images\n\nUsage:\n  {path} [options] [command]\n");
        }
    }
    out.push_str("\nAvailable Commands:\n");
    let mut rows = tree::listed(noun);
    rows.sort();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(11);
    for (name, summary) in rows {
        let _ = writeln!(out, "  {name:width$} {summary}");
    }
    let globals: Vec<&Flag> = match noun {
        None => tree::GLOBALS.iter().chain([&HELP]).collect(),
        Some(noun) if noun.name == buildah::NAME => tree::GLOBALS.iter().chain([&HELP]).collect(),
        Some(noun) if noun.name == skopeo::NAME => {
            skopeo::global::FLAGS.iter().chain([&skopeo::global::VERSION, &HELP]).collect()
        }
        Some(_) => Vec::new(),
    };
    if !globals.is_empty() {
        let mut flags: Vec<&Flag> = globals.into_iter().filter(|f| !f.hidden).collect();
        flags.sort_by_key(|f| f.name);
        out.push_str("\nOptions:\n");
        options(&mut out, &flags);
    }
    out
}

fn options(out: &mut String, flags: &[&Flag]) {
    let lines: Vec<(String, String)> = flags.iter().map(|flag| (left(flag), right(flag))).collect();
    let width = lines.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0);
    for (left, right) in lines {
        let _ = writeln!(out, "  {left:width$}   {right}");
    }
}

fn left(flag: &Flag) -> String {
    let short = flag.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
    let value = if flag.value.is_empty() { String::new() } else { format!(" {}", flag.value) };
    format!("{short}--{}{value}", flag.name)
}

fn right(flag: &Flag) -> String {
    let mut text = flag.help.to_owned();
    if let Kind::Choice(words) = flag.kind {
        let _ = write!(text, ": {}", words.join(", "));
    }
    match (flag.kind, flag.default) {
        (_, "") => {}
        (Kind::Text | Kind::Optional(_) | Kind::Choice(_), default) => {
            let _ = write!(text, " (default {default:?})");
        }
        (_, default) => {
            let _ = write!(text, " (default {default})");
        }
    }
    text
}
