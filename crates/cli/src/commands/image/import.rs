//! `import`: a tar of files becomes an image.

use crate::context::Context;
use crate::error::Failure;
use crate::flags::{change, platform};
use crate::output::progress::Reporter;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::{ImportOptions, Tar, import};
use oci::Platform;
use std::io::IsTerminal;

/// `import`
pub static COMMAND: Command = Command {
    usage: "[options] PATH [REFERENCE]",
    summary: "Make an image of a tar archive of files",
    details: "Reads a tar, compressed or not, from a file, an http address or, as -, from standard input, and prints the \
              image's id.",
    examples: &["import rootfs.tar.gz mine:1", "import --change CMD=/bin/sh - mine:1 < rootfs.tar"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Between(1, 2),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("arch", "string", "The architecture it is for"),
    Flag::array("change", "stringArray", "Set something of the configuration, as a Dockerfile does").short('c'),
    Flag::text("message", "string", "Comment of the step that made it").short('m'),
    Flag::text("os", "string", "The operating system it is for"),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
    Flag::text("variant", "string", "The variant of the architecture it is for"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let options = ImportOptions {
        config: change::config(matches.list("change"))?,
        platform: platform::wanted(matches)?.unwrap_or_else(Platform::host),
        message: matches.text("message").unwrap_or("imported from tarball").to_owned(),
        name: matches.arguments.get(1).cloned(),
    };
    let mut stdin = std::io::stdin();
    let tar = match matches.arguments[0].as_str() {
        "-" if stdin.is_terminal() => {
            return Err(Failure::new("cannot read from terminal, use command-line redirection or name a file"));
        }
        "-" => Tar::Stream(&mut stdin),
        url if url.starts_with("http://") || url.starts_with("https://") => Tar::Url(url),
        path => Tar::File(path),
    };
    let progress = Reporter::new(matches.bool("quiet"));
    let id = import(context.engine()?, tar, options, &progress)?;
    progress.finish();
    stream::line(id.as_str())?;
    Ok(0)
}
