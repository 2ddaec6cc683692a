//! Completion scripts and man pages, made by clap's generators from our tables.

use super::command::Command;
use super::flag::{Flag, Kind};
use super::parse::argument;
use super::tree::{ENTRIES, Entry, GLOBALS, nouns};
use crate::error::Failure;
use clap_complete::Shell;
use std::io::Write;

/// The script for a shell.
pub fn script(program: &str, shell: &str) -> Result<String, Failure> {
    let shell: Shell = match shell {
        "bash" => Shell::Bash,
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        "powershell" => Shell::PowerShell,
        other => {
            let words = "[\"bash\" \"zsh\" \"fish\" \"powershell\"]";
            return Err(Failure::new(format!("argument {other:?} must be one of {words}")));
        }
    };
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut whole(program), program, &mut out);
    Ok(with_names(program, shell, String::from_utf8_lossy(&out).into_owned()))
}

/// clap's script knows commands and flags; names of what there is are asked for when they are needed.
fn with_names(program: &str, shell: Shell, script: String) -> String {
    let own = program.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let add = |text: &str| text.replace("OWN", &own).replace("PROGRAM", program);
    match shell {
        Shell::Bash => script + &add(BASH),
        Shell::Fish => script + &add(FISH),
        // The file is the function `_PROGRAM` when zsh loads it by itself.
        Shell::Zsh => match script.rsplit_once("\nif [ \"$funcstack[1]\"") {
            Some((head, _)) => head.replace(&add("_PROGRAM() {"), &add("_PROGRAM_words() {")) + &add(ZSH),
            None => script,
        },
        _ => script,
    }
}

/// Bash takes a colon as the end of a word: then only what is behind it is replaced.
const BASH: &str = r#"
_OWN_with_names() {
    _OWN "$@"
    local typed="${COMP_LINE:0:COMP_POINT}" word="${2-}" name
    local whole="${typed##*[[:space:]]}"
    [[ $word == -* ]] && return
    while IFS= read -r name; do
        [[ $COMP_WORDBREAKS == *:* && $whole == *:* ]] && name="${name#"${whole%:*}:"}"
        COMPREPLY+=("$name")
    done < <("${COMP_WORDS[0]}" __complete "$typed" 2>/dev/null)
}
complete -F _OWN_with_names -o bashdefault -o default PROGRAM
"#;

const ZSH: &str = r#"
_PROGRAM() {
    local -a names
    names=("${(@f)$(${words[1]} __complete "$LBUFFER" 2>/dev/null)}")
    [[ -n "$names" ]] && compadd -Q -a names
    _PROGRAM_words "$@"
}

if [ "$funcstack[1]" = "_PROGRAM" ]; then
    _PROGRAM "$@"
else
    compdef _PROGRAM PROGRAM
fi
"#;

const FISH: &str = r#"
complete -c PROGRAM -a '(PROGRAM __complete (string join " " (commandline -opc) (commandline -ct)) 2>/dev/null)'
"#;

/// File names and contents.
pub fn man_pages(program: &str) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut pages = vec![page(whole(program), program.to_owned(), "[options] COMMAND [ARG...]", &[])?];
    for entry in ENTRIES.iter().filter(|entry| !entry.hidden) {
        let words: Vec<_> = [program, entry.noun, entry.verb].into_iter().filter(|word| !word.is_empty()).collect();
        let (words, command) = (words.join(" "), entry.command);
        pages.push(page(leaf(words.replace(' ', "-"), command), words, command.usage, command.examples)?);
    }
    Ok(pages)
}

/// clap knows neither what stands behind the flags nor examples.
fn page(command: clap::Command, words: String, usage: &str, examples: &[&str]) -> Result<(String, Vec<u8>), Failure> {
    let name = words.replace(' ', "-");
    let command = command.name(name.clone()).disable_version_flag(true);
    let (has_flags, has_commands) = (command.get_arguments().next().is_some(), command.has_subcommands());
    let man = clap_mangen::Man::new(command);
    let mut out = Vec::new();
    let render = |out: &mut Vec<u8>| {
        man.render_title(out)?;
        man.render_name_section(out)?;
        writeln!(out, ".SH SYNOPSIS\n\\fB{}\\fR {}", roff(&words), roff(usage))?;
        man.render_description_section(out)?;
        if has_flags {
            man.render_options_section(out)?;
        }
        if has_commands {
            man.render_subcommands_section(out)?;
        }
        if !examples.is_empty() {
            let program = words.split(' ').next().unwrap_or_default();
            let lines: Vec<String> = examples.iter().map(|line| roff(&format!("{program} {line}"))).collect();
            writeln!(out, ".SH EXAMPLES\n.nf\n{}\n.fi", lines.join("\n"))?;
        }
        Ok(())
    };
    render(&mut out).map_err(|error: std::io::Error| Failure::new(format!("make the man page of {name}: {error}")))?;
    Ok((format!("{name}.1"), ascii(&String::from_utf8_lossy(&out)).into_bytes()))
}

