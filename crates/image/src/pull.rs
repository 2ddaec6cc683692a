//! Pulling by name: candidates of the name, endpoints of each candidate, then the copy.

use crate::choose::choose;
use crate::copy::{Naming, copy, repo_digest};
use crate::remote::Remote;
use crate::resolve::chain;
use crate::short_name::{complete, pull_candidates};
use crate::transport::{self, Transport};
use crate::{Context, Error, Progress, Resolved, embedded, load};
use oci::reference::Name;
use oci::{Platform, Reference};
use store::Store;

/// Pulls one image by whatever name the user typed (`docker://` prefix, docker-archive:, oci-archive:, oci: and dir: too).
pub fn pull(
    store: &Store,
    context: &Context,
    name: &str,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let name = match transport::split(name) {
        None => name,
        Some((transport, rest)) => match transport? {
            Transport::Docker => rest,
            other => return load::pull(store, other, rest, platform, progress),
        },
    };
    if let Some(embedded) = embedded::by_name(store, context, name, platform)? {
        return Ok(embedded);
    }
    let name: Name = name.parse()?;
    let (candidates, line) = pull_candidates(context, &name)?;
    if let Some(line) = line {
        progress.line(&line);
    }
    let mut failures = Vec::new();
    let several = candidates.len() > 1;
    for candidate in candidates {
        match pull_reference(store, context, &candidate, platform, progress) {
            Err(e) if several && goes_on_after(&e) => failures.push(chain(&e)),
            result => return result,
        }
    }
    Err(Error::AllFailed { name: name.to_string(), failures })
}

/// Whether the next search registry is worth a try: not if this one had the image and it was bad, or our disk is full.
fn goes_on_after(error: &Error) -> bool {
    matches!(error, Error::Registry(_) | Error::Registries(_) | Error::AllFailed { .. })
}

/// From the mirrors and the place itself; the first that works.
fn pull_reference(
    store: &Store,
    context: &Context,
    reference: &Reference,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    progress.line(&format!("Trying to pull {reference}..."));
    let endpoints = context.registries.get()?.pull_endpoints(&reference.to_string())?;
    let mut failures = Vec::new();
    let last = endpoints.len() - 1;
    for (at, endpoint) in endpoints.iter().enumerate() {
        let (client, place) = context.client(endpoint)?;
        let remote = Remote { client, reference: place };
        match pull_remote(store, reference, &remote, platform, progress) {
            Err(e) if at < last => {
                progress.line(&format!("WARNING: mirror {}: {}", endpoint.reference, chain(&e)));
                failures.push(chain(&e));
            }
            Err(e) if !failures.is_empty() => {
                failures.push(chain(&e));
                return Err(Error::AllFailed { name: reference.to_string(), failures });
            }
            result => return result,
        }
    }
    unreachable!("there is always the place itself")
}

fn pull_remote(
    store: &Store,
    reference: &Reference,
    remote: &Remote,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let host = Platform::host();
    let wanted = platform.unwrap_or(&host);
    let top = remote.top()?;
    let naming = Naming {
        names: reference.tag.is_some().then(|| reference.to_string()).into_iter().collect(),
        repo_digest: Some(repo_digest(reference, &top.digest)),
        shown: reference.to_string(),
    };
    let chosen = choose(remote, top, wanted)?;
    progress.line("Getting image source signatures");
    copy(store, remote, &chosen, &naming, Some(wanted), progress)
        .map_err(|error| Error::Pull { image: reference.to_string(), source: Box::new(error) })
}

/// Whether the registry says that it still has what is stored under this name.
pub(crate) fn is_unchanged(context: &Context, stored: &Resolved) -> Result<bool, Error> {
    let reference = complete(stored.name.parse::<Reference>()?);
    let endpoints = context.registries.get()?.pull_endpoints(&reference.to_string())?;
    for endpoint in &endpoints {
        let (client, place) = context.client(endpoint)?;
        let remote = Remote { client, reference: place };
        if let Some(digest) = remote.client.claimed_digest(&remote.reference.repository, &remote.wanted())? {
            let known = repo_digest(&reference, &digest);
            return Ok(stored.image.manifest == digest || stored.image.repo_digests.contains(&known));
        }
    }
    Ok(false)
}
