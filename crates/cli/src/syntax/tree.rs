//! Which words lead to which command.

use super::command::Command;
use super::flag::Flag;
use super::missing;
use crate::commands::{container, image, registry, skopeo, system};
use crate::error::Failure;

/// Options of the program itself, before or among those of a command.
pub static GLOBALS: &[Flag] = &[
    Flag::text("root", "string", "Folder for everything that outlives a reboot: images, containers, volumes"),
    Flag::text("runroot", "string", "Folder for run-time state, empty after a reboot"),
    Flag::text("log-level", "string", "Messages to show: trace, debug, info, warn, warning, error, fatal, panic")
        .default("warn"),
    Flag::choice("cgroup-manager", &["cgroupfs", "systemd"], "Who makes control groups").default("cgroupfs"),
    Flag::bool("version", "Show the program's version").short('v'),
];

/// A word before verbs.
#[derive(Debug)]
pub struct Noun {
    /// `container`, `image`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
}

/// All nouns.
pub static NOUNS: &[Noun] = &[
    Noun { name: "container", summary: "Manage containers" },
    Noun { name: "image", summary: "Manage images" },
    Noun { name: SKOPEO.name, summary: SKOPEO.summary },
    Noun { name: "system", summary: "Look after the engine" },
];

/// Skopeo's commands, which are also called by its name.
pub static SKOPEO: Noun =
    Noun { name: skopeo::NAME, summary: "Copy and look at images where they are, as Skopeo does" };

/// One way to call a command.
pub struct Entry {
    /// Empty: at the top level.
    pub noun: &'static str,
    /// The verb.
    pub verb: &'static str,
    /// What it calls.
    pub command: &'static Command,
    /// Not shown in lists.
    pub hidden: bool,
}

const fn entry(noun: &'static str, verb: &'static str, command: &'static Command) -> Entry {
    Entry { noun, verb, command, hidden: false }
}

const fn hidden(noun: &'static str, verb: &'static str, command: &'static Command) -> Entry {
    Entry { noun, verb, command, hidden: true }
}

/// All ways to all commands.
pub static ENTRIES: &[Entry] = &[
    entry("", "attach", &container::attach::COMMAND),
    entry("", "completion", &system::completion::COMMAND),
    entry("", "create", &container::create::COMMAND),
    entry("", "exec", &container::exec::COMMAND),
    entry("", "history", &image::history::COMMAND),
    entry("", "images", &image::list::COMMAND),
    entry("", "info", &system::info::COMMAND),
    entry("", "inspect", &system::inspect::COMMAND),
    entry("", "kill", &container::kill::COMMAND),
    entry("", "load", &image::load::COMMAND),
    entry("", "login", &registry::login::COMMAND),
    entry("", "logout", &registry::logout::COMMAND),
    entry("", "logs", &container::logs::COMMAND),
    hidden("", "man", &system::man::COMMAND),
    entry("", "port", &container::port::COMMAND),
    entry("", "ps", &container::list::COMMAND),
    entry("", "pull", &image::pull::COMMAND),
    entry("", "push", &image::push::COMMAND),
    entry("", "rm", &container::rm::COMMAND),
    entry("", "rmi", &image::rm::COMMAND),
    entry("", "run", &container::run::COMMAND),
    entry("", "save", &image::save::COMMAND),
    entry("", "search", &registry::search::COMMAND),
    entry("", "start", &container::start::COMMAND),
    entry("", "stop", &container::stop::COMMAND),
    entry("", "tag", &image::tag::COMMAND),
    entry("", "top", &container::top::COMMAND),
    entry("", "untag", &image::untag::COMMAND),
    entry("", "version", &system::version::COMMAND),
    entry("", "wait", &container::wait::COMMAND),
    entry("container", "attach", &container::attach::COMMAND),
    entry("container", "create", &container::create::COMMAND),
    entry("container", "exec", &container::exec::COMMAND),
    entry("container", "inspect", &container::inspect::COMMAND),
    entry("container", "kill", &container::kill::COMMAND),
    entry("container", "list", &container::list::COMMAND),
    hidden("container", "ls", &container::list::COMMAND),
    entry("container", "logs", &container::logs::COMMAND),
    entry("container", "port", &container::port::COMMAND),
    entry("container", "ps", &container::list::COMMAND),
    entry("container", "rm", &container::rm::COMMAND),
    entry("container", "run", &container::run::COMMAND),
    entry("container", "start", &container::start::COMMAND),
    entry("container", "stop", &container::stop::COMMAND),
    entry("container", "top", &container::top::COMMAND),
    entry("container", "wait", &container::wait::COMMAND),
    entry("image", "exists", &image::exists::COMMAND),
    entry("image", "history", &image::history::COMMAND),
    entry("image", "inspect", &image::inspect::COMMAND),
    entry("image", "list", &image::list::COMMAND),
    hidden("image", "ls", &image::list::COMMAND),
    entry("image", "load", &image::load::COMMAND),
    entry("image", "pull", &image::pull::COMMAND),
    entry("image", "push", &image::push::COMMAND),
    entry("image", "rm", &image::rm::COMMAND),
    entry("image", "save", &image::save::COMMAND),
    entry("image", "search", &registry::search::COMMAND),
    entry("image", "tag", &image::tag::COMMAND),
    entry("image", "tree", &image::tree::COMMAND),
    entry("image", "untag", &image::untag::COMMAND),
    entry("skopeo", "copy", &skopeo::copy::COMMAND),
    entry("skopeo", "delete", &skopeo::delete::COMMAND),
    entry("skopeo", "inspect", &skopeo::inspect::COMMAND),
    entry("skopeo", "layers", &skopeo::layers::COMMAND),
    entry("skopeo", "list-tags", &skopeo::list_tags::COMMAND),
    entry("skopeo", "login", &skopeo::login::LOGIN),
    entry("skopeo", "logout", &skopeo::login::LOGOUT),
    entry("skopeo", "manifest-digest", &skopeo::manifest_digest::COMMAND),
    entry("system", "check", &system::check::COMMAND),
    entry("system", "info", &system::info::COMMAND),
];

