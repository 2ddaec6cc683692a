//! From argv to a command and what was given to it. clap does the parsing, from our tables; this module makes it behave and
//! complain as Go's pflag does, which Podman's users and scripts know.

use super::command::Command;
use super::flag::{Flag, Kind};
use super::matches::Matches;
use super::{missing, tree};
use crate::commands::{buildah, oci, skopeo};
use crate::error::Failure;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction};

/// A command line, understood.
pub struct Parsed {
    /// Program and command as typed, `minke container run`.
    pub path: String,
    /// What was asked for.
    pub action: Action,
    /// Flags that come before the command, or among its own.
    pub globals: Matches,
}

/// What a command line asks for.
pub enum Action {
    /// A command with its flags.
    Run(&'static Command, Matches),
    /// `--help` of a command.
    Help(&'static Command),
    /// A noun without a verb, or the bare program.
    Group {
        /// `None`: the program itself.
        noun: Option<&'static tree::Noun>,
        /// By `--help`.
        asked: bool,
    },
    /// `--version`.
    Version,
}

/// Understands `arguments` (without the program's name).
pub fn parse(program: &str, arguments: &[String]) -> Result<Parsed, Failure> {
    if program == skopeo::NAME {
        return skopeo_words("", arguments);
    }
    if oci::PROGRAMS.contains(&program) {
        return super::oci::parse(program, arguments);
    }
    let flags: Vec<&'static Flag> = tree::GLOBALS.iter().chain([&HELP]).collect();
    let mut globals = read(&flags, arguments, true).map_err(|e| e.into_failure(program, ""))?;
    let words = std::mem::take(&mut globals.arguments);
    if program == buildah::NAME {
        return buildah_words(program.to_owned(), &words, globals);
    }
    if globals.bool("version") {
        return Ok(Parsed { path: program.to_owned(), action: Action::Version, globals });
    }
    if words.first().is_some_and(|first| first == skopeo::NAME) {
        return skopeo_words(program, &words[1..]);
    }
    if words.first().is_some_and(|first| first == buildah::NAME) && !globals.bool("help") {
        let inner = read(&flags, &words[1..], true);
        let path = format!("{program} {}", buildah::NAME);
        let mut inner = inner.map_err(|e| e.into_failure(&path, buildah::NAME))?;
        let words = std::mem::take(&mut inner.arguments);
        let both = outer_and_inner(&globals, inner)?;
        return buildah_words(path, &words, both);
    }
    if words.first().is_some_and(|first| first == oci::NAME) {
        return super::oci::parse(&format!("{program} {}", oci::NAME), &words[1..]);
    }
    let (asked, words) = match words.split_first() {
        Some((first, rest)) if first == "help" => (true, rest),
        _ => (globals.bool("help"), words.as_slice()),
    };
    let (path, command, used) = match tree::find(program, words)? {
        tree::Found::Command { path, command, used } => (path, command, used),
        tree::Found::Noun { path, noun } => {
            let asked = asked || words.iter().any(|w| w == "--help" || w == "-h");
            return Ok(Parsed { path, action: Action::Group { noun, asked }, globals });
        }
    };
    if asked {
        return Ok(Parsed { path, action: Action::Help(command), globals });
    }
    leaf(path, program, command, &words[used..], globals)
}

/// Flags before a program's name that stands second, and those behind it, which win.
fn outer_and_inner(outer: &Matches, mut inner: Matches) -> Result<Matches, Failure> {
    for flag in tree::GLOBALS {
        if !outer.given(flag.name) || inner.given(flag.name) {
            continue;
        }
        inner.insert(flag, outer.list(flag.name).to_vec()).map_err(Failure::new)?;
    }
    Ok(inner)
}

/// Buildah's command line; `path` is what it is called by.
fn buildah_words(path: String, words: &[String], globals: Matches) -> Result<Parsed, Failure> {
    if globals.bool("version") {
        return Ok(Parsed { path, action: Action::Version, globals });
    }
    let (asked, words) = match words.split_first() {
        Some((first, rest)) if first == "help" => (true, rest),
        // Without a command it shows what there is, too.
        None => (true, words),
        _ => (globals.bool("help"), words),
    };
    let program = path.trim_end_matches(buildah::NAME).trim_end().to_owned();
    match tree::below(path, &tree::BUILDAH, words, 0)? {
        tree::Found::Command { path, command, .. } if asked => {
            Ok(Parsed { path, action: Action::Help(command), globals })
        }
        tree::Found::Command { path, command, used } => leaf(path, &program, command, &words[used..], globals),
        tree::Found::Noun { path, noun } => {
            let asked = asked || words.iter().any(|word| word == "--help" || word == "-h");
            Ok(Parsed { path, action: Action::Group { noun, asked }, globals })
        }
    }
}

/// Skopeo's command line: options that all commands take may stand before the command. `program` is what it is called
/// through, or empty.
fn skopeo_words(program: &str, words: &[String]) -> Result<Parsed, Failure> {
    let path = format!("{program} {}", skopeo::NAME).trim_start().to_owned();
    let fatal = |failure: Failure| failure.fatal();
    let own = [&skopeo::global::VERSION, &HELP];
    let flags: Vec<&'static Flag> = skopeo::global::FLAGS.iter().chain(skopeo::access::BOTH).chain(own).collect();
    let globals = read(&flags, words, true).map_err(|e| fatal(e.into_failure(&path, skopeo::NAME)))?;
    let (leading, rest) = words.split_at(words.len() - globals.arguments.len());
    if globals.bool("version") {
        return Ok(Parsed { path, action: Action::Version, globals });
    }
    let noun = Some(&tree::SKOPEO);
    let (asked, rest) = match rest.split_first() {
        Some((first, rest)) if first == "help" => (true, rest),
        _ => (globals.bool("help"), rest),
    };
    let Some((verb, rest)) = rest.split_first() else {
        return Ok(Parsed { path, action: Action::Group { noun, asked }, globals });
    };
    let found = tree::ENTRIES.iter().find(|entry| entry.noun == skopeo::NAME && entry.verb == verb);
    let Some(entry) = found else {
        let hint = format!("Try '{path} --help' for more information");
        return Err(fatal(Failure::new(format!("unrecognized command `{path} {verb}`")).hint(hint)));
    };
    let path = format!("{path} {verb}");
    if asked {
        return Ok(Parsed { path, action: Action::Help(entry.command), globals });
    }
    let words: Vec<String> = leading.iter().chain(rest).cloned().collect();
    leaf(path, program, entry.command, &words, Matches::default()).map_err(fatal)
}

/// `--help`, which every command has.
pub const HELP: Flag = Flag::bool("help", "Show this text").short('h');

fn leaf(
    path: String,
    program: &str,
    command: &'static Command,
    words: &[String],
    mut globals: Matches,
) -> Result<Parsed, Failure> {
    // A command's own flag hides a global one of the same name or letter.
    let mut flags: Vec<&'static Flag> = command.all_flags().collect();
    for flag in [&HELP].into_iter().chain(tree::GLOBALS) {
        if !flags.iter().any(|own| own.name == flag.name) {
            flags.push(flag);
        }
    }
    let verb = path.strip_prefix(program).unwrap_or(&path).trim_start();
    let matches = read(&flags, words, command.stops).map_err(|e| e.into_failure(&path, verb))?;
    if matches.bool("help") {
        return Ok(Parsed { path, action: Action::Help(command), globals });
    }
    for flag in tree::GLOBALS {
        if matches.given(flag.name) && !command.all_flags().any(|own| own.name == flag.name) {
            globals.insert(flag, matches.list(flag.name).to_vec()).map_err(Failure::new)?;
        }
    }
    command.arguments.check(&path, matches.arguments.len())?;
    Ok(Parsed { path, action: Action::Run(command, matches), globals })
}

/// Why flags could not be read.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// `--foo`, `-Z`: as shown to the user; and the word it was in.
    Unknown { flag: String, word: String },
    /// pflag's words.
    Other(String),
}

impl Refusal {
    pub(super) fn into_failure(self, path: &str, verb: &str) -> Failure {
        let hint = format!("See '{path} --help'");
        match self {
            Refusal::Other(message) => Failure::new(message).hint(hint),
            Refusal::Unknown { flag, word } => {
                // Podman takes its global flags among those of the command, too.
                let known = missing::flag(verb, &flag).or_else(|| missing::global(&flag));
                if let Some(name) = known {
                    let owner = if verb.starts_with(buildah::NAME) { "buildah" } else { "podman" };
                    let why = format!("it is one of {owner}'s flags that minke is still to get");
                    return Failure::new(format!("--{name} is not supported yet: {why}"));
                }
                match flag.strip_prefix('-') {
                    Some(letter) if !letter.starts_with('-') => {
                        Failure::new(format!("unknown shorthand flag: '{letter}' in {word}")).hint(hint)
                    }
                    _ => Failure::new(format!("unknown flag: {flag}")).hint(hint),
                }
            }
        }
    }
}

/// Reads flags and arguments; with `stops` everything from the first argument on is taken as it is.
pub(super) fn read(flags: &[&'static Flag], words: &[String], stops: bool) -> Result<Matches, Refusal> {
    let mut command = clap::Command::new("minke")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true)
        .arg(Arg::new(ARGUMENTS).num_args(0..).trailing_var_arg(stops));
    let mut letters: Vec<char> = Vec::new();
    for flag in flags {
        let short = flag.short.filter(|letter| !letters.contains(letter));
        letters.extend(short);
        command = command.arg(argument(flag, short));
    }
    let found = command.try_get_matches_from(words).map_err(|error| refusal(&error, words))?;
    let mut matches = Matches::default();
    for flag in flags {
        if let Some(values) = found.get_many::<String>(flag.name) {
            matches.insert(flag, values.cloned().collect()).map_err(Refusal::Other)?;
        }
    }
    matches.arguments = found.get_many::<String>(ARGUMENTS).into_iter().flatten().cloned().collect();
    Ok(matches)
}

/// No flag can have this name.
const ARGUMENTS: &str = "";

/// A flag for clap.
pub fn argument(flag: &'static Flag, short: Option<char>) -> Arg {
    let arg = Arg::new(flag.name).long(flag.name).short(short).aliases(flag.aliases);
    match flag.kind {
        // A value only after `=`; otherwise the next word is not ours.
        Kind::Bool => arg.action(ArgAction::Set).num_args(0..=1).require_equals(true).default_missing_value("true"),
        Kind::Optional(absent) => {
            arg.action(ArgAction::Set).num_args(0..=1).require_equals(true).default_missing_value(absent)
        }
        Kind::List | Kind::Array => arg.action(ArgAction::Append).num_args(1).allow_hyphen_values(true),
        _ => arg.action(ArgAction::Set).num_args(1).allow_hyphen_values(true),
    }
}

/// clap's complaint in pflag's words.
fn refusal(error: &clap::Error, words: &[String]) -> Refusal {
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(text)) => text.split([' ', '=']).next().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let letter = named.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            let holds = |w: &&String| match letter {
                Some(letter) => w.starts_with('-') && !w.starts_with("--") && w.contains(letter),
                None => w.starts_with(&named),
            };
            let word = words.iter().find(holds).cloned().unwrap_or_else(|| named.clone());
            Refusal::Unknown { flag: named, word }
        }
        // Only the last word can lack its value: any other would have taken its neighbour.
        ErrorKind::InvalidValue | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            let last = words.last().map(String::as_str).unwrap_or_default();
            match (last.starts_with("--"), last.chars().last()) {
                (false, Some(letter)) => Refusal::Other(format!("flag needs an argument: '{letter}' in {last}")),
                _ => Refusal::Other(format!("flag needs an argument: {last}")),
            }
        }
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            Refusal::Other(line.trim_start_matches("error: ").to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: [Flag; 6] = [
        Flag::bool("detach", "").short('d'),
        Flag::bool("tty", "").short('t'),
        Flag::bool("interactive", "").short('i'),
        Flag::list("publish", "", "").short('p'),
        Flag::array("env", "", "").short('e'),
        Flag::int("last", "").short('n'),
    ];

    fn get(words: &str, stops: bool) -> Result<Matches, Refusal> {
        static TABLE: [Flag; 6] = FLAGS;
        let words: Vec<String> = words.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
        read(&TABLE.iter().collect::<Vec<_>>(), &words, stops)
    }

    #[test]
    fn habits_of_pflag() {
        let m = get("-it -dp80:80,81:81 -p=82:82 -e A=1,2 --env B -n -1 img -x --tty=false", true).unwrap();
        assert!(m.bool("interactive") && m.bool("tty") && m.bool("detach"));
        assert_eq!(m.list("publish"), ["80:80", "81:81", "82:82"]);
        assert_eq!(m.list("env"), ["A=1,2", "B"]);
        assert_eq!(m.number::<i64>("last"), Some(-1));
        assert_eq!(m.arguments, ["img", "-x", "--tty=false"]);
        let m = get("--tty=false a -d b -- -c", false).unwrap();
        assert!(!m.bool("tty") && m.given("tty") && m.bool("detach"));
        assert_eq!(m.arguments, ["a", "b", "-c"]);
        assert!(!get("-d -d=false", true).unwrap().bool("detach"));
        assert_eq!(get("-e -d x", true).unwrap().list("env"), ["-d"]);
    }

    #[test]
    fn complaints_of_pflag() {
        let refused = |words| match get(words, true).unwrap_err() {
            Refusal::Other(message) => message,
            Refusal::Unknown { flag, word } => format!("{flag} in {word}"),
        };
        assert_eq!(refused("--foo x"), "--foo in --foo");
        assert_eq!(refused("--foo=1 x"), "--foo in --foo=1");
        assert_eq!(refused("-itZ x"), "-Z in -itZ");
        assert_eq!(refused("--env"), "flag needs an argument: --env");
        assert_eq!(refused("-ite"), "flag needs an argument: 'e' in -ite");
        let expected =
            "invalid argument \"x\" for \"-d, --detach\" flag: strconv.ParseBool: parsing \"x\": invalid syntax";
        assert_eq!(refused("--detach=x"), expected);
        let expected =
            "invalid argument \"s\" for \"-n, --last\" flag: strconv.ParseInt: parsing \"s\": invalid syntax";
        assert_eq!(refused("-n s"), expected);
    }
}
