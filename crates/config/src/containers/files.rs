//! Which files, in which order.

use super::{ContainersConf, Error};
use crate::Environment;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Reads and merges all files that apply. `modules` are `--module` arguments.
pub fn load(environment: &Environment, modules: &[String]) -> Result<ContainersConf, Error> {
    let mut conf = ContainersConf::default();
    match &environment.containers_conf {
        Some(only) => read_required(&mut conf, only)?,
        None => {
            for place in places(environment) {
                read_place(&mut conf, &place)?;
            }
        }
    }
    for module in modules {
        read_required(&mut conf, &find_module(environment, module))?;
    }
    if let Some(last) = &environment.containers_conf_override {
        read_required(&mut conf, last)?;
    }
    Ok(conf)
}

/// A file, or a folder whose `*.conf` are read in order of name. Either may be missing.
enum Place {
    File(PathBuf),
    Folder(PathBuf),
}

fn places(environment: &Environment) -> Vec<Place> {
    use Place::{File, Folder};
    let root = &environment.system_root;
    let mut places = vec![
        File(root.join("usr/share/containers/containers.conf")),
        File(root.join("etc/containers/containers.conf")),
        Folder(root.join("etc/containers/containers.conf.d")),
    ];
    if let Some(uid) = environment.user {
        let rootless = root.join("etc/containers/containers.rootless.d");
        places.push(File(root.join("etc/containers/containers.rootless.conf")));
        places.push(Folder(rootless.clone()));
        places.push(Folder(rootless.join(uid.to_string())));
    }
    // Root has a home, too: Podman reads its files like any user's.
    if let Some(home) = environment.config_home() {
        places.push(File(home.join("containers/containers.conf")));
        places.push(Folder(home.join("containers/containers.conf.d")));
    }
    places
}

fn read_place(conf: &mut ContainersConf, place: &Place) -> Result<(), Error> {
    match place {
        Place::File(path) => read_optional(conf, path),
        Place::Folder(path) => {
            for file in crate::conf_files(path).map_err(|source| Error::Read { path: path.clone(), source })? {
                read_optional(conf, &file)?;
            }
            Ok(())
        }
    }
}

fn read_optional(conf: &mut ContainersConf, path: &Path) -> Result<(), Error> {
    match read_required(conf, path) {
        Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn read_required(conf: &mut ContainersConf, path: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?;
    conf.merge(&text, path)?;
    conf.files.push(path.into());
    Ok(())
}

/// An absolute path as it is; else the first that exists in the user's, /etc's and /usr/share's module folders.
fn find_module(environment: &Environment, module: &str) -> PathBuf {
    let root = &environment.system_root;
    let user = environment.config_home().filter(|_| environment.user.is_some());
    let folders = user
        .into_iter()
        .map(|home| home.join("containers"))
        .chain([root.join("etc/containers"), root.join("usr/share/containers")]);
    let candidates = folders.map(|folder| folder.join("containers.conf.modules").join(module));
    candidates.into_iter().find(|path| path.exists()).unwrap_or_else(|| PathBuf::from(module))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder that stands for `/`, gone with the value.
    struct Root(PathBuf);

    impl Root {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let root = Self(std::env::temp_dir().join(format!("containers-conf-{name}-{}", std::process::id())));
            for (path, text) in files {
                let path = root.0.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            root
        }

        fn environment(&self, user: Option<u32>) -> Environment {
            Environment { user, home: Some(self.0.join("home")), system_root: self.0.clone(), ..Environment::default() }
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn tz(text: &str) -> String {
        format!("[containers]\ntz = \"{text}\"\n")
    }

    #[test]
    fn later_files_win_in_the_documented_order() {
        let files = [
            "usr/share/containers/containers.conf",
            "etc/containers/containers.conf",
            "etc/containers/containers.conf.d/10.conf",
            "etc/containers/containers.conf.d/20.conf",
            "etc/containers/containers.rootless.conf",
            "etc/containers/containers.rootless.d/1.conf",
            "etc/containers/containers.rootless.d/1000/1.conf",
            "home/.config/containers/containers.conf",
            "home/.config/containers/containers.conf.d/1.conf",
        ];
        let texts: Vec<String> = files.iter().map(|file| tz(file)).collect();
        let pairs: Vec<(&str, &str)> = files.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        let root = Root::new("order", &pairs);
        let user = load(&root.environment(Some(1000)), &[]).unwrap();
        let read: Vec<_> =
            user.files.iter().map(|file| file.strip_prefix(&root.0).unwrap().to_str().unwrap()).collect();
        assert_eq!(read, files);
        assert_eq!(user.containers.tz.as_deref(), files.last().copied());
        let system = load(&root.environment(None), &[]).unwrap();
        let read: Vec<_> =
            system.files.iter().map(|file| file.strip_prefix(&root.0).unwrap().to_str().unwrap()).collect();
        assert_eq!(read, [&files[..4], &files[7..]].concat());
        assert_eq!(load(&root.environment(Some(5)), &[]).unwrap().files.len(), 8);
    }

    #[test]
    fn only_conf_files_of_a_folder_count() {
        let root = Root::new("names", &[("etc/containers/containers.conf.d/a.txt", "nonsense")]);
        assert!(load(&root.environment(None), &[]).unwrap().files.is_empty());
    }

    #[test]
    fn the_variables_replace_and_override() {
        let root = Root::new(
            "variables",
            &[
                ("etc/containers/containers.conf", &tz("etc")),
                ("only.conf", "[containers]\numask = \"1\""),
                ("last.conf", &tz("last")),
            ],
        );
        let mut environment = root.environment(None);
        environment.containers_conf = Some(root.0.join("only.conf"));
        let conf = load(&environment, &[]).unwrap();
        assert_eq!((conf.containers.tz, conf.containers.umask.as_deref()), (None, Some("1")));
        environment.containers_conf_override = Some(root.0.join("last.conf"));
        assert_eq!(load(&environment, &[]).unwrap().containers.tz.as_deref(), Some("last"));
        environment.containers_conf = Some(root.0.join("missing.conf"));
        assert!(matches!(load(&environment, &[]), Err(Error::Read { .. })));
    }

    #[test]
    fn modules_are_found_in_their_folders() {
        let root = Root::new("modules", &[("etc/containers/containers.conf.modules/m.conf", &tz("module"))]);
        let conf = load(&root.environment(None), &["m.conf".into()]).unwrap();
        assert_eq!(conf.containers.tz.as_deref(), Some("module"));
        assert!(load(&root.environment(None), &["n.conf".into()]).is_err());
    }
}
