//! From a reference to the places that may serve it.

use super::{Error, PullFrom, Registry};

/// A place to reach a reference at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The reference with its prefix replaced: `registry/repository[:tag][@digest]`.
    pub reference: String,
    /// Plain http and unverified TLS are allowed.
    pub insecure: bool,
    /// Not the place itself.
    pub mirror: bool,
}

/// The registry whose prefix matches most of the reference, and how many bytes it matches.
pub(super) fn best<'r>(registries: &'r [Registry], reference: &str) -> Option<(&'r Registry, usize)> {
    let matching = registries.iter().filter_map(|r| Some((r, matched(&r.prefix, reference)?)));
    // Of equally long matches the exact one: `*.b.c` and `a.b.c`.
    matching.max_by_key(|(registry, length)| (*length, !registry.prefix.starts_with("*.")))
}

/// How many bytes of the reference the prefix covers; it ends where a component, tag or digest ends.
fn matched(prefix: &str, reference: &str) -> Option<usize> {
    let length = match prefix.strip_prefix('*') {
        Some(domain) => {
            let host = &reference[..reference.find('/').unwrap_or(reference.len())];
            let name = host.split(':').next().unwrap_or_default();
            (name.len() > domain.len() && name.ends_with(domain)).then_some(name.len())?
        }
        None => reference.starts_with(prefix).then_some(prefix.len())?,
    };
    matches!(reference.as_bytes().get(length), None | Some(b'/' | b':' | b'@')).then_some(length)
}

pub(super) fn pull(registries: &[Registry], reference: &str) -> Result<Vec<Endpoint>, Error> {
    let Some((registry, length)) = best(registries, reference) else { return Ok(vec![unconfigured(reference)]) };
    if registry.blocked {
        return Err(blocked(registry, reference));
    }
    let by_digest = reference.contains('@');
    let serves = |pull_from: PullFrom| match pull_from {
        _ if registry.mirror_by_digest_only => by_digest,
        PullFrom::All => true,
        PullFrom::DigestOnly => by_digest,
        PullFrom::TagOnly => !by_digest,
    };
    let mut endpoints = Vec::new();
    for mirror in registry.mirrors.iter().filter(|mirror| serves(mirror.pull_from)) {
        let reference = rewrite(&mirror.location, reference, length);
        endpoints.push(Endpoint { reference, insecure: mirror.insecure, mirror: true });
    }
    endpoints.push(place(registry, reference, length));
    Ok(endpoints)
}

pub(super) fn push(registries: &[Registry], reference: &str) -> Result<Endpoint, Error> {
    match best(registries, reference) {
        None => Ok(unconfigured(reference)),
        Some((registry, _)) if registry.blocked => Err(blocked(registry, reference)),
        Some((registry, length)) => Ok(place(registry, reference, length)),
    }
}

fn unconfigured(reference: &str) -> Endpoint {
    Endpoint { reference: reference.to_owned(), insecure: false, mirror: false }
}

fn blocked(registry: &Registry, reference: &str) -> Error {
    Error::Blocked { reference: reference.to_owned(), prefix: registry.prefix.clone(), path: registry.file.clone() }
}

fn place(registry: &Registry, reference: &str, length: usize) -> Endpoint {
    let reference = rewrite(&registry.location, reference, length);
    Endpoint { reference, insecure: registry.insecure, mirror: false }
}

fn rewrite(location: &str, reference: &str, length: usize) -> String {
    if location.is_empty() { reference.to_owned() } else { format!("{location}{}", &reference[length..]) }
}

#[cfg(test)]
mod tests {
    use super::super::RegistriesConf;
    use std::path::Path;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn conf(text: &str) -> RegistriesConf {
        let mut conf = RegistriesConf::default();
        conf.merge(text, Path::new("x")).unwrap();
        conf
    }

    fn check(text: &str, reference: &str, expected: &[&str]) {
        let endpoints = conf(text).pull_endpoints(reference).unwrap();
        let show = |e: &super::Endpoint| format!("{}{}", e.reference, if e.insecure { " insecure" } else { "" });
        assert_eq!(endpoints.iter().map(show).collect::<Vec<_>>(), expected, "{reference}");
    }

    #[test]
    fn the_longest_prefix_wins_and_is_replaced() {
        let text = "[[registry]]\nlocation='a.b'\ninsecure=true\n[[registry]]\nprefix='a.b/c'\nlocation='d.e:5/f'";
        check(text, "a.b/x:1", &["a.b/x:1 insecure"]);
        check(text, "a.b/c/x:1", &["d.e:5/f/x:1"]);
        check(text, "a.b/c:1", &["d.e:5/f:1"]);
        check(text, "a.b/cc:1", &["a.b/cc:1 insecure"]);
        check(text, "a.bc/x", &["a.bc/x"]);
        check(text, "z.y/x", &["z.y/x"]);
    }

    #[test]
    fn wildcards_stand_for_subdomains() {
        let text = "[[registry]]\nprefix='*.b.c'\ninsecure=true\n[[registry]]\nprefix='z.b.c'\n[[registry]]\nprefix='*.q'\nlocation='m.n'";
        check(text, "a.b.c/x:1", &["a.b.c/x:1 insecure"]);
        check(text, "a.a.b.c:5000/x", &["a.a.b.c:5000/x insecure"]);
        check(text, "b.c/x", &["b.c/x"]);
        check(text, "ab.c/x.b.c", &["ab.c/x.b.c"]);
        check(text, "z.b.c/x", &["z.b.c/x"]);
        check(text, "w.q/x", &["m.n/x"]);
    }

    #[test]
    fn mirrors_come_first_if_they_serve_the_kind_of_reference() {
        let text = "[[registry]]\nlocation='a.b'\n[[registry.mirror]]\nlocation='all.m'\ninsecure=true\n\
             [[registry.mirror]]\nlocation='tag.m'\npull-from-mirror='tag-only'\n\
             [[registry.mirror]]\nlocation='dig.m/y'\npull-from-mirror='digest-only'";
        check(text, "a.b/x:1", &["all.m/x:1 insecure", "tag.m/x:1", "a.b/x:1"]);
        let by_digest = format!("a.b/x@{DIGEST}");
        let expected = [format!("all.m/x@{DIGEST} insecure"), format!("dig.m/y/x@{DIGEST}"), by_digest.clone()];
        check(text, &by_digest, &expected.each_ref().map(String::as_str));
        let only = "[[registry]]\nlocation='a.b'\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation='m.m'";
        check(only, "a.b/x:1", &["a.b/x:1"]);
        check(only, &by_digest, &[&format!("m.m/x@{DIGEST}"), &by_digest]);
        assert_eq!(conf(text).push_endpoint("a.b/x:1").unwrap().reference, "a.b/x:1");
    }

    #[test]
    fn blocked_registries_are_named() {
        let conf = conf("[[registry]]\nlocation='a.b'\nblocked=true\n[[registry]]\nlocation='a.b/ok'");
        let error = conf.pull_endpoints("a.b/x:1").unwrap_err().to_string();
        assert!(error.contains("`a.b` is blocked") && error.contains("a.b/x:1"), "{error}");
        assert!(conf.pull_endpoints("a.b/ok/x").is_ok());
    }
}
