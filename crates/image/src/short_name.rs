//! What a typed name can stand for: aliases, `localhost/`, search registries (containers-registries.conf(5)).

use crate::{Context, Error, Progress};
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

/// From where an image is pulled.
pub(crate) struct Candidates {
    /// In order.
    pub(crate) references: Vec<Reference>,
    /// For the user: how that was decided.
    pub(crate) line: Option<String>,
    /// The short name that somebody chose the reference for: an alias, once it is pulled.
    chosen_for: Option<String>,
}

impl Candidates {
    fn one(reference: Reference, line: Option<String>) -> Candidates {
        Candidates { references: vec![reference], line, chosen_for: None }
    }

    /// Remembers what was chosen, now that it has turned out well.
    pub(crate) fn remember(&self, context: &Context, pulled: &Reference, progress: &dyn Progress) {
        let Some(name) = &self.chosen_for else { return };
        if let Err(error) = config::registries::record_alias(&context.environment, name, &pulled.name()) {
            progress.warning(&format!("the choice isn't remembered: {}", crate::resolve::chain(&error)));
        }
    }
}

/// Under which full names something is looked for in registries, in order, if nobody can be asked.
pub fn candidates(context: &Context, name: &str) -> Result<Vec<Reference>, Error> {
    Ok(pull_candidates(context, &name.parse()?, &crate::Quiet)?.references)
}

/// Asks which registry is meant where several may be; in the mode `enforcing` nothing is guessed.
pub(crate) fn pull_candidates(context: &Context, name: &Name, progress: &dyn Progress) -> Result<Candidates, Error> {
    if name.registry.is_some() {
        return Ok(Candidates::one(complete(name.in_registry("")), None));
    }
    let conf = context.registries.get()?;
    if let Some(target) = aliased(conf, name) {
        let line = format!("Resolved \"{}\" as an alias", name.repository);
        return Ok(Candidates::one(target?, Some(line)));
    }
    let file = search_file(conf);
    let references: Vec<_> =
        conf.unqualified_search.iter().map(|registry| complete(name.in_registry(registry))).collect();
    if references.is_empty() {
        return Err(Error::NoSearchRegistries { name: name.to_string(), file });
    }
    if references.len() > 1 && conf.short_name_mode != ShortNameMode::Disabled {
        let answers: Vec<String> = references.iter().map(ToString::to_string).collect();
        if let Some(choice) = progress.choose("Please select an image:", &answers) {
            let chosen_for = Some(name.repository.clone());
            return Ok(Candidates { chosen_for, ..Candidates::one(references[choice].clone(), None) });
        }
        if conf.short_name_mode == ShortNameMode::Enforcing {
            return Err(Error::Enforced { name: name.to_string(), candidates: answers.join(", ") });
        }
    }
    let line = format!("Resolving \"{name}\" using unqualified-search registries ({file})");
    Ok(Candidates { references, line: Some(line), chosen_for: None })
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
        let pull = |conf: &str, name: &str| pull_candidates(&context(conf), &name.parse().unwrap(), &crate::Quiet);
        assert_eq!(names(pull(CONF, "foo").unwrap().references), ["q.r/s/foo:latest"]);
        let candidates = pull(CONF, "bar").unwrap();
        assert_eq!(names(candidates.references), ["a.b/bar:latest", "docker.io/library/bar:latest"]);
        assert!(candidates.line.unwrap().contains("/etc/r.conf"));
        let none = pull("", "bar").err().unwrap().to_string();
        assert!(none.contains("did not resolve to an alias and no unqualified-search registries"), "{none}");
        let enforced = pull(&format!("short-name-mode='enforcing'\n{CONF}"), "bar").err().unwrap().to_string();
        assert!(enforced.contains("a.b/bar:latest, docker.io/library/bar:latest"), "{enforced}");
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let name: Name = format!("x.y/z:1@{sha}").parse().unwrap();
        assert_eq!(complete(name.in_registry("")).to_string(), format!("x.y/z@{sha}"));
    }
}
