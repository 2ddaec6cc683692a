//! storage.conf(5): where the store is.
//!
//! [`StorageConf::parse`] is pure and takes one file's text; [`load`] opens the one that applies to this user.

use crate::{
    Environment,
    containers::{Lay, List, Mismatch},
};
use std::{
    io,
    path::{Path, PathBuf},
};
use toml::Value;

pub use crate::containers::Error;

/// The file that applies; what it doesn't say is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StorageConf {
    /// `overlay` or empty: ours. Another driver of containers/storage is not offered.
    pub driver: String,
    /// Persistent folder, variables expanded.
    pub graphroot: String,
    /// Folder gone after a boot, variables expanded.
    pub runroot: String,
    /// graphroot of ordinary users, in the system's file; variables expanded.
    pub rootless_storage_path: String,
    /// Read-only image stores.
    pub additional_image_stores: Vec<PathBuf>,
    /// `enable_partial_images` of `pull_options`; empty: "true".
    pub enable_partial_images: String,
    /// Options of the overlay mount, with commas.
    pub mountopt: String,
    /// FUSE program for overlay; empty: the kernel's.
    pub mount_program: String,
    /// Name in /etc/subuid whose ranges `--userns=auto` takes as root; empty: `containers`.
    pub root_auto_userns_user: String,
    /// Ids of `--userns=auto` at least; 0: 1024.
    pub auto_userns_min_size: u32,
    /// And at most; 0: 65536.
    pub auto_userns_max_size: u32,
    /// Files read, in order.
    pub files: Vec<PathBuf>,
    /// What was not understood, one line each; to be shown by the caller.
    pub warnings: Vec<String>,
}

/// Reads the file that applies: `CONTAINERS_STORAGE_CONF`; else the user's; else the system's, of which a user takes
/// only `rootless_storage_path`, options and driver.
pub fn load(environment: &Environment) -> Result<StorageConf, Error> {
    if let Some(only) = &environment.containers_storage_conf {
        return read(only, environment);
    }
    let system = first_of(&system_files(environment), environment)?;
    if environment.user.is_none() {
        return Ok(system);
    }
    let own = environment.config_home().map(|home| home.join("containers/storage.conf"));
    let mut user = first_of(own.as_slice(), environment)?;
    if user.files.is_empty() {
        user = StorageConf { graphroot: String::new(), runroot: String::new(), ..system };
    } else {
        user.rootless_storage_path = system.rootless_storage_path;
        user.warnings.splice(0..0, system.warnings);
        user.files.splice(0..0, system.files);
    }
    Ok(user)
}

fn system_files(environment: &Environment) -> [PathBuf; 2] {
    let root = &environment.system_root;
    [root.join("etc/containers/storage.conf"), root.join("usr/share/containers/storage.conf")]
}

