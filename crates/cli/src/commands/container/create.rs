//! `create`: a container that doesn't run yet.

use super::exec::warn_without_terminal;
use crate::context::Context;
use crate::error::Failure;
use crate::flags::{self, image::policy, platform, registry};
use crate::output::progress::Reporter;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::container::{CreateOptions, create};
use spec::ContainerSpec;

/// `create`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [COMMAND [ARG...]]",
    summary: "Create a container without starting it",
    details: "Makes a container from an image and prints its id. `start` runs it.",
    examples: &["create --name web nginx", "create -it alpine sh"],
    flags: flags::CONTAINER,
    stops: true,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let spec = spec(matches)?;
    let progress = Reporter::new(matches.bool("quiet"));
    let created = create(context.engine()?, spec, &options(context, matches, &progress)?)?;
    progress.finish();
    stream::line(&created.id)?;
    Ok(0)
}

/// The spec of `run` and `create`, with the checks they share.
pub fn spec(matches: &Matches) -> Result<ContainerSpec, Failure> {
    let spec = flags::container(matches)?;
    if spec.rootfs.image.is_empty() {
        return Err(Failure::new("the image's name is empty").hint("write it after the options: run [options] IMAGE"));
    }
    if matches.bool("replace") && spec.identity.name.is_empty() {
        return Err(Failure::new("cannot replace container without --name being set"));
    }
    if spec.process.terminal && spec.process.stdin {
        warn_without_terminal();
    }
    Ok(spec)
}

/// What `run` and `create` say about the creation itself.
pub fn options<'a>(context: &Context, matches: &Matches, progress: &'a Reporter) -> Result<CreateOptions<'a>, Failure> {
    Ok(CreateOptions {
        pull: policy(matches.text("pull"))?,
        platform: platform::wanted(matches)?,
        registry: registry::options(matches)?,
        progress,
        cidfile: matches.text("cidfile").filter(|path| !path.is_empty()).map(Into::into),
        replace: matches.bool("replace"),
        warn: &|text| log::warn!("{text}"),
        create_command: context.argv.clone(),
    })
}
