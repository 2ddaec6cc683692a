//! `buildah rename`.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::working;

/// `buildah rename`
pub static COMMAND: Command = Command {
    usage: "CONTAINER NEW-NAME",
    summary: "Give a working container another name",
    details: "",
    examples: &["buildah rename alpine-working-container web"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(2),
    needs: Needs::Store,
    run: |context: &Context, matches: &Matches| -> Result<i32, Failure> {
        let found = super::find(context, &matches.arguments[0])?;
        working::rename(context.engine()?, &found.id, &matches.arguments[1])?;
        Ok(0)
    },
};