/// The first that exists; empty when none does.
fn first_of(files: &[PathBuf], environment: &Environment) -> Result<StorageConf, Error> {
    for file in files {
        match read(file, environment) {
            Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    Ok(StorageConf::default())
}

fn read(path: &Path, environment: &Environment) -> Result<StorageConf, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?;
    StorageConf::parse(&text, path, environment)
}

impl StorageConf {
    /// Parses one file. Pure.
    pub fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Self, Error> {
        let root: toml::Table =
            toml::from_str(text).map_err(|e| Error::Syntax { path: path.into(), source: Box::new(e) })?;
        let mut conf = Self { files: vec![path.into()], ..Self::default() };
        for (key, value) in root {
            match (key.as_str(), value) {
                ("storage", Value::Table(table)) => conf.lay_table(table, "storage", path)?,
                (key, _) => conf.warn(path, key),
            }
        }
        for folder in [&mut conf.graphroot, &mut conf.runroot, &mut conf.rootless_storage_path] {
            *folder = expand(folder, environment)?;
        }
        Ok(conf)
    }

    fn warn(&mut self, path: &Path, key: &str) {
        self.warnings.push(format!("{}: unknown key `{key}`", path.display()));
    }

    fn lay_table(&mut self, table: toml::Table, name: &str, path: &Path) -> Result<(), Error> {
        for (key, value) in table {
            let full = format!("{name}.{key}");
            match (full.as_str(), value) {
                ("storage.options" | "storage.options.overlay", Value::Table(table)) => {
                    self.lay_table(table, &full, path)?
                }
                ("storage.options.pull_options", Value::Table(table)) => self.lay_pull_options(table, path)?,
                // Of other drivers, which are not ours.
                (
                    "storage.options.vfs"
                    | "storage.options.btrfs"
                    | "storage.options.zfs"
                    | "storage.options.thinpool"
                    | "storage.options.aufs",
                    _,
                ) => {}
                (full_key, value) => match self.lay(full_key, value) {
                    None => self.warn(path, full_key),
                    Some(Err((wanted, found))) => {
                        return Err(Error::Type { path: path.into(), key: full, wanted, found });
                    }
                    Some(Ok(())) => {}
                },
            }
        }
        Ok(())
    }

    /// Layers are never stored in another form than their own (`convert_images`), without hard links between them
    /// (`use_hard_links`), and always verified (`insecure_allow_unpredictable_image_contents`): that needs no option.
    fn lay_pull_options(&mut self, table: toml::Table, path: &Path) -> Result<(), Error> {
        for (key, value) in table {
            if key == "enable_partial_images" {
                lay_text(&mut self.enable_partial_images, value).map_err(|(wanted, found)| Error::Type {
                    path: path.into(),
                    key: format!("storage.options.pull_options.{key}"),
                    wanted,
                    found,
                })?;
            }
        }
        Ok(())
    }

    /// Whether layers may be fetched in parts.
    pub fn partial_images(&self) -> bool {
        !self.enable_partial_images.eq_ignore_ascii_case("false")
    }

    /// `None`: no such key.
    fn lay(&mut self, key: &str, value: Value) -> Option<Result<(), Mismatch>> {
        let last = key.rsplit('.').next().unwrap_or_default();
        let in_options = key.starts_with("storage.options.");
        Some(match (last, in_options) {
            ("driver", false) => lay_text(&mut self.driver, value),
            ("graphroot", false) => lay_text(&mut self.graphroot, value),
            ("runroot", false) => lay_text(&mut self.runroot, value),
            ("rootless_storage_path", false) => lay_text(&mut self.rootless_storage_path, value),
            ("mountopt", true) => lay_text(&mut self.mountopt, value),
            ("mount_program", true) => lay_text(&mut self.mount_program, value),
            ("root-auto-userns-user", true) => lay_text(&mut self.root_auto_userns_user, value),
            ("auto-userns-min-size", true) => lay_number(&mut self.auto_userns_min_size, value),
            ("auto-userns-max-size", true) => lay_number(&mut self.auto_userns_max_size, value),
            ("additionalimagestores", true) => {
                let mut list = List::default();
                let result = list.lay(value);
                self.additional_image_stores = list.values.into_iter().map(PathBuf::from).collect();
                result
            }
            // They tune what this store doesn't have: a shared image store, quotas, other layouts.
            (
                "imagestore"
                | "driver_priority"
                | "transient_store"
                | "remap-uids"
                | "remap-gids"
                | "remap-user"
                | "remap-group"
                | "ignore_chown_errors"
                | "force_mask"
                | "skip_mount_home"
                | "size"
                | "inodes"
                | "use_composefs"
                | "disable-volatile"
                | "additionallayerstores"
                | "sync",
                _,
            ) => Ok(()),
            _ => return None,
        })
    }

    /// graphroot, with the default for that user; `None`: a user without home.
    pub fn graphroot(&self, environment: &Environment) -> Option<PathBuf> {
        match (self.graphroot.as_str(), self.rootless_storage_path.as_str(), environment.user) {
            ("", "", Some(_)) => Some(environment.data_home()?.join("containers/storage")),
            ("", path, Some(_)) => Some(path.into()),
            ("", _, None) => Some("/var/lib/containers/storage".into()),
            (path, ..) => Some(path.into()),
        }
    }

    /// runroot, with the default for that user.
    ///
    /// # Errors
    /// See [`Environment::runtime_dir`].
    pub fn runroot(&self, environment: &Environment) -> Result<PathBuf, Error> {
        Ok(match (self.runroot.as_str(), environment.user) {
            ("", Some(_)) => environment.runtime_dir()?.join("containers"),
            ("", None) => "/run/containers/storage".into(),
            (path, _) => path.into(),
        })
    }
}

fn lay_text(field: &mut String, value: Value) -> Result<(), Mismatch> {
    let mut text = None::<String>;
    text.lay(value)?;
    *field = text.unwrap_or_default();
    Ok(())
}

/// A number, or a number as text, as containers/storage has it.
fn lay_number(field: &mut u32, value: Value) -> Result<(), Mismatch> {
    let number = match &value {
        Value::String(text) => text.parse().ok(),
        other => other.as_integer().and_then(|number| u32::try_from(number).ok()),
    };
    *field = number.ok_or_else(|| ("a number from 0 on", format!("`{value}`")))?;
    Ok(())
}

/// `$HOME`, `$UID`, `$USER` and the `XDG` folders, also in braces; others stay as they are.
fn expand(text: &str, environment: &Environment) -> Result<String, Error> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, tail, braces) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, tail)) => (name, tail, true),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], &after[end..], false)
            }
        };
        match variable(name, environment)? {
            Some(value) => expanded.push_str(&value),
            None if braces => expanded.extend(["${", name, "}"]),
            None => expanded.extend(["$", name]),
        }
        rest = tail;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn variable(name: &str, environment: &Environment) -> Result<Option<String>, Error> {
    let text = |path: Option<&PathBuf>| path.map(|path| path.to_string_lossy().into_owned());
    Ok(match name {
        "UID" => Some(environment.user.unwrap_or(0).to_string()),
        "HOME" => text(environment.home.as_ref()),
        "XDG_RUNTIME_DIR" => text(Some(&environment.runtime_dir()?)),
        "XDG_DATA_HOME" => text(environment.data_home().as_ref()),
        "XDG_CONFIG_HOME" => text(environment.config_home().as_ref()),
        "USER" => std::env::var("USER").ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> Environment {
        Environment {
            user: Some(1000),
            home: Some("/home/me".into()),
            system_root: "/nowhere".into(),
            ..Environment::default()
        }
    }

    fn root() -> Environment {
        Environment { user: None, ..user() }
    }

    fn parse(text: &str) -> Result<StorageConf, String> {
        StorageConf::parse(text, Path::new("/x/storage.conf"), &user()).map_err(|e| e.to_string())
    }

    #[test]
    fn places_without_configuration() {
        let conf = load(&root()).unwrap();
        assert_eq!(conf.graphroot(&root()).unwrap(), Path::new("/var/lib/containers/storage"));
        assert_eq!(conf.runroot(&root()).unwrap(), Path::new("/run/containers/storage"));
        assert_eq!(conf.graphroot(&user()).unwrap(), Path::new("/home/me/.local/share/containers/storage"));
        let mut with_run = user();
        with_run.xdg_runtime_dir = Some("/run/user/1000".into());
        assert_eq!(conf.runroot(&with_run).unwrap(), Path::new("/run/user/1000/containers"));
    }

    #[test]
    fn variables_are_expanded() {
        let conf = parse("[storage]\ngraphroot = \"$HOME/c/${UID}$X\"\nrunroot = \"/r/$UID/s\"").unwrap();
        assert_eq!((conf.graphroot.as_str(), conf.runroot.as_str()), ("/home/me/c/1000$X", "/r/1000/s"));
    }

    #[test]
    fn options() {
        let conf = parse(
            "[storage]\ndriver = \"overlay\"\n[storage.options]\nadditionalimagestores = [\"/a\"]\nauto-userns-min-size = 5\n\
             [storage.options.overlay]\nmountopt = \"nodev\"\n[storage.options.vfs]\nx = 1\n",
        )
        .unwrap();
        assert_eq!((conf.additional_image_stores, conf.mountopt.as_str()), (vec!["/a".into()], "nodev"));
        assert_eq!((conf.auto_userns_min_size, conf.warnings.len()), (5, 0));
    }

    #[test]
    fn unknown_keys_warn_and_wrong_types_fail() {
        assert_eq!(parse("[storage]\nfoo = 1").unwrap().warnings, ["/x/storage.conf: unknown key `storage.foo`"]);
        let error = parse("[storage]\ngraphroot = 1").unwrap_err();
        assert!(error.contains("/x/storage.conf") && error.contains("storage.graphroot"), "{error}");
        assert!(parse("[storage").is_err());
    }

    #[test]
    fn a_user_takes_only_its_part_of_the_systems_file() {
        let folder = std::env::temp_dir().join(format!("storage-conf-{}", std::process::id()));
        let etc = folder.join("etc/containers");
        std::fs::create_dir_all(&etc).unwrap();
        std::fs::write(
            etc.join("storage.conf"),
            "[storage]\ngraphroot = \"/sys-g\"\nrunroot = \"/sys-r\"\nrootless_storage_path = \"$HOME/s\"",
        )
        .unwrap();
        let environment = Environment { system_root: folder.clone(), ..user() };
        let conf = load(&environment).unwrap();
        assert_eq!(conf.graphroot(&environment).unwrap(), Path::new("/home/me/s"));
        assert_eq!(load(&Environment { user: None, ..environment }).unwrap().graphroot, "/sys-g");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
