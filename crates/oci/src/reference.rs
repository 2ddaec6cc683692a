//! Image references: `registry/repository[:tag][@digest]`, and the short names a user types.
//!
//! Grammar: the distribution project's reference grammar, written as a scanner instead of a regular expression. A name
//! without a registry is a *short name*, which registries.conf resolves; nothing here assumes docker.io. Only when the
//! registry *is* docker.io, its rule applies that a repository of one component lives in `library/`.

use crate::Digest;
use std::fmt;
use std::str::FromStr;

/// The longest repository, registry included, in bytes.
pub const MAX_NAME: usize = 255;
/// The longest tag, in bytes.
pub const MAX_TAG: usize = 128;

/// What a user typed, before it is known which registry is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `None` for a short name such as `alpine` or `library/alpine`.
    pub registry: Option<String>,
    /// Path without registry, at most 255 characters.
    pub repository: String,
    /// The tag as typed.
    pub tag: Option<String>,
    /// The digest as typed.
    pub digest: Option<Digest>,
}

/// A fully qualified reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Host with optional port; `docker.io`, `localhost`, `[::1]:5000`.
    pub registry: String,
    /// Path without registry.
    pub repository: String,
    /// `latest` is filled in by [`Reference::with_default_tag`], not by parsing.
    pub tag: Option<String>,
    /// Pins the manifest.
    pub digest: Option<Digest>,
}

/// Why a text is no reference.
#[derive(Debug, thiserror::Error)]
#[error("invalid reference `{text}`: {why}")]
pub struct InvalidReference {
    /// The text, cut to a sane length.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl FromStr for Name {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Name, InvalidReference> {
        let parsed = match text.contains("://") {
            true => Err("a transport such as `docker://` doesn't belong in a name here"),
            false => parse(text),
        };
        parsed.map_err(|why| InvalidReference { text: text.chars().take(160).collect(), why })
    }
}

impl Name {
    /// The reference in `registry` (the typed registry wins if there is one).
    pub fn in_registry(&self, registry: &str) -> Reference {
        let registry = self.registry.as_deref().unwrap_or(registry);
        Reference {
            registry: registry.to_owned(),
            repository: self.repository.clone(),
            tag: self.tag.clone(),
            digest: self.digest.clone(),
        }
        .normalised()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        write_rest(f, &self.repository, self.tag.as_deref(), self.digest.as_ref())
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    /// Needs a registry in the text.
    fn from_str(text: &str) -> Result<Reference, InvalidReference> {
        let name: Name = text.parse()?;
        if name.registry.is_none() {
            let why = "no registry (`registry/repository[:tag]` is needed here)";
            return Err(InvalidReference { text: text.chars().take(160).collect(), why });
        }
        Ok(name.in_registry(""))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.registry)?;
        write_rest(f, &self.repository, self.tag.as_deref(), self.digest.as_ref())
    }
}

impl Reference {
    /// With `latest` when it has neither tag nor digest.
    pub fn with_default_tag(mut self) -> Reference {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some("latest".to_owned());
        }
        self
    }

    /// `registry/repository`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// Docker Hub under its one name, and its official images under `library/`, as Podman stores them.
    fn normalised(mut self) -> Reference {
        if self.registry == "index.docker.io" {
            self.registry = "docker.io".to_owned();
        }
        if self.registry == "docker.io" && !self.repository.contains('/') {
            self.repository.insert_str(0, "library/");
        }
        self
    }
}

fn write_rest(f: &mut fmt::Formatter<'_>, repository: &str, tag: Option<&str>, digest: Option<&Digest>) -> fmt::Result {
    f.write_str(repository)?;
    if let Some(tag) = tag {
        write!(f, ":{tag}")?;
    }
    if let Some(digest) = digest {
        write!(f, "@{digest}")?;
    }
    Ok(())
}

fn parse(text: &str) -> Result<Name, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err("64 hexadecimal digits are an image ID, not a name");
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.parse().map_err(|_| "the part after `@` is no digest")?)),
        None => (text, None),
    };
    let (name, tag) = split_tag(rest);
    if let Some(tag) = tag {
        check_tag(tag)?;
    }
    if name.len() > MAX_NAME {
        return Err("the name is longer than 255 characters");
    }
    let (registry, repository) = split_registry(name);
    if let Some(registry) = registry {
        check_registry(registry)?;
    }
    check_repository(repository)?;
    Ok(Name {
        registry: registry.map(str::to_owned),
        repository: repository.to_owned(),
        tag: tag.map(str::to_owned),
        digest,
    })
}

/// A colon behind the last slash begins the tag; one before it belongs to a port or an IPv6 address.
fn split_tag(text: &str) -> (&str, Option<&str>) {
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    match text[last..].find(':') {
        Some(colon) => (&text[..last + colon], Some(&text[last + colon + 1..])),
        None => (text, None),
    }
}

/// The first component is a registry if it can't be a path: it has a dot, a colon, an upper-case letter, or is `localhost`.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.starts_with('[')
                || first.bytes().any(|b| b.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

/// Whether a text can be a tag.
pub fn is_tag(text: &str) -> bool {
    check_tag(text).is_ok()
}

fn check_tag(tag: &str) -> Result<(), &'static str> {
    if tag.is_empty() {
        return Err("the tag is empty");
    }
    if tag.len() > MAX_TAG {
        return Err("the tag is longer than 128 characters");
    }
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut bytes = tag.bytes();
    if !bytes.next().is_some_and(word) || !bytes.all(|b| word(b) || b == b'.' || b == b'-') {
        return Err("a tag consists of letters, digits, `_`, `.` and `-`, and begins with neither `.` nor `-`");
    }
    Ok(())
}