/// Text that begins with no dot of ours.
fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// groff takes other characters only from those who tell it of an encoding.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\[u{:04X}]", u32::from(c)) }).collect()
}

/// The tree of all commands.
fn whole(program: &str) -> clap::Command {
    let root = clap::Command::new(program.to_owned()).about("Manage containers and images");
    with_commands(root.disable_help_subcommand(true).args(flags(GLOBALS.iter())), "")
}

/// Commands and nouns below a noun.
fn with_commands(mut command: clap::Command, noun: &'static str) -> clap::Command {
    command = command.subcommands(below(noun));
    for (word, inner) in nouns(noun) {
        let group = clap::Command::new(word).about(inner.summary).disable_help_subcommand(true);
        command = command.subcommand(with_commands(group, inner.name));
    }
    command
}

fn below(noun: &'static str) -> impl Iterator<Item = clap::Command> {
    let entries = ENTRIES.iter().filter(move |entry| entry.noun == noun && is_offered(entry));
    entries.map(|entry| {
        let leaf = leaf(entry.verb.to_owned(), entry.command).hide(entry.hidden);
        match words(entry.command.usage) {
            Some(words) => leaf.arg(clap::Arg::new("word").value_parser(words)),
            None => leaf,
        }
    })
}

/// Not what only scripts call: a hidden command is offered where it is another word for one that is shown, as `ls` is for `list`.
fn is_offered(entry: &Entry) -> bool {
    let shown = |other: &Entry| !other.hidden && std::ptr::eq(other.command, entry.command);
    !entry.hidden || ENTRIES.iter().any(shown)
}

fn leaf(name: String, command: &'static Command) -> clap::Command {
    let details = if command.details.is_empty() { command.summary } else { command.details };
    let leaf = clap::Command::new(name).about(command.summary).long_about(details).disable_help_flag(true);
    leaf.args(flags(command.all_flags()))
}

/// The words that a usage lists in braces: `{bash|zsh}`. In capitals they are no words but names of things.
fn words(usage: &'static str) -> Option<clap::builder::PossibleValuesParser> {
    let (list, _) = usage.split_once('{')?.1.split_once('}')?;
    let literal = list.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'|');
    literal.then(|| clap::builder::PossibleValuesParser::new(list.split('|')))
}

fn flags(flags: impl Iterator<Item = &'static Flag>) -> Vec<clap::Arg> {
    let shown = |flag: &'static Flag| {
        let mut arg = argument(flag, flag.short).help(flag.help);
        if matches!(flag.kind, Kind::Bool | Kind::Optional(_)) {
            // Nobody wants `[=true]` completed.
            arg = arg.num_args(0).require_equals(false).action(clap::ArgAction::SetTrue);
        } else {
            arg = arg.value_name(flag.value);
        }
        if let Kind::Choice(words) = flag.kind {
            arg = arg.value_parser(clap::builder::PossibleValuesParser::new(words));
        }
        if matches!(flag.name, "cidfile" | "env-file" | "label-file" | "authfile" | "pidfile" | "input" | "file") {
            arg = arg.value_hint(clap::ValueHint::FilePath);
        }
        arg
    };
    flags.filter(|flag| !flag.hidden).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_and_page() {
        for shell in ["bash", "zsh", "fish", "powershell"] {
            assert!(script("minke", shell).unwrap().contains("detach-keys"), "{shell}");
        }
        assert!(script("minke", "csh").is_err());
    }

    #[test]
    fn pages_say_what_help_says() {
        let pages = man_pages("minke").unwrap();
        assert!(pages.iter().all(|(_, page)| page.is_ascii()));
        let page = |wanted: &str| {
            let (_, page) = pages.iter().find(|(name, _)| name == wanted).unwrap();
            String::from_utf8(page.clone()).unwrap()
        };
        assert!(page("minke-image-tag.1").contains("\\fBminke image tag\\fR IMAGE"), "{}", page("minke-image-tag.1"));
        assert!(page("minke-rmi.1").contains("minke rmi \\-\\-force alpine"), "{}", page("minke-rmi.1"));
    }
}
