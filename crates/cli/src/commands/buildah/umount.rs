//! `buildah umount`.

use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::working;

/// `buildah umount`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Unmount working containers",
    details: "",
    examples: &["buildah umount web", "buildah umount --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("all", "All working containers").short('a')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let engine = context.engine()?;
    let names: Vec<String> = match (matches.bool("all"), matches.arguments.is_empty()) {
        (true, false) => return Err(Failure::new("when using the --all switch, you may not pass any container IDs")),
        (false, true) => return Err(Failure::new("at least one container ID must be specified")),
        (true, true) => working::all(engine)?.into_iter().map(|found| found.id).collect(),
        (false, false) => matches.arguments.clone(),
    };
    let mut failed = None;
    for name in &names {
        let unmounted = working::find(engine, name).and_then(|found| Ok((working::unmount(engine, &found)?, found.id)));
        match unmounted {
            Ok((true, id)) => stream::line(&id)?,
            Ok((false, _)) => {}
            Err(error) => {
                let failure = Failure::new(format!("error unmounting container {name}: {}", chain(&error)));
                if let Some(before) = failed.replace(failure) {
                    before.print();
                }
            }
        }
    }
    failed.map_or(Ok(0), Err)
}
