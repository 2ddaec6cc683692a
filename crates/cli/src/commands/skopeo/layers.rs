//! `skopeo layers`: an image's layers into a folder here.

use super::access::{self, AUTHFILE, ONE, RETRY};
use super::{failed, global, location};
use crate::context::Context;
use crate::error::Failure;
use crate::output::progress::Reporter;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use image::{Location, Options};

/// `skopeo layers`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE-NAME",
    summary: "Fetch an image into a folder (copy … dir: does that better)",
    details: "Copies an image into a new folder layers-… below the current one.",
    examples: &["skopeo layers docker://quay.io/podman/hello"],
    flags: &[AUTHFILE, ONE, RETRY, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [name] = matches.arguments.as_slice() else {
        return Err(Failure::new("Exactly one argument expected"));
    };
    stream::error_line("DEPRECATED: skopeo layers is deprecated in favor of skopeo copy");
    let source = location(name, "Error parsing image name")?;
    let folder = std::path::PathBuf::from(format!("layers-{}", std::process::id()));
    let progress = Reporter::new(true);
    let options = Options { platform: global::platform(matches)?, ..Options::new(&progress) };
    let (from, to) = (access::options(matches, "")?, RegistryOptions::default());
    let sink = Location::Dir(folder);
    engine::image::copy(context.engine()?, (&source, &from), (&sink, &to), &options).map_err(failed)?;
    Ok(0)
}
