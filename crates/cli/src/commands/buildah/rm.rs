//! `buildah rm`: working containers go.

use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::{quote, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::working;

/// `buildah rm`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Remove working containers",
    details: "Unmounts working containers and removes them with what was changed in them. Images made of them stay.",
    examples: &["buildah rm alpine-working-container", "buildah rm --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("all", "All working containers").short('a')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let engine = context.engine()?;
    match (matches.bool("all"), matches.arguments.is_empty()) {
        (true, false) => {
            return Err(Failure::new("when using the --all switch, you may not pass any containers names or IDs"));
        }
        (false, true) => return Err(Failure::new("container ID must be specified")),
        (true, true) => {
            let (removed, errors) = working::remove_all(engine)?;
            removed.iter().try_for_each(|id| stream::line(id))?;
            return errors.first().map_or(Ok(0), |error| Err(Failure::new(chain(error))));
        }
        (false, false) => {}
    }
    let mut last = None;
    for name in &matches.arguments {
        let removed = working::find(engine, name).and_then(|found| working::remove(engine, &found).map(|()| found.id));
        match removed {
            Ok(id) => stream::line(&id)?,
            // The others go on; the last error is the command's.
            Err(error) => {
                let failure = Failure::new(format!("removing container {}: {}", quote(name), chain(&error)));
                if let Some(before) = last.replace(failure) {
                    before.print();
                }
            }
        }
    }
    last.map_or(Ok(0), Err)
}
