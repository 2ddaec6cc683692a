//! Whose configuration is read: the user and the variables that name files.

use std::path::PathBuf;

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

    /// `$XDG_RUNTIME_DIR`, else `/run/user/UID` when it is there, else `/tmp/storage-run-UID`.
    pub fn runtime_dir(&self) -> PathBuf {
        let uid = self.user.unwrap_or(0);
        let usual = || Some(PathBuf::from(format!("/run/user/{uid}"))).filter(|path| path.is_dir());
        let fallback = || PathBuf::from(format!("/tmp/storage-run-{uid}"));
        self.xdg_runtime_dir.clone().or_else(usual).unwrap_or_else(fallback)
    }
}
