//! Changing what is known: `login` stores, `logout` erases, in one file or with the helper it names.
//!
//! The file is replaced whole, under a lock on its folder, and readable by its owner alone. What else is in it (Docker
//! keeps its own settings there) stays as it is.

use super::{Error, FILES, Keyring, credential_helper, runtime_file};
use base64::Engine as _;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Which file is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// auth.json(5), where a key may be a repository; `None`: the one that is gone after a reboot.
    Containers(Option<PathBuf>),
    /// Docker's config.json, where keys are registries.
    Docker(PathBuf),
}

/// Docker's key for Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

impl Keyring<'_> {
    /// The file that `login` changes unless a flag names one.
    fn own_file(&self) -> Result<PathBuf, Error> {
        let environment = self.environment;
        let docker = environment.docker_config.as_ref().map(|folder| folder.join("config.json"));
        let named = self.authfile.map(Path::to_owned).or_else(|| environment.registry_auth_file.clone()).or(docker);
        named.map_or_else(|| Ok(runtime_file(environment)?), Ok)
    }

    /// Keeps a name and a password for `registry[/namespace[/repository]]`; returns where.
    pub fn store(&self, target: &Target, key: &str, user: &str, password: &str) -> Result<String, Error> {
        let (path, key) = self.place(target, key)?;
        let mut last = None;
        for helper in self.helpers_of(target) {
            let stored = match helper {
                FILES => store_in_file(&path, key, user, password),
                helper => store_with(helper, Path::new("registries.conf"), key, (user, password)),
            };
            match stored {
                Ok(place) => return Ok(place),
                Err(error) => last = Some(error),
            }
        }
        last.map_or_else(|| Ok(String::new()), Err)
    }

    /// Forgets what was kept for exactly this key; false if there was nothing.
    pub fn erase(&self, target: &Target, key: &str) -> Result<bool, Error> {
        let (path, key) = self.place(target, key)?;
        let mut found = false;
        for helper in self.helpers_of(target) {
            found |= match helper {
                FILES => erase_in_file(&path, key)?,
                _ if key.contains('/') => false,
                helper => credential_helper::erase(helper, key, Path::new("registries.conf"))?,
            };
        }
        Ok(found)
    }

    /// Forgets everything.
    pub fn erase_all(&self, target: &Target) -> Result<(), Error> {
        let (path, _) = self.place(target, "")?;
        for helper in self.helpers_of(target) {
            match helper {
                FILES => erase_all_in_file(&path)?,
                helper => erase_all_with(helper, Path::new("registries.conf"))?,
            }
        }
        Ok(())
    }

    fn place<'k>(&self, target: &Target, key: &'k str) -> Result<(PathBuf, &'k str), Error> {
        match target {
            Target::Containers(Some(path)) => Ok((path.clone(), key)),
            Target::Containers(None) => Ok((self.own_file()?, key)),
            Target::Docker(path) if key == "docker.io" => Ok((path.clone(), DOCKER_HUB)),
            Target::Docker(path) if key.contains('/') => {
                Err(Error::Namespaced { place: format!("Docker's file `{}`", path.display()), key: key.to_owned() })
            }
            Target::Docker(path) => Ok((path.clone(), key)),
        }
    }

    /// Docker knows nothing of registries.conf.
    fn helpers_of(&self, target: &Target) -> Vec<&str> {
        match target {
            Target::Docker(_) => vec![FILES],
            Target::Containers(_) => self.helpers().collect(),
        }
    }
}

fn store_with(helper: &str, file: &Path, key: &str, who: (&str, &str)) -> Result<String, Error> {
    let place = format!("credential helper `docker-credential-{helper}`");
    if key.contains('/') && key != DOCKER_HUB {
        return Err(Error::Namespaced { place, key: key.to_owned() });
    }
    credential_helper::store(helper, key, who, file).map(|()| place)
}

fn store_in_file(path: &Path, key: &str, user: &str, password: &str) -> Result<String, Error> {
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let helper = change(path, |file| match helper_of(file, key) {
        Some(helper) => (false, Some(helper)),
        None => {
            let auths = object(file, "auths");
            auths.insert(key.to_owned(), json!({ "auth": auth }));
            auths.sort_keys();
            (true, None)
        }
    })?;
    match helper {
        Some(helper) => store_with(&helper, path, key, (user, password)),
        None => Ok(path.display().to_string()),
    }
}

fn erase_in_file(path: &Path, key: &str) -> Result<bool, Error> {
    if !path.exists() {
        return Ok(false);
    }
    let (found, helper) = change(path, |file| {
        let found = file.contains_key("auths") && object(file, "auths").remove(key).is_some();
        (found, (found, helper_of(file, key)))
    })?;
    let erased = helper.map(|helper| credential_helper::erase(&helper, key, path)).transpose()?;
    Ok(found || erased == Some(true))
}

fn erase_all_in_file(path: &Path) -> Result<(), Error> {
    if !path.exists() {
        return Ok(());
    }
    let helpers = change(path, |file| {
        let helpers: Vec<(String, String)> = match file.get("credHelpers") {
            Some(Value::Object(all)) => {
                all.iter().filter_map(|(key, name)| Some((key.clone(), name.as_str()?.to_owned()))).collect()
            }
            _ => Vec::new(),
        };
        object(file, "auths").clear();
        file.remove("credHelpers");
        (true, helpers)
    })?;
    for (key, helper) in helpers {
        credential_helper::erase(&helper, &key, path)?;
    }
    Ok(())
}

