//! `kill`: a signal to the first process.

use super::select::{LATEST, each, is_listed, known, several};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::Error;

/// `kill`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Send a signal to running containers",
    details: "Sends SIGKILL, or the signal given, to the first process of each container.",
    examples: &["kill web", "kill --signal HUP web", "kill --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All running containers").short('a'),
    Flag::array("cidfile", "stringArray", "Read a container's id from this file"),
    LATEST,
    Flag::text("signal", "string", "Which signal, by name or number").short('s').default("KILL"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let signal = spec::signal::parse(matches.text("signal").unwrap_or("KILL"))?;
    let names = several(context, matches, "you must provide at least one name or id", |c| c.state == "running")?;
    let names = known(context, matches, names)?;
    let engine = context.engine()?;
    each(&names, |name| {
        match engine::container::kill(engine, name, signal) {
            // It has ended by itself meanwhile.
            Err(Error::NoSuchContainer(_) | Error::State(_)) if is_listed(matches) => Ok(None),
            killed => killed.map(|()| Some(name.to_owned())).map_err(Failure::from),
        }
    })
}
