//! `manifest push`: a list and its images to a registry, an archive or a folder.

use super::{INSECURE, registry_options};
use crate::commands::image::push::{format, write_digest};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::signing::Signing;
use crate::flags::{compression, registry, signing};
use crate::output::progress::Reporter;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::{Destination, Hooks, Instances, Options};

/// `manifest push`
pub static COMMAND: Command = Command {
    usage: "[options] LIST [DESTINATION]",
    summary: "Copy a manifest list to a registry",
    details: "Copies the list and its images, those that are elsewhere, too. Without DESTINATION the list's own name is \
              where it goes. DESTINATION may also be docker://NAME, oci:PATH[:NAME], oci-archive:FILE[:NAME] or dir:PATH.",
    examples: &[
        "manifest push mylist:v1.11 docker://registry.example.com/mylist:v1.11",
        "manifest push --rm --format v2s2 mylist:v1.11 registry.example.com/mylist:v1.11",
    ],
    flags: &[FLAGS, signing::SIGNATURES, compression::FLAGS, registry::FLAGS, &[INSECURE]],
    stops: false,
    arguments: Arguments::Between(1, 2),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::list("add-compression", "strings", "Also add a variant of each image with this compression (gzip, zstd)"),
    Flag::bool("all", "Also the images, not only the list").default("true"),
    Flag::text("digestfile", "string", "Write the pushed list's digest into this file"),
    Flag::text("format", "string", "The list's format (oci, v2s2)").short('f'),
    Flag::bool("purge", "Remove the list when it is pushed").short('p').hidden(),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
    Flag::bool("remove-signatures", "Leave signatures behind"),
    Flag::bool("rm", "Remove the list when it is pushed"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let progress = Reporter::new(matches.bool("quiet"));
    let registry = registry_options(matches)?;
    let wish = compression::wish(matches)?;
    let signing = Signing::of(matches)?;
    let signers = signing.signers();
    let all = matches.maybe_bool("all").unwrap_or(true);
    let usual = Options::new(&progress);
    let options = Options {
        instances: if all { Instances::All } else { Instances::IndexOnly },
        format: matches.text("format").map(format).transpose()?,
        compression: wish.algorithm,
        level: wish.level,
        force_compression: wish.force,
        add_compression: compression::additional(matches)?,
        remove_signatures: matches.bool("remove-signatures"),
        hooks: Hooks { signers: &signers, ..Hooks::default() },
        ..usual
    };
    let list = &matches.arguments[0];
    let destination = matches.arguments.get(1).map_or(Destination::OwnName, |text| Destination::Typed(text));
    let engine = context.engine()?;
    let copied = engine::manifest::push(engine, list, destination, &registry, &options)?;
    progress.finish();
    write_digest(matches, &copied)?;
    if matches.bool("rm") || matches.bool("purge") {
        let (_, errors) = engine::manifest::remove(engine, std::slice::from_ref(list), false);
        if let Some(error) = errors.into_iter().next() {
            return Err(error.into());
        }
    }
    Ok(0)
}
