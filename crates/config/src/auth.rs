//! auth.json(5) and Docker's config.json: credentials of a registry or a namespace in it.
//!
//! [`AuthFile::parse`] and its look-up are pure; [`find`] opens the files in Podman's order and asks credential helpers
//! (`docker-credential-NAME get`). Nothing here writes.

mod credential_helper;
mod file;

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

/// Credentials for `registry/repository`: the most specific entry of the first file that has one.
///
/// `authfile` is `--authfile`; it or `REGISTRY_AUTH_FILE` is then the only file and must exist.
pub fn find(
    environment: &Environment,
    authfile: Option<&Path>,
    repository: &str,
) -> Result<Option<Credentials>, Error> {
    let named = authfile.or(environment.registry_auth_file.as_deref());
    let places = named.map_or_else(|| usual_places(environment), |path| vec![Place::new(path, false)]);
    for place in places {
        let text = match std::fs::read_to_string(&place.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && named.is_none() => continue,
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
    let mut places = vec![Place::new(runtime_file(environment), false)];
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
fn runtime_file(environment: &Environment) -> PathBuf {
    let uid = environment.user.unwrap_or(0);
    let folder = match &environment.xdg_runtime_dir {
        Some(folder) => folder.join("containers"),
        None => environment.system_root.join(format!("run/containers/{uid}")),
    };
    folder.join("auth.json")
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

    fn user(environment: &Environment, authfile: Option<&Path>) -> Option<String> {
        match find(environment, authfile, "a.b/c").unwrap()? {
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
        assert!(find(&environment, Some(&root.join("none.json")), "a.b/c").is_err());
    }
}
