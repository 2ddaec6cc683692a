//! `top`: the processes of a container.

use super::select::{LATEST, one};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{stream, table};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{Processes, top};

/// `top`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [FORMAT-DESCRIPTORS|ARGS...]",
    summary: "Show the processes of a container",
    details: "Lists the processes of a running container. Columns can be chosen by descriptors: pid, user, \
              comm, args, …. Options such as -ef or aux go to the container's ps(1).",
    examples: &["top web", "top web pid user args", "top web -ef"],
    flags: &[FLAGS],
    stops: true,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[LATEST];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (name, descriptors) = one(context, matches, "you must provide the name or id of a running container")?;
    match top(context.engine()?, &name, &descriptors)? {
        Processes::Table(processes) => {
            let mut text = processes.headers.join("\t") + "\n";
            for row in &processes.rows {
                text += &(row.join("\t") + "\n");
            }
            stream::print(&table::align(&text))?;
        }
        Processes::Printed => {}
    }
    Ok(0)
}
