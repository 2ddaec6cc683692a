//! `artifact rm`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::artifact::{remove, remove_all};

/// `artifact rm`
pub static COMMAND: Command = Command {
    usage: "[options] ARTIFACT [ARTIFACT...]",
    summary: "Remove artifacts",
    details: "Removes artifacts by name or by the beginning of their digest, and prints their digests. If one of them isn't \
              there, nothing is removed.",
    examples: &[
        "artifact rm quay.io/artifact/foobar2:test",
        "artifact rm c4dfb1609ee2 93fd78260bd1",
        "artifact rm --all",
    ],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] =
    &[Flag::bool("all", "All artifacts").short('a'), Flag::bool("ignore", "A missing artifact is no error").short('i')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let names = &matches.arguments;
    let removed = match (names.is_empty(), matches.bool("all")) {
        (true, false) => return Err(Failure::new("at least one artifact name or digest must be specified")),
        (false, true) => {
            return Err(Failure::new("when using the --all switch, you may not pass any artifact names or digests"));
        }
        (true, true) => remove_all(context.engine()?)?,
        (false, false) => remove(context.engine()?, names, matches.bool("ignore"))?,
    };
    removed.iter().try_for_each(|digest| stream::line(digest.hex()))?;
    Ok(0)
}
