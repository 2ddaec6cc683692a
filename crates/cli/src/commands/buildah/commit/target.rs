//! Where `buildah commit` puts an image: into the store, or by a transport elsewhere.

use super::super::from::is_docker;
use crate::context::Context;
use crate::error::Failure;
use crate::flags::registry;
use crate::flags::signing::Signing;
use crate::output::progress::Reporter;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use engine::manifest::{self, Creation};
use image::{Destination, Format, Hooks, Layers, Location, Options};
use oci::Digest;

pub(super) enum Target {
    /// Under these names.
    Store(Vec<String>),
    /// As written.
    Elsewhere(String),
}

impl Target {
    pub(super) fn parse(image: Option<&str>, matches: &Matches) -> Result<Target, Failure> {
        let target = match image {
            None => Target::Store(Vec::new()),
            Some(text) => match Location::unless_name(text).transpose() {
                Err(error) => return Err(Failure::new(error.to_string())),
                Ok(Some(Location::Storage { .. })) => {
                    let name = text.trim_start_matches("containers-storage:");
                    Target::Store(vec![engine::build::full_name(name)?])
                }
                Ok(Some(_)) => Target::Elsewhere(text.to_owned()),
                Ok(None) => Target::Store(vec![engine::build::full_name(text)?]),
            },
        };
        let needs_transport =
            ["sign-by", "encrypt-layer", "encryption-key"].into_iter().find(|name| matches.given(name));
        match (needs_transport, &target) {
            (Some(flag), Target::Store(_)) => Err(Failure::new(format!(
                "--{flag} needs a destination that keeps such images: name one, such as docker://REGISTRY/NAME or dir:PATH"
            ))),
            (_, Target::Elsewhere(_)) if matches.given("manifest") => {
                Err(Failure::new("--manifest needs an image in the store"))
            }
            _ => Ok(target),
        }
    }

    /// That the image has in the store.
    pub(super) fn names(&self) -> &[String] {
        match self {
            Target::Store(names) => names,
            Target::Elsewhere(_) => &[],
        }
    }

    /// Puts it onto a list, or elsewhere; then the store keeps it only if it has it for another reason.
    pub(super) fn send(&self, context: &Context, matches: &Matches, id: &Digest) -> Result<(), Failure> {
        let engine = context.engine()?;
        if let Some(list) = matches.text("manifest") {
            let amend = Creation { amend: true, ..Creation::default() };
            manifest::create(engine, list, &[id.hex().to_owned()], &amend, &RegistryOptions::default())?;
            return Ok(());
        }
        let Target::Elsewhere(text) = self else { return Ok(()) };
        let progress = Reporter::new(matches.bool("quiet"));
        let registry = registry::options(matches)?;
        let signing = Signing::of(matches)?;
        let signers = signing.signers();
        let usual = Options::new(&progress);
        let options = Options {
            format: Some(if is_docker(matches.text("format"))? { Format::Docker } else { Format::Oci }),
            layers: matches.bool("disable-compression").then_some(Layers::Keep),
            hooks: Hooks { signers: &signers, encrypt: signing.encrypt(), ..Hooks::default() },
            ..usual
        };
        let pushed = engine::image::push(engine, id.hex(), Destination::Typed(text), &registry, &options);
        progress.finish();
        engine::working::forget_nameless(engine, id)?;
        pushed?;
        Ok(())
    }
}
