//! The content of one credentials file.

use super::{Credentials, Error};
use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `auth.json` or Docker's `config.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthFile {
    #[serde(deserialize_with = "null_default")]
    auths: BTreeMap<String, Entry>,
    #[serde(deserialize_with = "null_default")]
    cred_helpers: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_default")]
    creds_store: String,
    /// Keys may be API URLs.
    #[serde(skip)]
    legacy: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(deserialize_with = "null_default")]
    auth: String,
    #[serde(deserialize_with = "null_default")]
    username: String,
    #[serde(deserialize_with = "null_default")]
    password: String,
    #[serde(deserialize_with = "null_default")]
    identitytoken: String,
}

fn null_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}

/// What a file says.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// These.
    Credentials(Credentials),
    /// Ask `docker-credential-NAME`.
    Helper {
        /// Its name.
        name: String,
        /// What to ask for.
        server: String,
    },
}

impl AuthFile {
    /// Parses; `legacy` means `.dockercfg`.
    pub fn parse(text: &str, legacy: bool, path: &Path) -> Result<AuthFile, Error> {
        let syntax = |source| Error::Syntax { path: path.into(), source };
        if text.trim().is_empty() {
            return Ok(AuthFile::default());
        }
        if legacy {
            let auths = serde_json::from_str(text).map_err(syntax)?;
            return Ok(AuthFile { auths, legacy, ..AuthFile::default() });
        }
        serde_json::from_str(text).map_err(syntax)
    }

    /// For `registry/repository`: a helper of the registry, then the longest matching key, then the general helper.
    pub fn look_up(&self, repository: &str, path: &Path) -> Result<Option<Found>, Error> {
        let registry = repository.split('/').next().unwrap_or_default();
        if let Some(name) = self.cred_helpers.get(registry).filter(|name| !name.is_empty()) {
            return Ok(Some(Found::Helper { name: name.clone(), server: registry.to_owned() }));
        }
        for key in keys(repository) {
            if let Some(entry) = self.auths.get(key)
                && let Some(credentials) = entry.decode(key, path)?
            {
                return Ok(Some(Found::Credentials(credentials)));
            }
        }
        let wanted = host(registry);
        for (key, entry) in self.auths.iter().filter(|(key, _)| self.names(key, wanted)) {
            if let Some(credentials) = entry.decode(key, path)? {
                return Ok(Some(Found::Credentials(credentials)));
            }
        }
        if self.creds_store.is_empty() {
            return Ok(None);
        }
        let server = if wanted == DOCKER_HUB { "https://index.docker.io/v1/" } else { registry };
        Ok(Some(Found::Helper { name: self.creds_store.clone(), server: server.to_owned() }))
    }

    /// Whether a key is another spelling of a registry: with scheme, and with an API path.
    fn names(&self, key: &str, registry: &str) -> bool {
        let has_scheme = key.starts_with("http://") || key.starts_with("https://");
        let bare = key.trim_start_matches("http://").trim_start_matches("https://");
        let (name, path) = bare.split_once('/').unwrap_or((bare, ""));
        let is_api = path.is_empty() || has_scheme || self.legacy || matches!(path, "v1" | "v1/" | "v2" | "v2/");
        is_api && host(name) == registry
    }
}

const DOCKER_HUB: &str = "index.docker.io";

/// Docker Hub has several names.
fn host(registry: &str) -> &str {
    match registry {
        "docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        other => other,
    }
}

/// `a/b/c`, `a/b`, `a`.
fn keys(repository: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(repository), |key| key.rfind('/').map(|slash| &key[..slash]))
}

