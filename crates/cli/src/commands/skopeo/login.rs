//! `skopeo login` and `skopeo logout`: the registry must be named.

use super::global;
use crate::commands::registry::{access::FILES, login, logout};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

/// `skopeo login`
pub static LOGIN: Command = Command {
    usage: "[options] REGISTRY",
    flags: &[login::FLAGS, FILES, global::FLAGS],
    examples: &["skopeo login quay.io"],
    arguments: Arguments::Any,
    run: |context, matches| named(context, matches, "please provide a registry to log in to", login::run),
    needs: Needs::Nothing,
    stops: false,
    ..login::COMMAND
};

/// `skopeo logout`
pub static LOGOUT: Command = Command {
    usage: "[options] REGISTRY",
    flags: &[logout::FLAGS, FILES, TLS, global::FLAGS],
    examples: &["skopeo logout quay.io"],
    arguments: Arguments::Any,
    run: |context, matches| named(context, matches, "please provide a registry to log out from", logout::run),
    needs: Needs::Nothing,
    stops: false,
    ..logout::COMMAND
};

static TLS: &[Flag] = &[Flag::bool("tls-verify", "Demand https and valid certificates")];

fn named(
    context: &Context,
    matches: &Matches,
    missing: &str,
    run: fn(&Context, &Matches) -> Result<i32, Failure>,
) -> Result<i32, Failure> {
    match matches.arguments.len() {
        0 if !matches.bool("all") => Err(Failure::new(missing)),
        0 | 1 => run(context, matches),
        _ => Err(Failure::new("no more than one registry can be named")),
    }
}
