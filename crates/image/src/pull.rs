//! Pulling by name: candidates of the name, endpoints of each candidate, then the copy.

use crate::copy::{Options, copy};
use crate::policy::Guard;
use crate::resolve::chain;
use crate::short_name::{complete, pull_candidates};
use crate::source::Source;
use crate::transport::{RegistrySource, StoreNaming, StoreSink};
use crate::{Context, Error, Location, Progress, Resolved, embedded, load};
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
    let name = match Location::unless_name(name) {
        None => name,
        Some(location) => match location? {
            Location::Docker(_) => name.trim_start_matches("docker://"),
            other => return load::pull(store, context, &other, platform, progress),
        },
    };
    if let Some(embedded) = embedded::by_name(store, context, name, platform)? {
        return Ok(embedded);
    }
    let name: Name = name.parse()?;
    let candidates = pull_candidates(context, &name, progress)?;
    if let Some(line) = &candidates.line {
        progress.line(line);
    }
    let mut failures = Vec::new();
    let several = candidates.references.len() > 1;
    for candidate in &candidates.references {
        match pull_reference(store, context, candidate, platform, progress) {
            Err(e) if several && goes_on_after(&e) => failures.push(chain(&e)),
            Err(e) => return Err(e),
            Ok(pulled) => {
                candidates.remember(context, candidate, progress);
                return Ok(pulled);
            }
        }
    }
    Err(Error::AllFailed { name: name.to_string(), failures })
}

/// Pulls all tags of a repository, in their order.
pub fn pull_all_tags(
    store: &Store,
    context: &Context,
    name: &str,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Vec<Resolved>, Error> {
    let plain = name.strip_prefix("docker://").unwrap_or(name);
    let parsed: Name = match Location::unless_name(name) {
        None | Some(Ok(Location::Docker(_))) => plain.parse()?,
        Some(Err(e)) => return Err(e.into()),
        Some(Ok(_)) => {
            return Err(Error::Name { name: name.to_owned(), why: "only a registry has all tags of an image" });
        }
    };
    if parsed.tag.is_some() || parsed.digest.is_some() {
        return Err(Error::Name { name: name.to_owned(), why: "all tags can be pulled without a tag or digest only" });
    }
    let candidates = pull_candidates(context, &parsed, progress)?;
    if let Some(line) = &candidates.line {
        progress.line(line);
    }
    let mut failures = Vec::new();
    for candidate in &candidates.references {
        let source = RegistrySource::open(context, candidate)?;
        match source.tags() {
            Err(e) => failures.push(chain(&e)),
            Ok(tags) => {
                candidates.remember(context, candidate, progress);
                let tagged = tags.into_iter().map(|tag| Reference { tag: Some(tag), ..candidate.clone() });
                return tagged
                    .map(|reference| pull_reference(store, context, &reference, platform, progress))
                    .collect();
            }
        }
    }
    Err(Error::AllFailed { name: name.to_owned(), failures })
}

/// Whether the next search registry is worth a try: not if this one had the image and it was bad, or our disk is full.
fn goes_on_after(error: &Error) -> bool {
    matches!(error, Error::Registry(_) | Error::Registries(_) | Error::AllFailed { .. })
}

fn pull_reference(
    store: &Store,
    context: &Context,
    reference: &Reference,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    progress.line(&format!("Trying to pull {reference}..."));
    from_endpoints(store, context, reference, progress, |remote| {
        pull_remote(store, context, reference, remote, platform, progress)
    })
}

/// From the mirrors and the place itself; the first that works.
pub(crate) fn from_endpoints<T>(
    store: &Store,
    context: &Context,
    reference: &Reference,
    progress: &dyn Progress,
    pull: impl Fn(&RegistrySource<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let endpoints = context.registries.get()?.pull_endpoints(&reference.to_string())?;
    let mut failures = Vec::new();
    let last = endpoints.len() - 1;
    for (at, endpoint) in endpoints.iter().enumerate() {
        let (client, place) = context.client(endpoint)?;
        let remote = RegistrySource::at(context, client, reference.clone(), place)?.resuming(store);
        // Whoever can't give the manifest hasn't got the image: another may be asked.
        match remote.top().and_then(|_| pull(&remote)) {
            Err(e) if at < last => {
                progress.warning(&format!("mirror {}: {}", endpoint.reference, chain(&e)));
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
    context: &Context,
    reference: &Reference,
    remote: &RegistrySource<'_>,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let naming = StoreNaming {
        names: reference.tag.is_some().then(|| reference.to_string()).into_iter().collect(),
        repository: Some(reference.name()),
    };
    let platform = Some(platform.cloned().unwrap_or_else(Platform::host));
    let guard = Guard { context };
    let options = Options { platform, memory: Some(store), ..guard.options(progress) };
    copy(remote, &StoreSink::new(store, naming).with_parts(context), &options)
        .and_then(|copied| stored(store, copied, reference))
        .map_err(|error| in_pull(error, reference))
}

fn stored(store: &Store, copied: crate::copy::Copied, reference: &Reference) -> Result<Resolved, Error> {
    let image = copied.image.ok_or_else(|| Error::NoIndexes { sink: "the store".to_owned() })?;
    crate::find::open(store, &image.manifest.config.digest, reference.to_string())
}

/// A registry that failed is asked no more, the next may be; so it must be told from an image that is bad.
fn in_pull(error: Error, reference: &Reference) -> Error {
    match error {
        plain @ (Error::NoPlatform { .. } | Error::Manifest { .. } | Error::TooDeep { .. }) => plain,
        error => Error::Pull { image: reference.to_string(), source: Box::new(error) },
    }
}

/// Whether the registry says that it still has what is stored under this name.
pub(crate) fn is_unchanged(context: &Context, stored: &Resolved) -> Result<bool, Error> {
    let reference = complete(stored.name.parse::<Reference>()?);
    let endpoints = context.registries.get()?.pull_endpoints(&reference.to_string())?;
    for endpoint in &endpoints {
        let (client, place) = context.client(endpoint)?;
        let remote = RegistrySource::at(context, client, reference.clone(), place)?;
        if let Some(digest) = remote.claimed_digest()? {
            let known = format!("{}@{digest}", reference.name());
            return Ok(stored.image.manifest == digest || stored.image.repo_digests.contains(&known));
        }
    }
    Ok(false)
}
