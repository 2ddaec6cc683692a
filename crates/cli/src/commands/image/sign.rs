//! `image sign`: a signature of an image in a registry.

use crate::context::Context;
use crate::error::{Failure, chain};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::sign::{Signing, sign};
use std::path::Path;

/// `image sign`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [IMAGE...]",
    summary: "Sign an image in a registry",
    details: "Signs the images' manifests with one of your OpenPGP keys (by gpg) and stores the signatures where\n\
              registries.d says, or in a folder. Whoever serves that folder lets others verify the images.",
    examples: &["image sign --sign-by me@example.com docker://quay.io/team/image:1"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Nothing,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "Sign the images of an index, too").short('a'),
    Flag::text("authfile", "string", "File with credentials of registries (else REGISTRY_AUTH_FILE, …)"),
    Flag::text("cert-dir", "Pathname", "Folder with TLS certificates and keys"),
    Flag::text("directory", "string", "Folder for the signatures").short('d'),
    Flag::text("sign-by", "string", "Whose key: fingerprint, key id or mail address"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let key = matches
        .text("sign-by")
        .filter(|key| !key.is_empty())
        .ok_or_else(|| Failure::new("no identity provided").hint("say whose key signs by --sign-by"))?;
    let folder = matches.text("directory").map(Path::new);
    if let Some(folder) = folder {
        std::fs::metadata(folder).map_err(|e| Failure::new(format!("folder `{}`: {e}", folder.display())))?;
    }
    let environment = config::Environment::from_process(context.privilege().user());
    let images = image::Context {
        authfile: matches.text("authfile").map(Into::into),
        cert_dir: matches.text("cert-dir").map(Into::into),
        ..image::Context::new(environment)
    };
    for name in &matches.arguments {
        let signing = Signing { key, folder, all: matches.bool("all") };
        sign(&images, name, signing).map_err(|error| Failure::new(chain(&error)))?;
    }
    Ok(0)
}
