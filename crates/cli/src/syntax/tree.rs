//! Which words lead to which command.

use super::command::Command;
use super::flag::Flag;
use super::missing;
use crate::commands::{artifact, buildah, builder, container, image, manifest, oci, registry, skopeo, system};
use crate::error::Failure;

/// Options of the program itself, before or among those of a command.
pub static GLOBALS: &[Flag] = &[
    Flag::text("root", "string", "Folder for everything that outlives a reboot: images, containers, volumes"),
    Flag::text("runroot", "string", "Folder for run-time state, empty after a reboot"),
    Flag::text("log-level", "string", "Messages to show: trace, debug, info, warn, warning, error, fatal, panic")
        .default("warn"),
    Flag::choice(
        "cgroup-manager",
        &["cgroupfs", "systemd"],
        "Who makes control groups (default: systemd for users whose systemd runs)",
    ),
    Flag::bool("version", "Show the program's version").short('v'),
];

/// A word before verbs.
#[derive(Debug)]
pub struct Noun {
    /// `container`, `image`; `image trust` is a noun below one.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
}

/// All nouns.
pub static NOUNS: &[Noun] = &[
    Noun { name: "artifact", summary: "Manage artifacts: files in the store and in registries" },
    BUILDAH,
    Noun { name: "buildah manifest", summary: "Manage lists of images for several platforms" },
    Noun { name: "buildah source", summary: "Manage source images: what images were made from" },
    Noun { name: "builder", summary: "Look after the build cache" },
    Noun { name: "container", summary: "Manage containers" },
    Noun { name: "image", summary: "Manage images" },
    Noun { name: "image trust", summary: "Manage which images are trusted" },
    Noun { name: "manifest", summary: "Manage lists of images for several platforms" },
    Noun { name: OCI.name, summary: OCI.summary },
    Noun { name: SKOPEO.name, summary: SKOPEO.summary },
    Noun { name: "system", summary: "Look after the engine" },
];

/// Buildah's commands, which are also called by its name.
pub const BUILDAH: Noun = Noun { name: buildah::NAME, summary: "Make images step by step, as Buildah does" };

/// Skopeo's commands, which are also called by its name.
pub static SKOPEO: Noun =
    Noun { name: skopeo::NAME, summary: "Copy and look at images where they are, as Skopeo does" };

