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
    let Some(uid) = environment.user else { return places };
    let rootless = root.join("etc/containers/containers.rootless.d");
    places.push(File(root.join("etc/containers/containers.rootless.conf")));
    places.push(Folder(rootless.clone()));
    places.push(Folder(rootless.join(uid.to_string())));
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
