//! auth.json(5) and Docker's config.json: credentials of a registry or a namespace in it.
//!
//! [`AuthFile::parse`] and its look-up are pure; [`Keyring::find`] opens the files in Podman's order and asks credential
//! helpers (`docker-credential-NAME get`). `edit` changes one file, or tells a helper.

mod credential_helper;
mod edit;
mod file;

pub use edit::Target;
pub use file::{AuthFile, Found};

use crate::Environment;
use std::io;
use std::path::{Path, PathBuf};

/// What proves who one is.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Name and password.
    Basic {
        /// Name.
        username: String,
        /// Password or access token.
        password: String,
    },
    /// An OAuth2 refresh token, exchanged at the token server.
    IdentityToken(String),
}

/// Secrets stay out of logs.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Credentials::Basic { username, .. } => write!(f, "Basic({username}:…)"),
            Credentials::IdentityToken(_) => f.write_str("IdentityToken(…)"),
        }
    }
}

/// Why credentials can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that was named isn't there, or a file can't be read.
    #[error("read credentials from `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not the JSON it must be.
    #[error("parse credentials in `{path}`")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where in it.
        #[source]
        source: serde_json::Error,
    },
    /// An `auth` that isn't base64 of `name:password`.
    #[error("`{path}`: the `auth` of `{key}` is not base64 of `name:password`")]
    Encoding {
        /// Which.
        path: PathBuf,
        /// Which entry.
        key: String,
    },
    /// See [`Environment::runtime_dir`].
    #[error(transparent)]
    NoRuntimeDir(#[from] crate::NoRuntimeDir),
    /// A file can't be replaced.
    #[error("write credentials to `{path}`")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Helpers and Docker know registries, not what is below them.
    #[error("{place} keeps credentials of whole registries only, not of `{key}`: log in to the registry")]
    Namespaced {
        /// A helper, or Docker's file.
        place: String,
        /// Too long a key.
        key: String,
    },
    /// `docker-credential-NAME` is missing or failed.
    #[error("credential helper `docker-credential-{name}` (named in `{path}`) for `{registry}`: {why}")]
    Helper {
        /// Its name.
        name: String,
        /// Which file names it.
        path: PathBuf,
        /// For which registry.
        registry: String,
        /// Its words, or why it didn't start.
        why: String,
    },
}

/// Where credentials are looked for and kept.
#[derive(Debug, Clone)]
pub struct Keyring<'a> {
    /// Whose files.
    pub environment: &'a Environment,
    /// `--authfile`; it or `REGISTRY_AUTH_FILE` is then the only file.
    pub authfile: Option<&'a Path>,
    /// registries.conf's `credential-helpers`; `containers-auth.json` stands for the files, as does an empty list.
    pub helpers: &'a [String],
}

/// Stands for the files in a list of helpers.
const FILES: &str = "containers-auth.json";