impl Entry {
    /// `None` for the empty entries that Docker leaves beside a helper.
    fn decode(&self, key: &str, path: &Path) -> Result<Option<Credentials>, Error> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credentials::IdentityToken(self.identitytoken.clone())));
        }
        if self.auth.is_empty() {
            let (username, password) = (self.username.clone(), self.password.clone());
            return Ok((!username.is_empty()).then_some(Credentials::Basic { username, password }));
        }
        let wrong = || Error::Encoding { path: path.into(), key: key.to_owned() };
        let bytes = base64::engine::general_purpose::STANDARD.decode(self.auth.trim()).map_err(|_| wrong())?;
        let text = String::from_utf8(bytes).map_err(|_| wrong())?;
        let (username, password) = text.split_once(':').ok_or_else(wrong)?;
        // Old versions of Docker padded with NUL.
        let password = password.trim_end_matches('\0').to_owned();
        Ok(Some(Credentials::Basic { username: username.to_owned(), password }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(user: &str) -> String {
        format!(r#"{{"auth":"{}"}}"#, base64::engine::general_purpose::STANDARD.encode(format!("{user}:pw")))
    }

    fn who(text: &str, legacy: bool, repository: &str) -> String {
        let path = Path::new("auth.json");
        match AuthFile::parse(text, legacy, path).unwrap().look_up(repository, path).unwrap() {
            None => "nobody".into(),
            Some(Found::Credentials(Credentials::Basic { username, password })) => format!("{username}:{password}"),
            Some(Found::Credentials(Credentials::IdentityToken(token))) => format!("token {token}"),
            Some(Found::Helper { name, server }) => format!("{name} {server}"),
        }
    }

    #[test]
    fn the_most_specific_key_wins() {
        let text = format!(
            r#"{{"auths":{{"a.b":{},"a.b/c":{},"a.b/c/d":{},"e.f:5000":{{"identitytoken":"T"}},"g.h":{{}}}}}}"#,
            auth("host"),
            auth("space"),
            auth("repo")
        );
        assert_eq!(who(&text, false, "a.b/x"), "host:pw");
        assert_eq!(who(&text, false, "a.b/c/x"), "space:pw");
        assert_eq!(who(&text, false, "a.b/c/d"), "repo:pw");
        assert_eq!(who(&text, false, "a.b/cc"), "host:pw");
        assert_eq!(who(&text, false, "e.f:5000/x"), "token T");
        assert_eq!(who(&text, false, "e.f/x"), "nobody");
        assert_eq!(who(&text, false, "g.h/x"), "nobody");
    }

    #[test]
    fn docker_hub_and_urls_have_many_spellings() {
        let hub = format!(r#"{{"auths":{{"https://index.docker.io/v1/":{}}}}}"#, auth("hub"));
        assert_eq!(who(&hub, false, "docker.io/library/x"), "hub:pw");
        let url = format!(r#"{{"auths":{{"https://a.b/v2/":{}}}}}"#, auth("url"));
        assert_eq!(who(&url, false, "a.b/x"), "url:pw");
        let legacy = format!(r#"{{"https://a.b/v1/":{}}}"#, auth("old"));
        assert_eq!(who(&legacy, true, "a.b/x"), "old:pw");
        let space = format!(r#"{{"auths":{{"a.b/other":{}}}}}"#, auth("other"));
        assert_eq!(who(&space, false, "a.b/x"), "nobody");
    }

    #[test]
    fn helpers_are_named() {
        let text = r#"{"auths":{"a.b":{}},"credHelpers":{"c.d":"gcloud"},"credsStore":"pass"}"#;
        assert_eq!(who(text, false, "c.d/x"), "gcloud c.d");
        assert_eq!(who(text, false, "a.b/x"), "pass a.b");
        assert_eq!(who(text, false, "docker.io/library/x"), "pass https://index.docker.io/v1/");
        assert_eq!(who(r#"{"auths":null}"#, false, "a.b/x"), "nobody");
        assert_eq!(who("", false, "a.b/x"), "nobody");
    }

    #[test]
    fn broken_files_are_named() {
        let path = Path::new("/x/auth.json");
        assert!(AuthFile::parse("{", false, path).unwrap_err().to_string().contains("/x/auth.json"));
        for bad in ["!!!", "bm9jb2xvbg=="] {
            let file = AuthFile::parse(&format!(r#"{{"auths":{{"a.b":{{"auth":"{bad}"}}}}}}"#), false, path).unwrap();
            let error = file.look_up("a.b/c", path).unwrap_err().to_string();
            assert!(error.contains("a.b") && error.contains("/x/auth.json"), "{error}");
        }
    }
}