/// The runtime's commands, which are also called by the names of others.
pub static OCI: Noun = Noun { name: oci::NAME, summary: "Be an engine's OCI runtime, as crun and runc are" };

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
    entry("", "build", &image::build::COMMAND),
    hidden("", "__complete", &system::complete::COMMAND),
    entry("", "completion", &system::completion::COMMAND),
    entry("", "create", &container::create::COMMAND),
    entry("", "diff", &system::diff::COMMAND),
    entry("", "exec", &container::exec::COMMAND),
    entry("", "history", &image::history::COMMAND),
    entry("", "images", &image::list::COMMAND),
    entry("", "import", &image::import::COMMAND),
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
    entry("", "unshare", &buildah::unshare::OF_USER),
    entry("", "untag", &image::untag::COMMAND),
    entry("", "version", &system::version::COMMAND),
    entry("", "wait", &container::wait::COMMAND),
    entry("artifact", "add", &artifact::add::COMMAND),
    entry("artifact", "extract", &artifact::extract::COMMAND),
    entry("artifact", "inspect", &artifact::inspect::COMMAND),
    hidden("artifact", "list", &artifact::list::COMMAND),
    entry("artifact", "ls", &artifact::list::COMMAND),
    entry("artifact", "pull", &artifact::pull::COMMAND),
    entry("artifact", "push", &artifact::push::COMMAND),
    hidden("artifact", "remove", &artifact::rm::COMMAND),
    entry("artifact", "rm", &artifact::rm::COMMAND),
    entry("buildah", "add", &buildah::copy::ADD),
    hidden("buildah", "bud", &image::build::COMMAND),
    entry("buildah", "build", &image::build::COMMAND),
    hidden("buildah", "build-using-dockerfile", &image::build::COMMAND),
    entry("buildah", "commit", &buildah::commit::COMMAND),
    entry("buildah", "config", &buildah::config::COMMAND),
    entry("buildah", "containers", &buildah::containers::COMMAND),
    entry("buildah", "copy", &buildah::copy::COPY),
    hidden("buildah", "delete", &buildah::rm::COMMAND),
    entry("buildah", "from", &buildah::from::COMMAND),
    entry("buildah", "images", &buildah::images::IMAGES),
    entry("buildah", "info", &buildah::about::INFO),
    entry("buildah", "inspect", &buildah::inspect::COMMAND),
    hidden("buildah", "list", &buildah::containers::COMMAND),
    entry("buildah", "login", &buildah::same::LOGIN),
    entry("buildah", "logout", &buildah::same::LOGOUT),
    hidden("buildah", "ls", &buildah::containers::COMMAND),
    entry("buildah", "prune", &buildah::images::PRUNE),
    hidden("buildah", "ps", &buildah::containers::COMMAND),
    entry("buildah", "mount", &buildah::mount::COMMAND),
    entry("buildah", "pull", &buildah::same::PULL),
    entry("buildah", "push", &buildah::same::PUSH),
    entry("buildah", "rename", &buildah::rename::COMMAND),
    entry("buildah", "rm", &buildah::rm::COMMAND),
    entry("buildah", "rmi", &buildah::images::RMI),
    entry("buildah", "run", &buildah::run::COMMAND),
    entry("buildah", "tag", &image::tag::COMMAND),
    entry("buildah", "umount", &buildah::umount::COMMAND),
    hidden("buildah", "unmount", &buildah::umount::COMMAND),
    entry("buildah", "unshare", &buildah::unshare::COMMAND),
    entry("buildah", "version", &buildah::about::VERSION),
    entry("buildah source", "add", &buildah::source::ADD),
    entry("buildah source", "create", &buildah::source::CREATE),
    entry("buildah source", "pull", &buildah::source::PULL),
    entry("buildah source", "push", &buildah::source::PUSH),
    entry("buildah manifest", "add", &manifest::add::COMMAND),
    entry("buildah manifest", "annotate", &manifest::annotate::COMMAND),
    entry("buildah manifest", "create", &manifest::create::COMMAND),
    entry("buildah manifest", "exists", &manifest::exists::COMMAND),
    entry("buildah manifest", "inspect", &manifest::inspect::COMMAND),
    entry("buildah manifest", "push", &manifest::push::COMMAND),
    entry("buildah manifest", "remove", &manifest::remove::COMMAND),
    entry("buildah manifest", "rm", &manifest::rm::COMMAND),
    hidden("builder", "build", &image::build::COMMAND),
    entry("builder", "du", &builder::du::COMMAND),
    entry("builder", "prune", &builder::prune::COMMAND),
    entry("container", "attach", &container::attach::COMMAND),
    entry("container", "create", &container::create::COMMAND),
    entry("container", "diff", &container::diff::COMMAND),
    entry("container", "exec", &container::exec::COMMAND),
    entry("container", "exists", &container::exists::COMMAND),
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
    entry("image", "build", &image::build::COMMAND),
    entry("image", "diff", &image::diff::COMMAND),
    entry("image", "exists", &image::exists::COMMAND),
    entry("image", "history", &image::history::COMMAND),
    entry("image", "import", &image::import::COMMAND),
    entry("image", "inspect", &image::inspect::COMMAND),
    entry("image", "list", &image::list::COMMAND),
    hidden("image", "ls", &image::list::COMMAND),
    entry("image", "load", &image::load::COMMAND),
    entry("image", "mount", &image::mount::COMMAND),
    entry("image", "prune", &image::prune::COMMAND),
    entry("image", "pull", &image::pull::COMMAND),
    entry("image", "push", &image::push::COMMAND),
    entry("image", "rm", &image::rm::COMMAND),
    entry("image", "save", &image::save::COMMAND),
    entry("image", "scp", &image::scp::COMMAND),
    entry("image", "search", &registry::search::COMMAND),
    entry("image", "sign", &image::sign::COMMAND),
    entry("image", "tag", &image::tag::COMMAND),
    entry("image", "tree", &image::tree::COMMAND),
    hidden("image", "umount", &image::unmount::COMMAND),
    entry("image", "unmount", &image::unmount::COMMAND),
    entry("image", "untag", &image::untag::COMMAND),
    entry("image trust", "set", &image::trust::SET),
    entry("image trust", "show", &image::trust::SHOW),
    entry("manifest", "add", &manifest::add::COMMAND),
    entry("manifest", "annotate", &manifest::annotate::COMMAND),
    entry("manifest", "create", &manifest::create::COMMAND),
    entry("manifest", "exists", &manifest::exists::COMMAND),
    entry("manifest", "inspect", &manifest::inspect::COMMAND),
    entry("manifest", "push", &manifest::push::COMMAND),
    entry("manifest", "remove", &manifest::remove::COMMAND),
    entry("manifest", "rm", &manifest::rm::COMMAND),
    entry("oci", "create", &oci::create::COMMAND),
    entry("oci", "delete", &oci::delete::COMMAND),
    entry("oci", "events", &oci::events::COMMAND),
    entry("oci", "exec", &oci::exec::COMMAND),
    entry("oci", "features", &oci::features::COMMAND),
    entry("oci", "kill", &oci::kill::COMMAND),
    entry("oci", "list", &oci::list::COMMAND),
    entry("oci", "pause", &oci::pause::PAUSE),
    entry("oci", "ps", &oci::ps::COMMAND),
    entry("oci", "resume", &oci::pause::RESUME),
    entry("oci", "run", &oci::run::COMMAND),
    entry("oci", "spec", &oci::spec::COMMAND),
    entry("oci", "start", &oci::start::COMMAND),
    entry("oci", "state", &oci::state::COMMAND),
    entry("oci", "update", &oci::update::COMMAND),
    entry("skopeo", "copy", &skopeo::copy::COMMAND),
    entry("skopeo", "delete", &skopeo::delete::COMMAND),
    entry("skopeo", "generate-sigstore-key", &skopeo::generate_sigstore_key::COMMAND),
    entry("skopeo", "inspect", &skopeo::inspect::COMMAND),
    entry("skopeo", "layers", &skopeo::layers::COMMAND),
    entry("skopeo", "list-tags", &skopeo::list_tags::COMMAND),
    entry("skopeo", "login", &skopeo::login::LOGIN),
    entry("skopeo", "logout", &skopeo::login::LOGOUT),
    entry("skopeo", "manifest-digest", &skopeo::manifest_digest::COMMAND),
    entry("skopeo", "standalone-sign", &skopeo::standalone::SIGN),
    entry("skopeo", "standalone-verify", &skopeo::standalone::VERIFY),
    entry("skopeo", "sync", &skopeo::sync::COMMAND),
    entry("system", "check", &system::check::COMMAND),
    entry("system", "df", &system::df::COMMAND),
    entry("system", "info", &system::info::COMMAND),
    entry("system", "prune", &system::prune::COMMAND),
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
    below(format!("{program} {first}"), noun, words, 1)
}

