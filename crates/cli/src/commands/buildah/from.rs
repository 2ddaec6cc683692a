//! `buildah from`: a working container from an image.

use super::{isolation, settings};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::{image, platform, registry};
use crate::output::progress::Reporter;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::working::{FromOptions, create};
use spec::ContainerSpec;

/// `buildah from`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE",
    summary: "Begin a working container from an image",
    details: "Makes a working container over an image, or over nothing (scratch), and prints its name. Other commands change \
              it; `commit` makes an image of it.",
    examples: &["buildah from alpine", "buildah from --name new scratch"],
    flags: &[
        FLAGS,
        settings::FLAGS,
        settings::OF_CONTAINER,
        platform::FLAGS,
        registry::FLAGS,
        registry::RETRY,
        registry::POLICY,
        registry::DECRYPTION,
    ],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("cidfile", "string", "Write the container's id into this file"),
    Flag::text("format", "string", "Form of images made of it: oci, docker").short('f'),
    Flag::text("name", "string", "Name of the working container"),
    Flag::optional("pull", "string", "true", "Ask the registry: missing, always, never, newer").default("missing"),
    Flag::bool("quiet", "Don't show what is pulled").short('q'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let image = super::only(&matches.arguments, "an image name (or \"scratch\") must be specified")?;
    let progress = Reporter::new(matches.bool("quiet"));
    let isolation = isolation::chosen(matches.text("isolation"))?;
    let mut spec = ContainerSpec::default();
    settings::apply_to_container(matches, &mut spec)?;
    let options = FromOptions {
        name: matches.text("name").map(str::to_owned),
        pull: image::policy(matches.text("pull"))?,
        platform: platform::wanted(matches)?,
        registry: registry::options(matches)?,
        progress: &progress,
        docker: is_docker(matches.text("format"))?,
        spec,
        isolation,
    };
    let working = create(context.engine()?, image, options)?;
    progress.finish();
    if let Some(file) = matches.text("cidfile") {
        std::fs::write(file, &working.id)
            .map_err(|error| Failure::new(format!("write container id file {file}: {error}")))?;
    }
    stream::line(&working.name)?;
    Ok(0)
}

/// `--format`, else the variable BUILDAH_FORMAT.
pub fn is_docker(format: Option<&str>) -> Result<bool, Failure> {
    let variable = std::env::var("BUILDAH_FORMAT").ok();
    match format.or(variable.as_deref()) {
        None | Some("" | "oci") => Ok(false),
        Some("docker") => Ok(true),
        Some(other) => Err(Failure::new(format!("unrecognized image type {}", crate::output::quote(other)))),
    }
}
