//! What a typed name can stand for: aliases, `localhost/`, search registries (containers-registries.conf(5)).

use crate::{Context, Error};
use config::registries::{RegistriesConf, ShortNameMode};
use oci::Reference;
use oci::reference::Name;

/// The reference without a tag when there is a digest, which is what counts; else with `latest` filled in.
pub(crate) fn complete(mut reference: Reference) -> Reference {
    if reference.digest.is_some() {
        reference.tag = None;
    }
    reference.with_default_tag()
}

/// The target of an alias with the tag or digest that was typed.
fn aliased(conf: &RegistriesConf, name: &Name) -> Option<Result<Reference, Error>> {
    if name.registry.is_some() {
        return None;
    }
    let target = conf.alias(&name.repository)?;
    Some(target.parse::<Reference>().map_err(Error::from).map(|mut reference| {
        (reference.tag, reference.digest) = (name.tag.clone(), name.digest.clone());
        complete(reference)
    }))
}

/// What an alias says a short name means.
pub(crate) fn alias<'a>(context: &'a Context, name: &Name) -> Result<Option<&'a str>, Error> {
    Ok(context.registries.get()?.alias(&name.repository))
}

/// Under which names a stored image is looked for, in order. A full name has one.
pub(crate) fn local_candidates(context: &Context, name: &Name) -> Result<Vec<Reference>, Error> {
    if name.registry.is_some() {
        return Ok(vec![complete(name.in_registry(""))]);
    }
    let conf = context.registries.get()?;
    let mut candidates = Vec::new();
    candidates.extend(aliased(conf, name).transpose()?);
    candidates.push(complete(name.in_registry("localhost")));
    let searched = conf.unqualified_search.iter().map(|registry| complete(name.in_registry(registry)));
    candidates.extend(searched);
    candidates.push(complete(name.in_registry("docker.io")));
    Ok(candidates)
}

/// From where an image is pulled, in order, and a line for the user on how that was decided.
pub(crate) fn pull_candidates(context: &Context, name: &Name) -> Result<(Vec<Reference>, Option<String>), Error> {
    if name.registry.is_some() {
        return Ok((vec![complete(name.in_registry(""))], None));
    }
    let conf = context.registries.get()?;
    if let Some(target) = aliased(conf, name) {
        let line = format!("Resolved \"{}\" as an alias", name.repository);
        return Ok((vec![target?], Some(line)));
    }
    let file = search_file(conf);
    let candidates: Vec<_> =
        conf.unqualified_search.iter().map(|registry| complete(name.in_registry(registry))).collect();
    if candidates.is_empty() {
        return Err(Error::NoSearchRegistries { name: name.to_string(), file });
    }
    if conf.short_name_mode == ShortNameMode::Enforcing && candidates.len() > 1 {
        let candidates = candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::Enforced { name: name.to_string(), candidates });
    }
    let line = format!("Resolving \"{name}\" using unqualified-search registries ({file})");
    Ok((candidates, Some(line)))
}

fn search_file(conf: &RegistriesConf) -> String {
    let file = conf.unqualified_search_from.as_ref().or(conf.files.first());
    file.map_or_else(|| "/etc/containers/registries.conf".to_owned(), |file| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Environment;
    use config::registries::Registries;
    use std::path::Path;

    fn context(text: &str) -> Context {
        let mut conf = RegistriesConf::default();
        conf.merge(text, Path::new("/etc/r.conf")).unwrap();
        Context { registries: Registries::fixed(conf), ..Context::new(Environment::default()) }
    }

    fn names(candidates: Vec<Reference>) -> Vec<String> {
        candidates.iter().map(ToString::to_string).collect()
    }

    const CONF: &str = "unqualified-search-registries=['a.b','docker.io']\n[aliases]\nfoo='q.r/s/foo'";

    #[test]
    fn stored_images_are_looked_for_in_podmans_order() {
        let local = |name: &str| names(local_candidates(&context(CONF), &name.parse().unwrap()).unwrap());
        assert_eq!(local("x.y/z"), ["x.y/z:latest"]);
        assert_eq!(
            local("bar:1"),
            ["localhost/bar:1", "a.b/bar:1", "docker.io/library/bar:1", "docker.io/library/bar:1"]
        );
        assert_eq!(local("foo:2")[0], "q.r/s/foo:2");
    }

    #[test]
    fn pulls_ask_the_alias_or_the_search_registries() {
        let pull = |conf: &str, name: &str| pull_candidates(&context(conf), &name.parse().unwrap());
        assert_eq!(names(pull(CONF, "foo").unwrap().0), ["q.r/s/foo:latest"]);
        let (candidates, line) = pull(CONF, "bar").unwrap();
        assert_eq!(names(candidates), ["a.b/bar:latest", "docker.io/library/bar:latest"]);
        assert!(line.unwrap().contains("/etc/r.conf"));
        let none = pull("", "bar").unwrap_err().to_string();
        assert!(none.contains("did not resolve to an alias and no unqualified-search registries"), "{none}");
        let enforced = pull(&format!("short-name-mode='enforcing'\n{CONF}"), "bar").unwrap_err().to_string();
        assert!(enforced.contains("a.b/bar:latest, docker.io/library/bar:latest"), "{enforced}");
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let name: Name = format!("x.y/z:1@{sha}").parse().unwrap();
        assert_eq!(complete(name.in_registry("")).to_string(), format!("x.y/z@{sha}"));
    }
}
