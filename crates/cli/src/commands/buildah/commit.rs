//! `buildah commit`: an image from a working container.

mod files;
mod target;

use super::from::is_docker;
use crate::commands::image::build::flags::{pairs, time};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::{change, registry, signing};
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::working::{self, Commit, Working, commit};
use oci::image::{ContainerConfig, ImageConfig};
use target::Target;

/// `buildah commit`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [IMAGE]",
    summary: "Make an image of a working container",
    details: "The container stays as it is, unless --rm is given. IMAGE may also be docker://NAME, oci:PATH[:NAME], \
              oci-archive:FILE[:NAME], docker-archive:FILE[:NAME] or dir:PATH.",
    examples: &["buildah commit web mine:1", "buildah commit --rm --squash web oci-archive:web.tar:web"],
    flags: &[FLAGS, signing::ENCRYPTION, &[SIGN_BY], registry::FLAGS, registry::POLICY],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

/// Who signs.
const SIGN_BY: Flag =
    Flag::text("sign-by", "string", "Sign with this OpenPGP key (fingerprint, key id or mail address)");

static FLAGS: &[Flag] = &[
    Flag::array("add-file", "file[:destination]", "Add a file to the image, as root's"),
    Flag::array("annotation", "stringArray", "Add an annotation to the manifest (key=value)"),
    Flag::array("change", "stringArray", "Change the image's configuration by an instruction (CMD …, ENV …)")
        .short('c'),
    Flag::text("config", "string", "Read a configuration (JSON) from this file, and let it win"),
    Flag::bool("created-annotation", "Note the time in an annotation").default("true"),
    Flag::bool("disable-compression", "Leave layers as they are (for files, that is so anyway)").short('D'),
    Flag::text("format", "format", "Form of the image: oci, docker (else BUILDAH_FORMAT)").short('f'),
    Flag::bool("identity-label", "Label the image with the version of minke (io.buildah.version)"),
    Flag::text("iidfile", "string", "Write the image's id into this file"),
    Flag::text("manifest", "string", "Add the image to this list, made if there is none"),
    Flag::bool("omit-history", "Leave the history out"),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
    Flag::bool("rewrite-timestamp", "Make files no younger than --source-date-epoch").default("true"),
    Flag::bool("rm", "Remove the working container afterwards"),
    Flag::uint("source-date-epoch", "Time of the image, in seconds since 1970"),
    Flag::bool("squash", "Make it one layer"),
    Flag::uint("timestamp", "Time of the image and latest time of its files, in seconds since 1970"),
    Flag::list("unsetannotation", "strings", "Take out an annotation"),
    Flag::array("unsetenv", "stringArray", "Take a variable out of the image"),
];

const CREATED: &str = "org.opencontainers.image.created";

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (name, image) = match matches.arguments.as_slice() {
        [] => return Err(Failure::new("container ID must be specified")),
        [name] => (name, None),
        [name, image] => (name, Some(image.as_str())),
        _ => return Err(Failure::new("too many arguments specified")),
    };
    let engine = context.engine()?;
    let found = super::find(context, name)?;
    let target = Target::parse(image, matches)?;
    let time = time(matches)?;
    let mut wanted = found.clone();
    describe(matches, &mut wanted, &time.created)?;
    let files = files::read(matches.list("add-file"))?;
    let how = Commit {
        names: target.names().to_vec(),
        docker: match matches.text("format") {
            None if found.docker => true,
            format => is_docker(format)?,
        },
        squash: matches.bool("squash"),
        omit_history: matches.bool("omit-history"),
        created: time.created,
        times: time.times,
    };
    engine::build::own_mounts()?;
    let place = |root: &std::path::Path| files::place(engine, root, &files);
    let id = commit(engine, &wanted, &how, (!files.is_empty()).then_some(&place))?;
    target.send(context, matches, &id)?;
    if let Some(file) = matches.text("iidfile") {
        std::fs::write(file, id.as_str())
            .map_err(|error| Failure::new(format!("write image id file {file}: {error}")))?;
    }
    if matches.bool("rm") {
        working::remove(engine, &found)?;
    }
    // Who has it in a file doesn't need it twice.
    if !matches.given("iidfile") {
        stream::line(id.hex())?;
    }
    Ok(0)
}

/// What the flags change of what the container says.
fn describe(matches: &Matches, wanted: &mut Working, created: &str) -> Result<(), Failure> {
    if let Some(file) = matches.text("config") {
        let text = std::fs::read(file).map_err(|error| Failure::new(format!("read --config {file}: {error}")))?;
        let given = ImageConfig::parse(&text, None)
            .map_err(|error| Failure::new(format!("read --config {file}: {}", crate::error::chain(&error))))?;
        override_with(wanted, given);
    }
    merge(wanted.container(), change::config(matches.list("change"))?);
    let unset = matches.list("unsetenv");
    wanted.container().env.retain(|pair| !unset.iter().any(|name| pair.split('=').next() == Some(name)));
    if matches.bool("identity-label") {
        let version = engine::info::VERSION.to_owned();
        wanted.container().labels.insert("io.buildah.version".to_owned(), version);
    }
    if matches.maybe_bool("created-annotation").unwrap_or(true) {
        wanted.annotations.insert(CREATED.to_owned(), created.to_owned());
    }
    wanted.annotations.extend(pairs(matches.list("annotation")));
    for key in matches.list("unsetannotation") {
        wanted.annotations.remove(key);
    }
    Ok(())
}

fn override_with(wanted: &mut Working, given: ImageConfig) {
    let config = &mut wanted.config;
    for (field, value) in [(&mut config.os, given.os), (&mut config.architecture, given.architecture)] {
        if !value.is_empty() {
            *field = value;
        }
    }
    config.author = given.author.or(config.author.take());
    config.variant = given.variant.or(config.variant.take());
    merge(wanted.container(), given.config.unwrap_or_default());
}

/// What `changes` says wins; maps and variables are added to those that there are.
fn merge(config: &mut ContainerConfig, changes: ContainerConfig) {
    let texts = [
        (&mut config.user, changes.user),
        (&mut config.working_dir, changes.working_dir),
        (&mut config.stop_signal, changes.stop_signal),
    ];
    for (field, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
        *field = value;
    }
    let lists = [
        (&mut config.entrypoint, changes.entrypoint),
        (&mut config.cmd, changes.cmd),
        (&mut config.shell, changes.shell),
    ];
    for (field, value) in lists.into_iter().filter(|(_, value)| !value.is_empty()) {
        *field = value;
    }
    for pair in changes.env {
        config.env.retain(|known| known.split('=').next() != pair.split('=').next());
        config.env.push(pair);
    }
    config.exposed_ports.extend(changes.exposed_ports);
    config.volumes.extend(changes.volumes);
    config.labels.extend(changes.labels);
    config.on_build.extend(changes.on_build);
    config.healthcheck = changes.healthcheck.or(config.healthcheck.take());
}
