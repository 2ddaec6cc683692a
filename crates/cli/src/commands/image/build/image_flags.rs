//! What the image that comes out is like: labels, annotations, layers, history.

use super::flags;
use super::outputs::Outputs;
use crate::error::Failure;
use crate::output::logger;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use build::execute::{Squash, Wanted};

/// See podman-build(1).
pub(super) static FLAGS: &[Flag] = &[
    Flag::array("annotation", "stringArray", "Add an annotation to the manifest (key=value)"),
    Flag::bool("compress", "Compress a context on its way to a daemon, which isn't there").hidden(),
    Flag::bool("created-annotation", "Say when it was made in an annotation").default("true"),
    Flag::bool("disable-compression", "Don't compress layers where that isn't usual").short('D').default("true"),
    Flag::bool("disable-content-trust", "Docker's: signatures are a matter of policy.json").hidden(),
    Flag::array("env", "stringArray", "Set a variable in the image (NAME=value)"),
    Flag::text("format", "format", "Form of the image: oci, docker").default("oci"),
    Flag::bool("identity-label", "Say by a label what built the image").default("false"),
    Flag::bool("inherit-annotations", "Take over the base image's annotations").default("true"),
    Flag::bool("inherit-labels", "Take over labels of base images").default("true"),
    Flag::array("label", "stringArray", "Add a label (key=value)"),
    Flag::array("layer-label", "stringArray", "Add a label to intermediate images, of which there are none").hidden(),
    Flag::bool("omit-history", "Leave out the history"),
    Flag::array("os-feature", "feature", "Name a feature that the operating system must have; NAME- takes it away"),
    Flag::text("os-version", "version", "Name the version of the operating system that is needed"),
    Flag::bool("squash", "Make one layer of those that are new"),
    Flag::bool("squash-all", "Make one layer of all"),
    Flag::list("unsetannotation", "strings", "Take an annotation of the base image out of the image"),
    Flag::list("unsetenv", "strings", "Take a variable out of the image"),
    Flag::list("unsetlabel", "strings", "Take a label out of the image"),
];

/// What the flags say.
pub(super) fn wanted(matches: &Matches, outputs: &Outputs, time: &flags::Time) -> Result<Wanted, Failure> {
    if !matches.list("layer-label").is_empty() {
        logger::line("warning", "--layer-label: there are no intermediate images that could have labels");
    }
    let mut labels = flags::pairs(matches.list("label"));
    if matches.bool("identity-label") {
        labels.insert("io.minke.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    }
    Ok(Wanted {
        names: outputs.names.clone(),
        docker: flags::is_docker(matches)?,
        labels,
        annotations: flags::pairs(matches.list("annotation")),
        unset_labels: matches.list("unsetlabel").to_vec(),
        unset_annotations: matches.list("unsetannotation").to_vec(),
        inherits_labels: matches.maybe_bool("inherit-labels").unwrap_or(true),
        inherits_annotations: matches.maybe_bool("inherit-annotations").unwrap_or(true),
        says_when: matches.maybe_bool("created-annotation").unwrap_or(true),
        without_history: matches.bool("omit-history"),
        squash: squash(matches)?,
        os_version: matches.text("os-version").map(str::to_owned),
        os_features: matches.list("os-feature").to_vec(),
        list: matches.text("manifest").map(str::to_owned),
        env: flags::variables(matches.list("env")),
        unset_env: matches.list("unsetenv").to_vec(),
        created: time.created.clone(),
        epoch: time.epoch,
        is_stored: outputs.is_stored || matches.text("manifest").is_some(),
    })
}

/// As with Podman, steps that aren't kept as layers make one together.
fn squash(matches: &Matches) -> Result<Squash, Failure> {
    let kept = matches.maybe_bool("layers").unwrap_or(true);
    match (matches.bool("squash"), matches.bool("squash-all")) {
        (true, true) => Err(Failure::new("cannot specify --squash-all with --squash")),
        (_, true) => Ok(Squash::All),
        (true, _) => Ok(Squash::Own),
        _ if !kept => Ok(Squash::Own),
        _ => Ok(Squash::No),
    }
}
