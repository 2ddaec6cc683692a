//! Commands that are the same as ours, under Buildah's rules: `login`, `logout`, `pull`, `push`.

use crate::commands::image::{pull as ours_pull, push as ours_push};
use crate::commands::registry::{access::FILES, login, logout};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::{compression, platform, registry, signing};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

/// `buildah login`
pub static LOGIN: Command = Command {
    usage: "[options] REGISTRY",
    examples: &["buildah login quay.io"],
    flags: &[login::FLAGS, FILES],
    arguments: Arguments::Any,
    run: |context, matches| named(context, matches, "please specify a registry to login to", login::run),
    needs: Needs::Nothing,
    stops: false,
    ..login::COMMAND
};

/// `buildah logout`
pub static LOGOUT: Command = Command {
    usage: "[options] REGISTRY",
    examples: &["buildah logout quay.io"],
    flags: &[logout::FLAGS, FILES],
    arguments: Arguments::Any,
    run: |context, matches| named(context, matches, "registry must be given", logout::run),
    needs: Needs::Nothing,
    stops: false,
    ..logout::COMMAND
};

/// `buildah pull`
pub static PULL: Command = Command {
    usage: "[options] IMAGE",
    flags: &[
        ours_pull::FLAGS,
        PULL_FLAGS,
        platform::FLAGS,
        registry::FLAGS,
        registry::RETRY,
        registry::POLICY,
        registry::DECRYPTION,
    ],
    examples: &["buildah pull alpine", "buildah pull --policy never oci:layout:1"],
    ..ours_pull::COMMAND
};

/// `buildah push`
pub static PUSH: Command = Command {
    flags: &[
        ours_push::FLAGS,
        PUSH_FLAGS,
        signing::ENCRYPTION,
        signing::SIGNATURES,
        compression::FLAGS,
        registry::FLAGS,
        registry::RETRY,
        registry::POLICY,
    ],
    examples: &[
        "buildah push mine:1 docker://registry.example.com/mine:1",
        "buildah push --rm list docker://registry.example.com/mine:1",
    ],
    run: push,
    ..ours_push::COMMAND
};

static PULL_FLAGS: &[Flag] = &[Flag::bool("remove-signatures", "Leave signatures behind (they are never kept here)")];

static PUSH_FLAGS: &[Flag] = &[
    Flag::bool("all", "Push all images of a list").default("true"),
    Flag::bool("disable-compression", "Leave layers as they are").short('D'),
    Flag::bool("rm", "Remove a list afterwards"),
];

fn named(
    context: &Context,
    matches: &Matches,
    missing: &str,
    run: fn(&Context, &Matches) -> Result<i32, Failure>,
) -> Result<i32, Failure> {
    match matches.arguments.len() {
        0 if !matches.bool("all") => Err(Failure::new(missing)),
        0 | 1 => run(context, matches),
        _ => Err(Failure::new("too many arguments specified")),
    }
}

fn push(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    if matches.maybe_bool("all") == Some(false) {
        return Err(Failure::new("--all=false is not possible: a list without its images would lead nowhere"));
    }
    let code = ours_push::run(context, matches)?;
    if matches.bool("rm") && engine::manifest::exists(context.engine()?, &matches.arguments[0])? {
        let (_, errors) = engine::image::remove(context.engine()?, &matches.arguments[..1], &Default::default());
        if let Some(error) = errors.first() {
            return Err(Failure::new(crate::error::chain(error)));
        }
    }
    Ok(code)
}
