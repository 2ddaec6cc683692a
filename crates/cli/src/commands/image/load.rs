//! `load`: images out of an archive.

use crate::context::Context;
use crate::error::Failure;
use crate::flags::registry;
use crate::output::progress::Reporter;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::Input;
use std::io::IsTerminal;

/// `load`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Load images from an archive",
    details: "Reads a docker-archive or oci-archive, compressed or not, from a file or standard input.",
    examples: &["load --input image.tar", "load < image.tar.gz"],
    flags: &[FLAGS, registry::POLICY],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("input", "string", "Read this file instead of standard input").short('i'),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let progress = Reporter::new(matches.bool("quiet"));
    let options = registry::options(matches)?;
    let engine = context.engine()?;
    let loaded = match matches.text("input") {
        Some(file) => {
            std::fs::metadata(file).map_err(|error| Failure::new(format!("open archive `{file}`: {error}")))?;
            engine::image::load(engine, Input::Path(file.into()), &options, &progress)?
        }
        None if std::io::stdin().is_terminal() => {
            return Err(Failure::new("cannot read from terminal, use command-line redirection or the --input flag"));
        }
        None => engine::image::load(engine, Input::Stream(&mut std::io::stdin()), &options, &progress)?,
    };
    progress.finish();
    for image in loaded {
        match image.names.as_slice() {
            [] => stream::line(&format!("Loaded image: {}", image.id))?,
            names => names.iter().try_for_each(|name| stream::line(&format!("Loaded image: {name}")))?,
        }
    }
    Ok(0)
}
