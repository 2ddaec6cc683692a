//! Commands on lists of images.

pub mod add;
pub mod annotate;
pub mod create;
pub mod exists;
pub mod inspect;
pub mod push;
pub mod remove;
pub mod rm;

use crate::error::Failure;
use crate::flags::registry;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use engine::manifest::Changes;
use std::collections::BTreeMap;

/// What is said of an entry: `add` and `annotate`.
pub static CHANGES: &[Flag] = &[
    Flag::array("annotation", "annotation", "Set an annotation (key=value)"),
    Flag::text("arch", "architecture", "The architecture it is for"),
    Flag::list("features", "features", "Features of the CPU that it wants"),
    Flag::text("os", "OS", "The operating system it is for"),
    Flag::list("os-features", "features", "Features of the operating system that it wants"),
    Flag::text("os-version", "version", "The version of the operating system it is for"),
    Flag::text("variant", "Variant", "The variant of the architecture it is for"),
];

/// Docker's way to say `--tls-verify=false`.
pub const INSECURE: Flag = Flag::bool("insecure", "Don't demand https and valid certificates").hidden();

/// Reads [`CHANGES`].
pub fn changes(matches: &Matches) -> Result<Changes, Failure> {
    let text = |name: &str| matches.text(name).map(str::to_owned);
    Ok(Changes {
        annotations: annotations(matches)?,
        architecture: text("arch"),
        os: text("os"),
        variant: text("variant"),
        os_version: text("os-version"),
        os_features: matches.list("os-features").to_vec(),
        features: matches.list("features").to_vec(),
    })
}

/// `--annotation`.
pub fn annotations(matches: &Matches) -> Result<BTreeMap<String, String>, Failure> {
    let parse = |text: &String| match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(Failure::new(format!("no value given for annotation {}", crate::output::quote(text)))),
    };
    matches.list("annotation").iter().map(parse).collect()
}

/// What is said of registries.
pub fn registry_options(matches: &Matches) -> Result<RegistryOptions, Failure> {
    let mut options = registry::options(matches)?;
    if matches.bool("insecure") {
        if matches.maybe_bool("tls-verify") == Some(true) {
            return Err(Failure::new("--insecure and --tls-verify contradict each other"));
        }
        options.tls_verify = Some(false);
    }
    Ok(options)
}
