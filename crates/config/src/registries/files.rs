//! Which files, in which order.

use super::{Error, RegistriesConf};
use crate::Environment;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Reads and merges all files that apply; missing ones are fine unless `CONTAINERS_REGISTRIES_CONF` names them.
///
/// A user's own registries.conf takes the place of the system's file and folder; without one, the user's folder comes
/// after them.
pub fn load(environment: &Environment) -> Result<RegistriesConf, Error> {
    let mut conf = RegistriesConf::default();
    let system = environment.system_root.join("etc/containers");
    let user = environment.config_home().map(|home| home.join("containers"));
    let own = user.as_ref().map(|user| user.join("registries.conf")).filter(|own| own.exists());
    let mut folders = Vec::new();
    match (&environment.containers_registries_conf, &own) {
        (Some(only), _) => read(&mut conf, only)?,
        (None, Some(own)) => read(&mut conf, own)?,
        (None, None) => {
            optional(read(&mut conf, &system.join("registries.conf")))?;
        }
    }
    if environment.containers_registries_conf.is_some() || own.is_none() {
        folders.push(system.join("registries.conf.d"));
    }
    folders.extend(user.map(|user| user.join("registries.conf.d")));
    for folder in folders {
        for file in crate::conf_files(&folder).map_err(|source| Error::Read { path: folder.clone(), source })? {
            optional(read(&mut conf, &file))?;
        }
    }
    if let Some(path) = recorded_aliases(environment) {
        optional(read_text(&path).and_then(|text| conf.merge_aliases(&text, &path)))?;
    }
    Ok(conf)
}

/// What the user chose when asked which registry is meant.
fn recorded_aliases(environment: &Environment) -> Option<PathBuf> {
    const NAME: &str = "containers/short-name-aliases.conf";
    if environment.user.is_none() {
        return Some(environment.system_root.join("var/cache").join(NAME));
    }
    let cache = environment.xdg_cache_home.clone().or_else(|| Some(environment.home.as_ref()?.join(".cache")));
    cache.map(|cache| cache.join(NAME))
}

/// Adds a choice of the user to those of former times: `name` (without tag) means `target`, `registry/repository`.
pub fn record_alias(environment: &Environment, name: &str, target: &str) -> Result<(), Error> {
    let Some(path) = recorded_aliases(environment) else { return Ok(()) };
    let failed = |source| Error::Write { path: path.clone(), source };
    // Read, changed and written by one at a time. It ends with the file.
    let _lock = lock(&path).map_err(failed)?;
    let text = match read_text(&path) {
        Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let syntax = |source| Error::Syntax { path: path.clone(), source: Box::new(source) };
    let mut file: toml::Table = text.parse().map_err(syntax)?;
    let aliases = file.entry("aliases").or_insert_with(|| toml::Table::new().into());
    let invalid = || Error::Invalid { path: path.clone(), what: "`aliases` is no table".to_owned() };
    aliases.as_table_mut().ok_or_else(invalid)?.insert(name.to_owned(), target.into());
    write(&path, &file.to_string()).map_err(failed)
}

/// On a file beside: the aliases' own is replaced.
fn lock(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::options().create(true).append(true).open(path.with_extension("conf.lock"))?;
    file.lock()?;
    Ok(file)
}

/// Whole or not at all; the caller holds the lock.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("conf.new");
    let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path));
    written.inspect_err(|_| drop(std::fs::remove_file(&new)))
}

fn read(conf: &mut RegistriesConf, path: &Path) -> Result<(), Error> {
    conf.merge(&read_text(path)?, path)
}

fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })
}

fn optional(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        super::write(&path, text).unwrap();
    }

    #[test]
    fn choices_made_at_once_are_all_kept() {
        let dir = tempfile::tempdir().unwrap();
        let environment = Environment { system_root: dir.path().into(), ..Environment::default() };
        let record = |by: usize| {
            (0..20).for_each(|n| record_alias(&environment, &format!("a{by}x{n}"), "b.c/a").unwrap());
        };
        std::thread::scope(|scope| (0..4).for_each(|by| drop(scope.spawn(move || record(by)))));
        assert_eq!(load(&environment).unwrap().aliases.len(), 80);
        let files = std::fs::read_dir(dir.path().join("var/cache/containers")).unwrap().count();
        assert_eq!(files, 2, "the file and its lock");
    }

    #[test]
    fn what_could_not_be_written_is_not_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("aliases.conf");
        std::fs::create_dir_all(path.join("a folder is in the way")).unwrap();
        assert!(super::write(&path, "x").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn choices_are_added_and_read() {
        let dir = tempfile::tempdir().unwrap();
        let environment = Environment { system_root: dir.path().into(), ..Environment::default() };
        for (name, target) in [("a", "b.c/a"), ("x/y", "localhost:5000/x/y"), ("a", "d.e/a")] {
            record_alias(&environment, name, target).unwrap();
        }
        let conf = load(&environment).unwrap();
        assert_eq!(conf.alias("a"), Some("d.e/a"));
        assert_eq!(conf.alias("x/y"), Some("localhost:5000/x/y"));
        write(dir.path().join("var/cache/containers/short-name-aliases.conf"), "aliases = 1");
        assert!(record_alias(&environment, "a", "b.c/a").is_err());
    }

    fn search(list: &str) -> String {
        format!("unqualified-search-registries=['{list}']")
    }

    #[test]
    fn the_users_file_replaces_the_systems() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let mut environment =
            Environment { system_root: root.into(), home: Some(root.join("home")), ..Environment::default() };
        let conf = load(&environment).unwrap();
        assert!(conf.files.is_empty() && conf.unqualified_search.is_empty());

        write(root.join("etc/containers/registries.conf"), &search("system.x"));
        write(root.join("etc/containers/registries.conf.d/1.conf"), "[aliases]\na='b.c/d'");
        write(root.join("home/.config/containers/registries.conf.d/2.conf"), "[aliases]\ne='f.g/h'");
        let conf = load(&environment).unwrap();
        assert_eq!(conf.unqualified_search, ["system.x"]);
        assert_eq!(conf.aliases.len(), 2);

        write(root.join("home/.config/containers/registries.conf"), &search("user.x"));
        let conf = load(&environment).unwrap();
        assert_eq!(conf.unqualified_search, ["user.x"]);
        assert_eq!(conf.aliases.keys().collect::<Vec<_>>(), ["e"]);

        write(root.join("named.conf"), &search("named.x"));
        environment.containers_registries_conf = Some(root.join("named.conf"));
        assert_eq!(load(&environment).unwrap().unqualified_search, ["named.x"]);
        environment.containers_registries_conf = Some(root.join("missing.conf"));
        assert!(matches!(load(&environment), Err(Error::Read { .. })));
    }
}