impl Keyring<'_> {
    /// Credentials for `registry/repository`: the most specific entry of the first place that has one.
    pub fn find(&self, repository: &str) -> Result<Option<Credentials>, Error> {
        let registry = repository.split('/').next().unwrap_or_default();
        for helper in self.helpers() {
            let found = match helper {
                FILES => self.find_in_files(repository)?,
                helper => credential_helper::get(helper, registry, Path::new("registries.conf"))?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Fails if a file is named that isn't there: whoever names one wants it used.
    pub fn require_file(&self) -> Result<(), Error> {
        let Some(path) = self.authfile.or(self.environment.registry_auth_file.as_deref()) else { return Ok(()) };
        std::fs::metadata(path).map(drop).map_err(|source| Error::Read { path: path.to_owned(), source })
    }

    fn helpers(&self) -> impl Iterator<Item = &str> {
        let files = self.helpers.is_empty().then_some(FILES);
        self.helpers.iter().map(String::as_str).chain(files)
    }

    fn find_in_files(&self, repository: &str) -> Result<Option<Credentials>, Error> {
        let named = self.authfile.or(self.environment.registry_auth_file.as_deref());
        let places = named.map_or_else(|| usual_places(self.environment), |path| vec![Place::new(path, false)]);
        for place in places {
            let text = match std::fs::read_to_string(&place.path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(Error::Read { path: place.path, source }),
                Ok(text) => text,
            };
            let file = AuthFile::parse(&text, place.legacy, &place.path)?;
            match file.look_up(repository, &place.path)? {
                None => {}
                Some(Found::Credentials(credentials)) => return Ok(Some(credentials)),
                Some(Found::Helper { name, server }) => {
                    if let Some(credentials) = credential_helper::get(&name, &server, &place.path)? {
                        return Ok(Some(credentials));
                    }
                }
            }
        }
        Ok(None)
    }
}

struct Place {
    path: PathBuf,
    /// `.dockercfg`: the `auths` object is the whole file.
    legacy: bool,
}

impl Place {
    fn new(path: impl Into<PathBuf>, legacy: bool) -> Place {
        Place { path: path.into(), legacy }
    }
}

fn usual_places(environment: &Environment) -> Vec<Place> {
    // Whose folder is another's has nothing in it that is believed.
    let mut places: Vec<_> = runtime_file(environment).map(|file| Place::new(file, false)).into_iter().collect();
    if let Some(home) = environment.config_home() {
        places.push(Place::new(home.join("containers/auth.json"), false));
    }
    match (&environment.docker_config, &environment.home) {
        (Some(folder), _) => places.push(Place::new(folder.join("config.json"), false)),
        (None, Some(home)) => places.push(Place::new(home.join(".docker/config.json"), false)),
        (None, None) => {}
    }
    if let Some(home) = &environment.home {
        places.push(Place::new(home.join(".dockercfg"), true));
    }
    places
}

/// Where `login` writes: gone after a reboot.
fn runtime_file(environment: &Environment) -> Result<PathBuf, crate::NoRuntimeDir> {
    let folder = match (&environment.xdg_runtime_dir, environment.user) {
        (None, None) => environment.system_root.join("run/containers/0"),
        _ => environment.runtime_dir()?.join("containers"),
    };
    Ok(folder.join("auth.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, user: &str) {
        use base64::Engine as _;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:p"));
        std::fs::write(path, format!(r#"{{"auths":{{"a.b":{{"auth":"{auth}"}}}}}}"#)).unwrap();
    }

    fn keyring<'a>(environment: &'a Environment, authfile: Option<&'a Path>) -> Keyring<'a> {
        Keyring { environment, authfile, helpers: &[] }
    }

    fn user(environment: &Environment, authfile: Option<&Path>) -> Option<String> {
        match keyring(environment, authfile).find("a.b/c").unwrap()? {
            Credentials::Basic { username, .. } => Some(username),
            Credentials::IdentityToken(_) => None,
        }
    }

    #[test]
    fn files_are_searched_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let mut environment =
            Environment { system_root: root.into(), home: Some(root.join("home")), ..Environment::default() };
        assert_eq!(user(&environment, None), None);
        write(root.join("home/.docker/config.json"), "docker");
        assert_eq!(user(&environment, None).as_deref(), Some("docker"));
        write(root.join("home/.config/containers/auth.json"), "config");
        assert_eq!(user(&environment, None).as_deref(), Some("config"));
        write(root.join("run/containers/0/auth.json"), "run");
        assert_eq!(user(&environment, None).as_deref(), Some("run"));
        write(root.join("named.json"), "named");
        environment.registry_auth_file = Some(root.join("named.json"));
        assert_eq!(user(&environment, None).as_deref(), Some("named"));
        write(root.join("flag.json"), "flag");
        assert_eq!(user(&environment, Some(&root.join("flag.json"))).as_deref(), Some("flag"));
        assert!(keyring(&environment, Some(&root.join("none.json"))).require_file().is_err());
    }
}
