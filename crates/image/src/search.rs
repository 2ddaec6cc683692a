//! `search`: repositories by a word, and the tags of one.

use crate::{Context, Error};
use oci::Reference;
use oci::reference::Name;
use registry::Hit;

/// Repositories of one registry.
#[derive(Debug, Clone)]
pub struct Found {
    /// The registry.
    pub index: String,
    /// `registry/repository`.
    pub name: String,
    /// What the registry says of it.
    pub hit: Hit,
}

/// What is looked for: in `registry/term` the part before the first slash is where.
pub fn split_term(term: &str) -> (Option<&str>, &str) {
    match term.split_once('/') {
        Some((registry, term)) => (Some(registry), term),
        None => (None, term),
    }
}

/// At most `limit` repositories of one registry whose names contain `term`, or that its own search finds.
pub fn search(context: &Context, index: &str, term: &str, limit: usize) -> Result<Vec<Found>, Error> {
    let host = if index == "docker.io" { "index.docker.io" } else { index };
    let client = context.registry_client(host)?;
    let hits = match (!term.is_empty()).then(|| client.search(term, limit)) {
        Some(Ok(hits)) => hits,
        Some(Err(error @ (registry::Error::Unreachable { .. } | registry::Error::NeitherScheme { .. }))) => {
            return Err(error.into());
        }
        // Few registries have a search.
        Some(Err(_)) | None => from_catalog(&client, term, limit)?,
    };
    Ok(hits.into_iter().map(|hit| found(index, hit)).collect())
}

fn from_catalog(client: &registry::Client, term: &str, limit: usize) -> Result<Vec<Hit>, Error> {
    let mut hits = Vec::new();
    client.repositories(|name| {
        if name.contains(term) && hits.len() < limit {
            hits.push(Hit { name, ..Hit::default() });
        }
        hits.len() < limit
    })?;
    Ok(hits)
}

/// Nothing that a registry says reaches a terminal with control characters in it.
fn found(index: &str, mut hit: Hit) -> Found {
    hit.name = crate::error::printable(&hit.name);
    hit.description = hit.description.map(|text| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
    let library = if index == "docker.io" && !hit.name.contains('/') { "library/" } else { "" };
    Found { index: index.to_owned(), name: format!("{index}/{library}{}", hit.name), hit }
}

/// `registry/repository` and all its tags.
pub fn tags(context: &Context, repository: &str) -> Result<(String, Vec<String>), Error> {
    let name: Name = repository.strip_prefix("docker://").unwrap_or(repository).parse()?;
    let reference: Reference = name.in_registry("docker.io");
    let endpoint = context.registries.get()?.push_endpoint(&reference.name())?;
    let (client, place) = context.client(&endpoint)?;
    Ok((reference.name(), client.tags(&place.repository)?))
}
