//! What the word at the end of an unfinished command line names: a container, an image.
//!
//! Decides by the command alone; what there is of that kind the command `__complete` asks the engine.

use super::flag::{Flag, Kind};
use super::tree::{ENTRIES, Entry, GLOBALS, NOUNS};

/// Kinds of things that a command takes by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Any container.
    pub containers: bool,
    /// Those that run.
    pub running: bool,
    /// Images.
    pub images: bool,
}

const NOTHING: Wanted = Wanted { containers: false, running: false, images: false };
const CONTAINERS: Wanted = Wanted { containers: true, ..NOTHING };
const RUNNING: Wanted = Wanted { running: true, ..NOTHING };
const IMAGES: Wanted = Wanted { images: true, ..NOTHING };
const BOTH: Wanted = Wanted { containers: true, images: true, ..NOTHING };

/// Verbs, what they take, and how many names.
const TAKES: &[(&str, Wanted, usize)] = &[
    ("attach exec top", RUNNING, 1),
    ("port", RUNNING, 1),
    ("kill stop", RUNNING, usize::MAX),
    ("logs", CONTAINERS, 1),
    ("rm start wait", CONTAINERS, usize::MAX),
    ("create run", IMAGES, 1),
    ("history push scp tree", IMAGES, 1),
    ("exists", IMAGES, 1),
    ("rmi save sign tag untag", IMAGES, usize::MAX),
    ("diff", BOTH, 2),
    ("inspect", BOTH, usize::MAX),
];

/// `words`: the line without the program, its last word being the one to complete.
pub fn wanted(words: &[&str]) -> Wanted {
    let Some((last, before)) = words.split_last() else { return NOTHING };
    let Some((entry, rest)) = entry(before) else { return NOTHING };
    if last.starts_with('-') || rest.last().is_some_and(|word| takes_value(entry, word)) {
        return NOTHING;
    }
    let Some(given) = arguments(entry, rest) else { return NOTHING };
    // Verbs that more than one noun has.
    let of_noun = match (entry.noun, entry.verb) {
        ("container", "inspect" | "diff") => Some((CONTAINERS, usize::MAX)),
        ("container", "exists") => Some((CONTAINERS, 1)),
        ("image", "rm") | ("image" | "manifest", "inspect") => Some((IMAGES, usize::MAX)),
        ("image", "diff") => Some((IMAGES, 2)),
        ("image", "mount" | "umount" | "unmount") => Some((IMAGES, usize::MAX)),
        ("manifest", "create") => None,
        ("manifest", _) => Some((IMAGES, 1)),
        ("", _) | ("container" | "image", _) => {
            let found = TAKES.iter().find(|(verbs, ..)| verbs.split(' ').any(|verb| verb == entry.verb));
            found.map(|(_, wanted, most)| (*wanted, *most))
        }
        _ => None,
    };
    of_noun.filter(|(_, most)| given < *most).map_or(NOTHING, |(wanted, _)| wanted)
}

/// The program's own flags at the beginning of a line, with their values.
pub fn globals<'w, 'a>(words: &'w [&'a str]) -> &'w [&'a str] {
    let mut at = 0;
    while let Some(flag) = words.get(at).filter(|word| word.starts_with('-')) {
        at += if GLOBALS.iter().any(|global| is(global, flag) && !matches!(global.kind, Kind::Bool | Kind::Optional(_)))
        {
            2
        } else {
            1
        };
    }
    &words[..at.min(words.len())]
}

/// The command, and the words behind it.
fn entry<'w>(words: &'w [&'w str]) -> Option<(&'static Entry, &'w [&'w str])> {
    let mut at = globals(words).len();
    let mut noun = String::new();
    loop {
        let word = *words.get(at)?;
        at += 1;
        if let Some(entry) = ENTRIES.iter().find(|entry| entry.noun == noun && entry.verb == word) {
            return Some((entry, &words[at..]));
        }
        noun = if noun.is_empty() { word.to_owned() } else { format!("{noun} {word}") };
        NOUNS.iter().find(|known| known.name == noun)?;
    }
}

/// How many words behind the command are arguments; nothing where another program's command line has begun.
fn arguments(entry: &Entry, words: &[&str]) -> Option<usize> {
    let (mut count, mut at) = (0, 0);
    while let Some(word) = words.get(at) {
        at += 1;
        if !word.starts_with('-') || *word == "-" {
            count += 1;
        } else if takes_value(entry, word) {
            at += 1;
        }
    }
    (!entry.command.stops || count == 0).then_some(count)
}

/// `--name`, `-n`, `-itn`, whose value is the next word.
fn takes_value(entry: &Entry, word: &str) -> bool {
    let known = || entry.command.all_flags().chain(GLOBALS.iter());
    let wants = |flag: &Flag| !matches!(flag.kind, Kind::Bool | Kind::Optional(_));
    match word.strip_prefix("--") {
        Some(name) => !name.contains('=') && known().any(|flag| is(flag, word) && wants(flag)),
        None => {
            let last = word.strip_prefix('-').and_then(|letters| letters.chars().last());
            last.is_some_and(|letter| known().any(|flag| flag.short == Some(letter) && wants(flag)))
        }
    }
}

fn is(flag: &Flag, word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(name) => flag.name == name || flag.aliases.contains(&name),
        None => word.strip_prefix('-').is_some_and(|letter| flag.short.is_some_and(|own| letter == own.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_command_and_place() {
        for (line, expected) in [
            ("rm ", CONTAINERS),
            ("rm -f a ", CONTAINERS),
            ("stop x", RUNNING),
            ("--root /x stop -t 3 ", RUNNING),
            ("--root=/x stop ", RUNNING),
            ("--root ", NOTHING),
            ("stop -t ", NOTHING),
            ("exec -it ", RUNNING),
            ("exec -it a ", NOTHING),
            ("run --rm -e A=1 al", IMAGES),
            ("run --rm alpine ", NOTHING),
            ("run --name ", NOTHING),
            ("image rm ", IMAGES),
            ("image inspect ", IMAGES),
            ("container inspect ", CONTAINERS),
            ("inspect ", BOTH),
            ("push a ", NOTHING),
            ("rm --fo", NOTHING),
            ("ps ", NOTHING),
            ("", NOTHING),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(wanted(&words), expected, "{line}");
        }
    }
}
