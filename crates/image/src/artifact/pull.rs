//! Artifacts from registries and to them. Their names are full ones, or Docker Hub's: nothing is searched for.

use super::place::{ArtifactSink, ArtifactSource};
use crate::copy::{Copied, Options, copy};
use crate::policy::Guard;
use crate::pull::from_endpoints;
use crate::short_name::complete;
use crate::transport::RegistrySink;
use crate::{Context, Error, Progress};
use oci::reference::Name;
use oci::{Digest, Reference};
use store::{Artifact, Prior, Store};

/// Pulls one by the name under which it is stored then; with `digest`, that of its manifest, it is fetched again,
/// whatever the tag has become, and takes the name only from itself.
pub fn pull(
    store: &Store,
    context: &Context,
    name: &str,
    digest: Option<&Digest>,
    progress: &dyn Progress,
) -> Result<Copied, Error> {
    let prior = digest.map_or(Prior::Anything, |digest| Prior::Manifest(digest.clone()));
    let sink = ArtifactSink::new(store, name, prior);
    let mut reference = reference(name)?;
    if let Some(digest) = digest {
        (reference.tag, reference.digest) = (None, Some(digest.clone()));
    }
    from_endpoints(store, context, &reference, progress, |remote| {
        let guard = Guard { context };
        copy(remote, &sink, &Options { platform: None, ..guard.options(progress) })
    })
}

/// Pushes one to where its name says.
pub fn push(store: &Store, context: &Context, artifact: Artifact, options: &Options<'_>) -> Result<Copied, Error> {
    let sink = RegistrySink::open(store, context, &reference(&artifact.name)?)?;
    copy(&ArtifactSource::new(store, artifact), &sink, options)
}

fn reference(name: &str) -> Result<Reference, Error> {
    let name: Name = name.parse()?;
    Ok(complete(name.in_registry("docker.io")))
}
