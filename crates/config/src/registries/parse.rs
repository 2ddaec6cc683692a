//! One file's text into [`RegistriesConf`].

use super::{Error, RegistriesConf};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One `[[registry]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Registry {
    /// Which references it is about: `registry[/path…][:tag|@digest]` or `*.domain`.
    pub prefix: String,
    /// What takes the prefix's place; empty (only under `*.`): the reference stays as it is.
    pub location: String,
    /// Plain http and unverified TLS are allowed.
    pub insecure: bool,
    /// Nothing may be pulled from there.
    pub blocked: bool,
    /// Tried before the location.
    pub mirrors: Vec<Mirror>,
    /// Mirrors serve digests only.
    pub mirror_by_digest_only: bool,
    /// Where it stands.
    pub file: PathBuf,
}

/// One `[[registry.mirror]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    /// What takes the prefix's place.
    pub location: String,
    /// Plain http and unverified TLS are allowed.
    pub insecure: bool,
    /// What it serves.
    pub pull_from: PullFrom,
}

/// `pull-from-mirror`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullFrom {
    /// Everything.
    #[default]
    All,
    /// References with a digest.
    DigestOnly,
    /// References with a tag.
    TagOnly,
}

/// `short-name-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortNameMode {
    /// At a terminal ask; else fail if there are several search registries.
    Enforcing,
    /// At a terminal ask; else try the search registries in turn.
    #[default]
    Permissive,
    /// Never ask.
    Disabled,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    unqualified_search_registries: Option<Vec<String>>,
    short_name_mode: Option<ShortNameMode>,
    credential_helpers: Option<Vec<String>>,
    #[serde(default)]
    registry: Vec<RegistryTable>,
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    registries: Option<BTreeMap<String, toml::Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[derive(Default)]
struct RegistryTable {
    prefix: String,
    location: String,
    insecure: bool,
    blocked: bool,
    mirror_by_digest_only: bool,
    mirror: Vec<MirrorTable>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct MirrorTable {
    location: String,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    pull_from_mirror: Option<PullFrom>,
}

pub(super) fn merge(conf: &mut RegistriesConf, text: &str, path: &Path) -> Result<(), Error> {
    let file: File = toml::from_str(text).map_err(|e| Error::Syntax { path: path.into(), source: Box::new(e) })?;
    if let Some((table, _)) = file.registries.and_then(|tables| tables.into_iter().next()) {
        return Err(Error::Version1 { path: path.into(), table });
    }
    for table in file.registry {
        let registry = registry(table, path)?;
        conf.registries.retain(|old| old.prefix != registry.prefix);
        conf.registries.push(registry);
    }
    if let Some(list) = file.unqualified_search_registries {
        for host in &list {
            check_location("unqualified-search-registries", host, path)?;
        }
        conf.unqualified_search = list.into_iter().map(|host| host.trim_end_matches('/').to_owned()).collect();
        conf.unqualified_search_from = Some(path.into());
    }
    conf.short_name_mode = file.short_name_mode.unwrap_or(conf.short_name_mode);
    if let Some(helpers) = file.credential_helpers {
        conf.credential_helpers = helpers;
    }
    add_aliases(conf, file.aliases, path)?;
    conf.files.push(path.into());
    Ok(())
}

pub(super) fn merge_aliases(conf: &mut RegistriesConf, text: &str, path: &Path) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Aliases {
        #[serde(default)]
        aliases: BTreeMap<String, String>,
    }
    let file: Aliases = toml::from_str(text).map_err(|e| Error::Syntax { path: path.into(), source: Box::new(e) })?;
    add_aliases(conf, file.aliases, path)
}

/// An empty value takes an alias away.
fn add_aliases(conf: &mut RegistriesConf, aliases: BTreeMap<String, String>, path: &Path) -> Result<(), Error> {
    for (name, value) in aliases {
        if value.is_empty() {
            conf.aliases.remove(&name);
            continue;
        }
        let registry = value.split('/').next().unwrap_or_default();
        let qualified = value.contains('/') && (registry.contains(['.', ':']) || registry == "localhost");
        if !qualified {
            let what = format!("alias `{name}` must be a full name `registry/repository`, not `{value}`");
            return Err(Error::Invalid { path: path.into(), what });
        }
        conf.aliases.insert(name, value);
    }
    Ok(())
}

fn registry(table: RegistryTable, path: &Path) -> Result<Registry, Error> {
    let invalid = |what: String| Error::Invalid { path: path.into(), what };
    let (mut prefix, location) = (table.prefix.trim_end_matches('/').to_owned(), table.location);
    if !location.is_empty() {
        check_location("location", &location, path)?;
    }
    if prefix.is_empty() {
        prefix = location.trim_end_matches('/').to_owned();
    }
    if prefix.is_empty() {
        return Err(invalid("a [[registry]] needs a `prefix` or a `location`".into()));
    }
    check_location("prefix", &prefix, path)?;
    let wildcard = prefix.starts_with("*.");
    if prefix.contains('*') && (!wildcard || prefix[1..].contains(['*', '/', '@', ':'])) {
        return Err(invalid(format!("prefix `{prefix}`: `*` stands for subdomains only, as in `*.example.com`")));
    }
    let location = match location.trim_end_matches('/') {
        "" if !wildcard => prefix.clone(),
        location => location.to_owned(),
    };
    let mirrors = table.mirror.into_iter().map(|m| mirror(m, &prefix, table.mirror_by_digest_only, path));
    Ok(Registry {
        mirrors: mirrors.collect::<Result<_, _>>()?,
        prefix,
        location,
        insecure: table.insecure,
        blocked: table.blocked,
        mirror_by_digest_only: table.mirror_by_digest_only,
        file: path.into(),
    })
}