/// Where words lead.
pub enum Found {
    /// To a command.
    Command {
        /// As typed, with the program.
        path: String,
        /// Which.
        command: &'static Command,
        /// How many words named it.
        used: usize,
    },
    /// To a noun, or nowhere yet.
    Noun {
        /// As typed, with the program.
        path: String,
        /// `None`: no word was given.
        noun: Option<&'static Noun>,
    },
}

/// Follows `words`.
pub fn find(program: &str, words: &[String]) -> Result<Found, Failure> {
    let Some(first) = words.first() else { return Ok(Found::Noun { path: program.to_owned(), noun: None }) };
    if let Some(command) = lookup("", first) {
        return Ok(Found::Command { path: format!("{program} {first}"), command, used: 1 });
    }
    let Some(noun) = NOUNS.iter().find(|noun| noun.name == first) else {
        return Err(unknown(program, "", first));
    };
    let path = format!("{program} {first}");
    match words.get(1) {
        None => Ok(Found::Noun { path, noun: Some(noun) }),
        Some(word) if word.starts_with('-') => Ok(Found::Noun { path, noun: Some(noun) }),
        Some(verb) => match lookup(noun.name, verb) {
            Some(command) => Ok(Found::Command { path: format!("{path} {verb}"), command, used: 2 }),
            None => Err(unknown(&path, noun.name, verb)),
        },
    }
}

fn lookup(noun: &str, verb: &str) -> Option<&'static Command> {
    ENTRIES.iter().find(|entry| entry.noun == noun && entry.verb == verb).map(|entry| entry.command)
}

fn unknown(path: &str, noun: &str, word: &str) -> Failure {
    if missing::command(noun, word) {
        let why = "it is one of podman's commands that minke is still to get";
        return Failure::new(format!("`{path} {word}` is not supported yet: {why}"));
    }
    let near: Vec<&str> = ENTRIES
        .iter()
        .filter(|entry| entry.noun == noun && !entry.hidden && distance(entry.verb, word) <= 2)
        .map(|entry| entry.verb)
        .collect();
    let hint = match near.is_empty() {
        true => format!("Try '{path} --help' for more information"),
        false => {
            format!("\nDid you mean this?\n\t{}\n\nTry '{path} --help' for more information", near.join("\n\t"))
        }
    };
    Failure::new(format!("unrecognized command `{path} {word}`")).hint(hint)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

/// Names and summaries below a noun, or at the top.
pub fn listed(noun: Option<&Noun>) -> Vec<(&'static str, &'static str)> {
    let under = noun.map_or("", |noun| noun.name);
    let verbs = ENTRIES.iter().filter(|e| e.noun == under && !e.hidden).map(|e| (e.verb, e.command.summary));
    let nouns = NOUNS.iter().filter(|_| noun.is_none()).map(|noun| (noun.name, noun.summary));
    verbs.chain(nouns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        let words = ["rnu".to_owned()];
        let Err(failure) = find("minke", &words) else { panic!() };
        assert_eq!(failure.message.as_deref(), Some("unrecognized command `minke rnu`"));
        assert!(failure.hint.unwrap().contains("\trun\n"));
    }

    #[test]
    fn what_podman_has_and_we_do_not() {
        let words = ["volume".to_owned(), "ls".to_owned()];
        let Err(failure) = find("minke", &words) else { panic!() };
        assert!(failure.message.unwrap().contains("not supported yet"));
    }
}
