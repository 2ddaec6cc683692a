//! policy.json, containers-policy.json(5): from where images are accepted, and with which signatures.
//!
//! [`Policy::parse`] is pure and as strict as the man page says: what it doesn't know, what stands there twice and what
//! says too little makes the whole file invalid. Whether an image satisfies a requirement is the image crate's to say.

mod identity;
mod parse;
mod requirement;
mod scope;

pub use identity::SignedIdentity;
pub use requirement::{KeySource, Requirement, SigstoreSigned, SigstoreTrust, Subject};

use crate::Environment;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The largest policy file that is read, in bytes.
const MAX_FILE: u64 = 4 << 20;

/// Requirements by transport and scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Where nothing more specific applies.
    pub default: Vec<Requirement>,
    /// Transport → scope (empty: the transport's default) → requirements, all of which have to be met.
    pub transports: BTreeMap<String, BTreeMap<String, Vec<Requirement>>>,
}

/// Why there is no usable policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file can't be read.
    #[error("read policy `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file isn't a policy.
    #[error("invalid policy in `{path}`: {why}")]
    Invalid {
        /// Which.
        path: PathBuf,
        /// The key and what is wrong with it.
        why: String,
    },
}

impl Policy {
    /// Every image from everywhere.
    pub fn accept_anything() -> Policy {
        Policy { default: vec![Requirement::InsecureAcceptAnything], transports: BTreeMap::new() }
    }

    /// One file's text; the error names the key.
    pub fn parse(text: &str) -> Result<Policy, String> {
        parse::parse(text)
    }

    /// What an image of `transport` has to meet. `scopes` are the image's, the most specific first.
    pub fn requirements(&self, transport: &str, scopes: &[String]) -> &[Requirement] {
        scope::requirements(self, transport, scopes)
    }
}

/// Which file counts: the named one, else the user's own, else the system's, if there is one.
pub fn path(environment: &Environment, named: Option<&Path>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let user = environment.config_home().map(|home| home.join("containers/policy.json"));
    let system = system_path(environment);
    user.into_iter().chain([system]).find(|path| path.exists())
}

/// `/etc/containers/policy.json`.
pub fn system_path(environment: &Environment) -> PathBuf {
    environment.system_root.join("etc/containers/policy.json")
}

/// Reads the file that counts. A machine on which nobody wrote a policy accepts what its users ask for.
pub fn load(environment: &Environment, named: Option<&Path>) -> Result<Policy, Error> {
    let Some(path) = path(environment, named) else { return Ok(Policy::accept_anything()) };
    let text = read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    Policy::parse(&text).map_err(|why| Error::Invalid { path, why })
}

fn read(path: &Path) -> io::Result<String> {
    use io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::other(format!("it has more than {MAX_FILE} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_file_comes_before_the_systems() {
        let dir = tempfile::tempdir().unwrap();
        let environment = Environment {
            home: Some(dir.path().join("home")),
            system_root: dir.path().into(),
            ..Environment::default()
        };
        assert_eq!(load(&environment, None).unwrap(), Policy::accept_anything());
        let write = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(system_path(&environment), r#"{"default":[{"type":"reject"}]}"#);
        assert_eq!(load(&environment, None).unwrap().default, [Requirement::Reject]);
        write(dir.path().join("home/.config/containers/policy.json"), "{}");
        let error = load(&environment, None).unwrap_err().to_string();
        assert!(error.contains("home/.config/containers/policy.json") && error.contains("default"), "{error}");
        let named = system_path(&environment);
        assert_eq!(load(&environment, Some(&named)).unwrap().default, [Requirement::Reject]);
        assert!(matches!(load(&environment, Some(Path::new("/no/such"))), Err(Error::Read { .. })));
    }
}
