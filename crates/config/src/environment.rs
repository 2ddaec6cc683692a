//! Whose configuration is read: the user and the variables that name files.

use rustix::fs::{FileType, Mode};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Made once by the caller; the loaders read no variable themselves.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The ordinary user's id; `None`: root. (Inside the user's namespace geteuid() is 0, so it must be told.)
    pub user: Option<u32>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub xdg_config_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub xdg_data_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub xdg_runtime_dir: Option<PathBuf>,
    /// `CONTAINERS_CONF`.
    pub containers_conf: Option<PathBuf>,
    /// `CONTAINERS_CONF_OVERRIDE`.
    pub containers_conf_override: Option<PathBuf>,
    /// `CONTAINERS_STORAGE_CONF`.
    pub containers_storage_conf: Option<PathBuf>,
    /// `CONTAINERS_REGISTRIES_CONF`.
    pub containers_registries_conf: Option<PathBuf>,
    /// `REGISTRY_AUTH_FILE`.
    pub registry_auth_file: Option<PathBuf>,
    /// `DOCKER_CONFIG`: a folder.
    pub docker_config: Option<PathBuf>,
    /// `DOCKER_HOST`: where Docker's daemon is.
    pub docker_host: Option<String>,
    /// `DOCKER_TLS_VERIFY`: something.
    pub docker_tls: bool,
    /// `DOCKER_CERT_PATH`: a folder.
    pub docker_cert_path: Option<PathBuf>,
    /// `XDG_CACHE_HOME`.
    pub xdg_cache_home: Option<PathBuf>,
    /// `/`, or a test's folder that stands for it.
    pub system_root: PathBuf,
}

impl Environment {
    /// From the process's variables; empty ones count as unset.
    pub fn from_process(user: Option<u32>) -> Self {
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            user,
            home: path("HOME"),
            xdg_config_home: path("XDG_CONFIG_HOME"),
            xdg_data_home: path("XDG_DATA_HOME"),
            xdg_runtime_dir: path("XDG_RUNTIME_DIR"),
            containers_conf: path("CONTAINERS_CONF"),
            containers_conf_override: path("CONTAINERS_CONF_OVERRIDE"),
            containers_storage_conf: path("CONTAINERS_STORAGE_CONF"),
            containers_registries_conf: path("CONTAINERS_REGISTRIES_CONF"),
            registry_auth_file: path("REGISTRY_AUTH_FILE"),
            docker_config: path("DOCKER_CONFIG"),
            docker_host: std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()),
            docker_tls: path("DOCKER_TLS_VERIFY").is_some(),
            docker_cert_path: path("DOCKER_CERT_PATH"),
            xdg_cache_home: path("XDG_CACHE_HOME"),
            system_root: PathBuf::from("/"),
        }
    }

    /// `$XDG_CONFIG_HOME`, else `$HOME/.config`.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.xdg_config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")))
    }

    /// `$XDG_DATA_HOME`, else `$HOME/.local/share`.
    pub fn data_home(&self) -> Option<PathBuf> {
        self.xdg_data_home.clone().or_else(|| Some(self.home.as_ref()?.join(".local/share")))
    }

    /// `$XDG_RUNTIME_DIR`, else `/run/user/UID` when it is this user's, else `/tmp/storage-run-UID`, made if it isn't there.
    ///
    /// # Errors
    /// When anybody else could write to that last one: whoever makes a run folder can have our processes killed.
    pub fn runtime_dir(&self) -> Result<PathBuf, NoRuntimeDir> {
        if let Some(named) = &self.xdg_runtime_dir {
            return Ok(named.clone());
        }
        let uid = self.user.unwrap_or(0);
        let usual = self.system_root.join(format!("run/user/{uid}"));
        if is_ours(&usual).is_ok() {
            return Ok(usual);
        }
        let fallback = self.system_root.join(format!("tmp/storage-run-{uid}"));
        let failed = |why: String| NoRuntimeDir { path: fallback.clone(), why };
        match rustix::fs::mkdir(&fallback, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(std::io::Error::from(error).to_string())),
        }
        is_ours(&fallback).map_err(failed)?;
        Ok(fallback)
    }
}

/// There is no folder for what a reboot forgets.
#[derive(Debug, thiserror::Error)]
#[error("use folder `{path}` for what a reboot forgets: {why}; let XDG_RUNTIME_DIR name a folder of your own")]
pub struct NoRuntimeDir {
    path: PathBuf,
    why: String,
}

/// Whether it is a folder that nobody else can write to; why not. (No link: whoever made it could change it.)
fn is_ours(folder: &Path) -> Result<(), String> {
    let stat = rustix::fs::lstat(folder).map_err(|error| std::io::Error::from(error).to_string())?;
    if !FileType::from_raw_mode(stat.st_mode).is_dir() {
        return Err("it isn't a folder".to_owned());
    }
    // Inside the user's namespace its own files are root's, as the process is.
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    if stat.st_mode & 0o022 != 0 {
        return Err("others may write to it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    fn environment(system_root: &Path) -> Environment {
        Environment { user: Some(7), system_root: system_root.to_owned(), ..Environment::default() }
    }

    #[test]
    fn what_others_can_write_to_is_no_runtime_folder() {
        let root = tempfile::tempdir().unwrap();
        let environment = environment(root.path());
        let (tmp, usual) = (root.path().join("tmp"), root.path().join("run/user/7"));
        std::fs::create_dir_all(&tmp).unwrap();
        std::fs::create_dir_all(&usual).unwrap();
        let loosen = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let why = || environment.runtime_dir().unwrap_err().to_string();
        assert_eq!(environment.runtime_dir().unwrap(), usual);
        loosen(&usual, 0o777);
        let fallback = environment.runtime_dir().unwrap();
        assert_eq!(fallback, tmp.join("storage-run-7"));
        assert_eq!(std::fs::metadata(&fallback).unwrap().permissions().mode() & 0o777, 0o700);
        loosen(&fallback, 0o770);
        assert!(why().contains("others may write to it; let XDG_RUNTIME_DIR name"), "{}", why());
        std::fs::remove_dir(&fallback).unwrap();
        symlink(&tmp, &fallback).unwrap();
        assert!(why().contains("it isn't a folder"), "{}", why());
    }

    #[test]
    fn privileged_another_users_folder_is_no_runtime_folder() {
        let root = tempfile::tempdir().unwrap();
        let fallback = root.path().join("tmp/storage-run-7");
        std::fs::create_dir_all(&fallback).unwrap();
        chown(&fallback, Some(65534), None).unwrap();
        let error = environment(root.path()).runtime_dir().unwrap_err().to_string();
        assert!(error.contains("it belongs to another user"), "{error}");
    }
}
