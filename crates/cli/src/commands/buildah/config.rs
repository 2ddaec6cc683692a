//! `buildah config`: what an image made of a working container is to say.

mod command;
mod healthcheck;
mod lists;

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::working::{self, Working};
use oci::Platform;

/// `buildah config`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "Change the configuration of images made of a working container",
    details: "A value with - at its end takes that entry out of a list, - alone empties the list. Nothing is changed if one of \
              the values is wrong.",
    examples: &[
        "buildah config --env A=b --cmd /run.sh web",
        "buildah config --label version- --entrypoint '[\"/a\", \"b\"]' web",
    ],
    flags: &[FLAGS, healthcheck::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("add-history", "Note the changes in the image's history (else BUILDAH_HISTORY)"),
    Flag::array("annotation", "stringArray", "Set an annotation (key=value)").short('a'),
    Flag::text("arch", "string", "The image's architecture"),
    Flag::text("author", "string", "Who made the image"),
    Flag::text("cmd", "string", "Default command: words, or a JSON list"),
    Flag::text("comment", "string", "The image's comment (Docker's form only)"),
    Flag::text("created-by", "string", "What made the layer, for the history"),
    Flag::text("domainname", "string", "Domain name of containers (Docker's form only)"),
    Flag::text("entrypoint", "string", "Entry point: a JSON list, or a line for the shell"),
    Flag::array("env", "stringArray", "Set a variable (NAME=value), or copy the caller's (NAME)").short('e'),
    Flag::text("history-comment", "string", "Comment on the layer, for the history"),
    Flag::text("hostname", "string", "Host name of containers (Docker's form only)"),
    Flag::array("label", "stringArray", "Set a label (key=value)").short('l'),
    Flag::array("onbuild", "stringArray", "Add an instruction for builds upon the image (Docker's form only)"),
    Flag::text("os", "string", "The image's operating system"),
    Flag::array("os-feature", "stringArray", "Add a feature that the operating system must have"),
    Flag::text("os-version", "string", "The version that the operating system must have"),
    Flag::list("port", "strings", "Expose a port (port[/protocol])").short('p'),
    Flag::text("shell", "string", "Shell for lines of commands (Docker's form only)"),
    Flag::text("stop-signal", "string", "Signal that ends containers"),
    Flag::list("unsetannotation", "strings", "Take out an annotation"),
    Flag::list("unsetlabel", "strings", "Take out a label"),
    Flag::text("user", "string", "User that containers run as (user[:group])").short('u'),
    Flag::text("variant", "string", "The image's variant of its architecture"),
    Flag::list("volume", "strings", "Mark a path as a volume").short('v'),
    Flag::text("workingdir", "string", "Working folder of containers"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let name = super::only(&matches.arguments, "container ID must be specified")?;
    let found = super::find(context, name)?;
    working::change(context.engine()?, &found.id, |working| apply(matches, working))?;
    Ok(0)
}

/// All that the flags say.
fn apply(matches: &Matches, working: &mut Working) -> Result<(), Failure> {
    let mut change = Change { working, matches, notes: super::adds_history(matches) };
    change.document();
    change.settings();
    change.lists()?;
    change.healthcheck()
}

/// One command's changes to one working container.
struct Change<'c> {
    working: &'c mut Working,
    matches: &'c Matches,
    notes: bool,
}

impl Change<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.matches.text(name).map(str::to_owned)
    }

    /// In the history, if that is wished.
    fn note(&mut self, instruction: &str, value: &str) {
        if self.notes {
            self.working.note(format!("/bin/sh -c #(nop) {instruction} {value}"));
        }
    }

    /// What only Docker's form can say.
    fn docker_only(&self, keyword: &str, what: &str) {
        if !self.working.docker {
            log::warn!(
                "{keyword} is not supported for OCI image format, {what} will be ignored. Must use `docker` format"
            );
        }
    }

    /// What is said of the image as a whole.
    fn document(&mut self) {
        let config = &mut self.working.config;
        if let Some(author) = self.matches.text("author") {
            config.author = Some(author.to_owned());
        }
        let [os, arch, variant] = ["os", "arch", "variant"].map(|name| self.matches.text(name));
        if let Some(os) = os {
            os.clone_into(&mut config.os);
        }
        if let Some(arch) = arch {
            // In Go's words; another architecture has no variant of this one's.
            let platform = Platform::new(&config.os, arch, "");
            (config.architecture, config.variant) = (platform.architecture, platform.variant);
        }
        if let Some(variant) = variant {
            config.variant = (!variant.is_empty()).then(|| variant.to_owned());
        }
        if let Some(version) = self.matches.text("os-version") {
            config.os_version = (!version.is_empty()).then(|| version.to_owned());
        }
        if let Some(text) = self.text("created-by") {
            self.working.created_by = text;
        }
        if let Some(text) = self.text("history-comment") {
            self.working.history_comment = text;
        }
        if let Some(text) = self.text("comment") {
            self.docker_only("COMMENT", &format!("comment {text}"));
            self.working.config.comment = text;
        }
    }

    /// What containers get, one value each.
    fn settings(&mut self) {
        if let Some(user) = self.text("user") {
            self.note("USER", &user);
            self.working.container().user = user;
        }
        if let Some(text) = self.text("domainname") {
            self.docker_only("DOMAINNAME", &format!("domainname {text}"));
            self.working.container().domainname = text;
        }
        if let Some(text) = self.text("hostname") {
            self.docker_only("HOSTNAME", &format!("hostname {text}"));
            self.working.container().hostname = text;
        }
        if let Some(signal) = self.text("stop-signal") {
            self.note("STOPSIGNAL", &signal);
            self.working.container().stop_signal = signal;
        }
        if let Some(folder) = self.text("workingdir") {
            self.note("WORKDIR", &folder);
            self.working.container().working_dir = folder;
        }
    }
}