fn mirror(table: MirrorTable, prefix: &str, digest_only: bool, path: &Path) -> Result<Mirror, Error> {
    check_location("mirror location", &table.location, path)?;
    if digest_only && table.pull_from_mirror.is_some() {
        let what = format!(
            "registry `{prefix}`: `mirror-by-digest-only` and a mirror's `pull-from-mirror` exclude each other"
        );
        return Err(Error::Invalid { path: path.into(), what });
    }
    let location = table.location.trim_end_matches('/').to_owned();
    Ok(Mirror { location, insecure: table.insecure, pull_from: table.pull_from_mirror.unwrap_or_default() })
}

fn check_location(key: &str, value: &str, path: &Path) -> Result<(), Error> {
    let why = match value {
        "" => "it is empty",
        v if v.starts_with("http://") || v.starts_with("https://") => "it must not begin with a scheme",
        v if v.starts_with('/') => "it begins with `/`",
        v if v.contains(char::is_whitespace) => "it contains white space",
        _ => return Ok(()),
    };
    Err(Error::Invalid { path: path.into(), what: format!("{key} `{value}`: {why}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RegistriesConf, Error> {
        let mut conf = RegistriesConf::default();
        conf.merge(text, Path::new("registries.conf"))?;
        Ok(conf)
    }

    #[test]
    fn all_keys_are_read() {
        let conf = read(
            r#"
            unqualified-search-registries = ["a.example", "docker.io"]
            short-name-mode = "enforcing"
            credential-helpers = ["pass"]
            [[registry]]
            prefix = "docker.io/library"
            location = "mirror.example:5000/hub/"
            insecure = true
            [[registry.mirror]]
            location = "m.example/x"
            pull-from-mirror = "digest-only"
            [[registry]]
            location = "b.example"
            blocked = true
            [aliases]
            "fedora" = "registry.fedoraproject.org/fedora"
            "#,
        )
        .unwrap();
        assert_eq!(conf.unqualified_search, ["a.example", "docker.io"]);
        assert_eq!(conf.short_name_mode, ShortNameMode::Enforcing);
        assert_eq!(conf.credential_helpers, ["pass"]);
        assert_eq!(conf.registries[0].location, "mirror.example:5000/hub");
        assert_eq!(conf.registries[0].mirrors[0].pull_from, PullFrom::DigestOnly);
        assert_eq!(conf.registries[1].prefix, "b.example");
        assert!(conf.registries[1].blocked);
        assert_eq!(conf.alias("fedora"), Some("registry.fedoraproject.org/fedora"));
    }

    #[test]
    fn later_files_replace_by_prefix_and_merge_aliases() {
        let mut conf = read(
            "unqualified-search-registries=['a.b']\n[[registry]]\nlocation='x.y'\ninsecure=true\n[aliases]\na='b.c/d'\ne='f.g/h'",
        )
        .unwrap();
        conf.merge("[[registry]]\nlocation='x.y'\n[aliases]\na=''\ni='j.k/l'", Path::new("2")).unwrap();
        assert_eq!(conf.unqualified_search, ["a.b"]);
        assert_eq!(conf.registries.len(), 1);
        assert!(!conf.registries[0].insecure);
        assert_eq!(conf.aliases.keys().collect::<Vec<_>>(), ["e", "i"]);
    }

    #[test]
    fn wrong_files_are_refused_with_a_reason() {
        for (text, why) in [
            ("[registries.search]\nregistries=['docker.io']", "version 1"),
            ("[registries.insecure]\nregistries=[]", "version 1"),
            ("[[registry]]\ninsecure=true", "needs a `prefix`"),
            ("[[registry]]\nlocation='http://x'", "scheme"),
            ("[[registry]]\nprefix='a*.b'", "subdomains"),
            ("[[registry]]\nprefix='*.b/c'", "subdomains"),
            (
                "[[registry]]\nlocation='a.b'\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation='c.d'\npull-from-mirror='all'",
                "exclude",
            ),
            ("[[registry]]\nlocation='a.b'\n[[registry.mirror]]\nlocation='c.d'\npull-from-mirror='x'", "parse"),
            ("[aliases]\na='b'", "full name"),
            ("unqualified-search-registries='x'", "parse"),
            ("unqualified-search-registries=['']", "empty"),
            ("short-name-mode='x'", "parse"),
            ("[", "parse"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
            assert!(error.contains("registries.conf"), "{error}");
        }
    }
}
