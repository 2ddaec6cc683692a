//! The YAML file of `skopeo sync --src yaml`: registries, and for each which images, and how it is reached.

use crate::commands::skopeo::access;
use crate::error::Failure;
use crate::output::{logger, quote};
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use engine::image::sync::{Constraint, Origin, Repository, Tags};
use regex_lite::Regex;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;

/// The longest file, in bytes.
const LONGEST: u64 = 4 << 20;

/// One registry.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Registry {
    #[serde(default)]
    images: BTreeMap<String, Option<Vec<String>>>,
    #[serde(default)]
    images_by_tag_regex: BTreeMap<String, String>,
    #[serde(default)]
    images_by_semver: BTreeMap<String, String>,
    credentials: Option<Credentials>,
    tls_verify: Option<bool>,
    cert_dir: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    #[serde(default)]
    password: String,
}

/// Reads it.
pub fn read(file: &str, matches: &Matches) -> Result<Vec<Origin>, Failure> {
    let failed = |why: String| Failure::new(format!("Failed to read {}: {why}", quote(file)));
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
        .map_err(|error| failed(error.to_string()))?;
    if text.len() as u64 > LONGEST {
        return Err(failed(format!("it is longer than the {LONGEST} bytes that are allowed")));
    }
    let registries: BTreeMap<String, Registry> = config::yaml::parse(&text)
        .map_err(|why| Failure::new(format!("Failed to unmarshal {}: {why}", quote(file))))?;
    registries.into_iter().map(|(name, registry)| origin(&name, registry, matches)).collect()
}

fn origin(name: &str, registry: Registry, matches: &Matches) -> Result<Origin, Failure> {
    let options = Box::new(options(&registry, matches)?);
    let mut repositories = Vec::new();
    let mut add = |repository: &str, tags| repositories.push(Repository { name: format!("{name}/{repository}"), tags });
    for (repository, tags) in registry.images {
        let tags = tags.filter(|tags| !tags.is_empty());
        add(&repository, tags.map_or(Tags::All, Tags::These));
    }
    for (repository, expression) in &registry.images_by_tag_regex {
        let expression = Regex::new(expression).map_err(|error| wrong(name, repository, &error))?;
        add(repository, Tags::Matching(expression));
    }
    for (repository, constraint) in &registry.images_by_semver {
        let constraint: Constraint = constraint.parse().map_err(|error: String| wrong(name, repository, &error))?;
        add(repository, Tags::Versions(constraint));
    }
    if repositories.is_empty() {
        logger::event("warning", "No images specified for registry", &[("registry", name)]);
    }
    Ok(Origin::Registry { options, repositories, lenient: true })
}

fn wrong(registry: &str, repository: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("images of {registry}/{repository}: {why}"))
}

/// What the file says comes before what the command line says.
fn options(registry: &Registry, matches: &Matches) -> Result<RegistryOptions, Failure> {
    let usual = access::options(matches, "src-")?;
    let own = registry.credentials.as_ref();
    Ok(RegistryOptions {
        credentials: own.map(|own| (own.username.clone(), own.password.clone())).or(usual.credentials),
        token: usual.token.filter(|_| own.is_none()),
        anonymous: usual.anonymous && own.is_none(),
        tls_verify: registry.tls_verify.or(usual.tls_verify),
        cert_dir: registry.cert_dir.as_deref().map(Into::into).or(usual.cert_dir),
        ..usual
    })
}