fn erase_all_with(helper: &str, file: &Path) -> Result<(), Error> {
    for server in credential_helper::list(helper, file)? {
        credential_helper::erase(helper, &server, file)?;
    }
    Ok(())
}

fn helper_of(file: &Map<String, Value>, key: &str) -> Option<String> {
    let name = file.get("credHelpers")?.get(key)?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// A member that is an object, made so if it isn't.
fn object<'f>(file: &'f mut Map<String, Value>, name: &str) -> &'f mut Map<String, Value> {
    let value = file.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(members) => members,
        _ => unreachable!("it was made an object"),
    }
}

/// Reads the file (none is an empty one), lets `edit` change it, and replaces it if that says so.
fn change<T>(path: &Path, edit: impl FnOnce(&mut Map<String, Value>) -> (bool, T)) -> Result<T, Error> {
    let failed = |source: io::Error| Error::Write { path: path.to_owned(), source };
    // A link stays a link.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder).map_err(failed)?;
    let _lock = lock(folder, PATIENCE).map_err(failed)?;
    let mut file = read(&path)?;
    let (changed, result) = edit(&mut file);
    if changed {
        replace(&path, folder, &file).map_err(failed)?;
    }
    Ok(result)
}

/// Others change a file in an instant.
const PATIENCE: Duration = Duration::from_secs(10);

/// Not for ever: whoever can read the folder can hold its lock.
fn lock(folder: &Path, patience: Duration) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let lock = rustix::fs::open(folder, flags, Mode::empty())?;
    let deadline = Instant::now() + patience;
    loop {
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(lock),
            Err(Errno::AGAIN) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            Err(Errno::AGAIN) => {
                let what = format!("another process holds a lock on `{}`", folder.display());
                return Err(io::Error::new(io::ErrorKind::TimedOut, what));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn read(path: &Path) -> Result<Map<String, Value>, Error> {
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(source) => return Err(Error::Read { path: path.into(), source }),
        Ok(text) => text,
    };
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(&text).map_err(|source| Error::Syntax { path: path.into(), source })
}

/// With tabs, as Go writes it.
fn replace(path: &Path, folder: &Path, file: &Map<String, Value>) -> io::Result<()> {
    use serde::Serialize;
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    file.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
    let beside = folder.join(format!(".{}.{}", name_of(path), std::process::id()));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    // The lock is ours: one of that name is what a process of the same number left when it was killed.
    let _ = std::fs::remove_file(&beside);
    let mut out = std::fs::File::from(rustix::fs::openat(CWD, &beside, flags, Mode::from_raw_mode(0o600))?);
    let written = out.write_all(&bytes).and_then(|()| out.sync_all()).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Environment;
    use std::os::unix::fs::PermissionsExt;

    fn with_file(text: &str, test: impl FnOnce(&Keyring<'_>, &Path)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/auth.json");
        if !text.is_empty() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let environment = Environment::default();
        test(&Keyring { environment: &environment, authfile: Some(&path), helpers: &[] }, &path);
    }

    fn target() -> Target {
        Target::Containers(None)
    }

    #[test]
    fn a_lock_that_is_held_is_not_waited_for_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path(), Duration::ZERO).unwrap();
        let error = lock(dir.path(), Duration::from_millis(20)).unwrap_err();
        assert!(error.to_string().contains("another process holds a lock"), "{error}");
        drop(held);
        lock(dir.path(), Duration::ZERO).unwrap();
    }

    #[test]
    fn what_is_stored_is_found_and_erased() {
        with_file("", |keyring, path| {
            keyring.store(&target(), "a.b/c", "me", "x").unwrap();
            keyring.store(&target(), "a.b", "you", "y").unwrap();
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            let text = std::fs::read_to_string(path).unwrap();
            assert!(
                text.starts_with("{\n\t\"auths\": {\n\t\t\"a.b\": {\n\t\t\t\"auth\": \"eW91Onk=\"\n\t\t},"),
                "{text}"
            );
            assert!(format!("{:?}", keyring.find("a.b/c/d").unwrap()).contains("me"));
            assert!(keyring.erase(&target(), "a.b/c").unwrap());
            assert!(!keyring.erase(&target(), "a.b/c").unwrap());
            assert!(format!("{:?}", keyring.find("a.b/c/d").unwrap()).contains("you"));
            keyring.erase_all(&target()).unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap(), "{\n\t\"auths\": {}\n}");
            assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        });
    }

    #[test]
    fn other_settings_stay() {
        with_file(r#"{"HttpHeaders":{"X":"y"},"auths":null}"#, |keyring, path| {
            keyring.store(&target(), "a.b", "me", "x").unwrap();
            assert!(std::fs::read_to_string(path).unwrap().contains("HttpHeaders"));
        });
        with_file("{", |keyring, path| {
            assert!(keyring.store(&target(), "a.b", "me", "x").is_err());
            assert_eq!(std::fs::read_to_string(path).unwrap(), "{");
        });
    }

    #[test]
    fn docker_keeps_registries_only() {
        with_file("", |keyring, path| {
            let docker = Target::Docker(path.into());
            assert!(keyring.store(&docker, "a.b/c", "me", "x").unwrap_err().to_string().contains("a.b/c"));
            keyring.store(&docker, "docker.io", "me", "x").unwrap();
            assert!(std::fs::read_to_string(path).unwrap().contains("https://index.docker.io/v1/"));
            assert!(keyring.find("docker.io/library/a").unwrap().is_some());
        });
    }
}