fn check_registry(registry: &str) -> Result<(), &'static str> {
    let (host, port) = match registry.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or("the IPv6 address lacks its `]`")?;
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("the registry's host is no IPv6 address");
            }
            (None, port)
        }
        None => {
            let end = registry.find(':').unwrap_or(registry.len());
            (Some(&registry[..end]), &registry[end..])
        }
    };
    if let Some(host) = host
        && !host.split('.').all(is_domain_component)
    {
        return Err("the registry's host name is malformed");
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok() => Ok(()),
        _ => Err("the registry's port is no number below 65536"),
    }
}

fn is_domain_component(part: &str) -> bool {
    let bytes = part.as_bytes();
    bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'-')
        && !matches!(bytes.first(), None | Some(b'-'))
        && bytes.last() != Some(&b'-')
}

fn check_repository(repository: &str) -> Result<(), &'static str> {
    if repository.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("the repository name must be lower case");
    }
    if repository.split('/').all(is_path_component) { Ok(()) } else { Err("the repository name is malformed") }
}

/// Runs of lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_path_component(part: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    if !alphanumeric(first) || !alphanumeric(last) {
        return false;
    }
    bytes
        .split(|&b| alphanumeric(b))
        .filter(|joint| !joint.is_empty())
        .all(|joint| matches!(joint, b"." | b"_" | b"__") || joint.iter().all(|&b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn check(text: &str, registry: Option<&str>, repository: &str, tag: Option<&str>, digest: bool) {
        let name: Name = text.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(name.registry.as_deref(), registry, "{text}");
        assert_eq!(name.repository, repository, "{text}");
        assert_eq!(name.tag.as_deref(), tag, "{text}");
        assert_eq!(name.digest.is_some(), digest, "{text}");
        assert_eq!(name.to_string(), text);
    }

    #[test]
    fn names_split_into_their_parts() {
        check("alpine", None, "alpine", None, false);
        check("alpine:3.20", None, "alpine", Some("3.20"), false);
        check("library/alpine", None, "library/alpine", None, false);
        check("localhost/a", Some("localhost"), "a", None, false);
        check("localhost:5000/a:b", Some("localhost:5000"), "a", Some("b"), false);
        check("a.example/b/c_d/e__f/g--h.i:T_1", Some("a.example"), "b/c_d/e__f/g--h.i", Some("T_1"), false);
        check("[::1]:5000/a", Some("[::1]:5000"), "a", None, false);
        check("[2001:db8::1]/a", Some("[2001:db8::1]"), "a", None, false);
        check("UPPER/a", Some("UPPER"), "a", None, false);
        check(&format!("alpine@{SHA}"), None, "alpine", None, true);
        check(&format!("quay.io/a/b:1@{SHA}"), Some("quay.io"), "a/b", Some("1"), true);
        check("foo:5000", None, "foo", Some("5000"), false);
    }

    #[test]
    fn malformed_names_are_refused_with_a_reason() {
        for (text, why) in [
            ("", "empty"),
            ("Alpine", "lower case"),
            ("a//b", "malformed"),
            ("/a", "malformed"),
            ("a/", "malformed"),
            ("-a", "malformed"),
            ("a___b", "malformed"),
            ("a..b", "malformed"),
            ("a b", "malformed"),
            ("../a", "host name"),
            ("a:", "tag is empty"),
            ("a:-x", "a tag consists"),
            ("a:x/y", "port"),
            ("a:99999/y", "port"),
            ("a.b:1x/y", "port"),
            ("-a.b/y", "host name"),
            ("[::1/y", "`]`"),
            ("[zz]/y", "IPv6"),
            ("[::1]x/y", "port"),
            ("a@sha256:12", "digest"),
            ("a@", "digest"),
            ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "image ID"),
        ] {
            let error = text.parse::<Name>().expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!("a".repeat(255).parse::<Name>().is_ok());
        assert!("a".repeat(256).parse::<Name>().is_err());
        assert!(format!("a:{}", "t".repeat(128)).parse::<Name>().is_ok());
        assert!(format!("a:{}", "t".repeat(129)).parse::<Name>().is_err());
    }

    #[test]
    fn docker_hub_has_one_name_and_a_library() {
        for (text, expected) in [
            ("docker.io/alpine", "docker.io/library/alpine:latest"),
            ("index.docker.io/alpine:1", "docker.io/library/alpine:1"),
            ("docker.io/a/b", "docker.io/a/b:latest"),
            ("quay.io/alpine", "quay.io/alpine:latest"),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().with_default_tag().to_string(), expected);
        }
        let short: Name = "alpine".parse().unwrap();
        assert_eq!(short.in_registry("docker.io").to_string(), "docker.io/library/alpine");
        assert_eq!(short.in_registry("localhost").to_string(), "localhost/alpine");
    }

    #[test]
    fn a_reference_needs_a_registry() {
        assert!("alpine".parse::<Reference>().is_err());
        let pinned = format!("a.b/c@{SHA}").parse::<Reference>().unwrap().with_default_tag();
        assert_eq!(pinned.tag, None);
    }
}