/// `used` words led to the noun.
pub fn below(path: String, noun: &'static Noun, words: &[String], used: usize) -> Result<Found, Failure> {
    let Some(word) = words.get(used).filter(|word| !word.starts_with('-')) else {
        return Ok(Found::Noun { path, noun: Some(noun) });
    };
    if let Some(command) = lookup(noun.name, word) {
        return Ok(Found::Command { path: format!("{path} {word}"), command, used: used + 1 });
    }
    match NOUNS
        .iter()
        .find(|inner| inner.name.strip_prefix(noun.name).and_then(|rest| rest.strip_prefix(' ')) == Some(word))
    {
        Some(inner) => below(format!("{path} {word}"), inner, words, used + 1),
        None => Err(unknown(&path, noun.name, word)),
    }
}

fn lookup(noun: &str, verb: &str) -> Option<&'static Command> {
    ENTRIES.iter().find(|entry| entry.noun == noun && entry.verb == verb).map(|entry| entry.command)
}

fn unknown(path: &str, noun: &str, word: &str) -> Failure {
    if missing::command(noun, word) {
        let owner = if noun.split(' ').next() == Some(buildah::NAME) { "buildah" } else { "podman" };
        let why = format!("it is one of {owner}'s commands that minke is still to get");
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
    verbs.chain(nouns(under).map(|(word, inner)| (word, inner.summary))).collect()
}

/// The nouns right below one (empty: at the top), by their own word.
pub fn nouns(under: &str) -> impl Iterator<Item = (&'static str, &'static Noun)> {
    NOUNS.iter().filter_map(move |noun| {
        let (above, word) = noun.name.rsplit_once(' ').unwrap_or(("", noun.name));
        (above == under).then_some((word, noun))
    })
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
    fn nouns_below_nouns() {
        let find = |words: &str| find("minke", &words.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(
            matches!(find("image trust show x"), Ok(Found::Command { path, used: 3, .. }) if path == "minke image trust show")
        );
        assert!(matches!(find("image trust"), Ok(Found::Noun { noun: Some(noun), .. }) if noun.name == "image trust"));
        assert!(find("image trust hide").is_err());
        assert!(find("trust show").is_err());
    }

    #[test]
    fn what_podman_has_and_we_do_not() {
        let words = ["volume".to_owned(), "ls".to_owned()];
        let Err(failure) = find("minke", &words) else { panic!() };
        assert!(failure.message.unwrap().contains("not supported yet"));
    }
}
