//! What runs: command, environment, user, terminal.

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See podman-run(1) `-e`, `-i`, `-t`, `-u`, `-w`, `--entrypoint`, `--init`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    /// Replaces the image's CMD.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub command: Vec<String>,
    /// Replaces the image's ENTRYPOINT (and drops its CMD). `Some([])` or `Some([""])` clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Variables of the container.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub env: BTreeMap<String, String>,
    /// Pass all of the host's variables. `None`: containers.conf decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_host: Option<bool>,
    /// Pass the host's proxy variables. `None`: containers.conf decides.
    #[serde(rename = "httpproxy", skip_serializing_if = "Option::is_none")]
    pub http_proxy: Option<bool>,
    /// Names dropped from the defaults.
    #[serde(rename = "unsetenv", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub unset_env: Vec<String>,
    /// Drop all defaults.
    #[serde(rename = "unsetenvall", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub unset_env_all: bool,
    /// Make a pseudo terminal.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub terminal: bool,
    /// Keep standard input open.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub stdin: bool,
    /// Absolute; empty: the image's, else `/`.
    #[serde(skip_serializing_if = "is_default")]
    pub work_dir: String,
    /// `uid`, `name`, `uid:gid`, `name:group`; empty: the image's.
    #[serde(skip_serializing_if = "is_default")]
    pub user: String,
    /// Supplementary groups, names or numbers; `keep-groups`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub groups: Vec<String>,
    /// Run a small init as pid 1. `None`: containers.conf decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<bool>,
    /// Another init program of the host; empty: the built-in one.
    #[serde(skip_serializing_if = "is_default")]
    pub init_path: String,
    /// IANA name or `local`; empty: containers.conf, else the image's.
    #[serde(skip_serializing_if = "is_default")]
    pub timezone: String,
    /// Octal text; empty: containers.conf.
    #[serde(skip_serializing_if = "is_default")]
    pub umask: String,
    /// How many descriptors from 3 on are passed in.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub preserve_fds: u32,
    /// `true`, `false`, `always`.
    #[serde(skip_serializing_if = "is_default")]
    pub systemd: String,
    /// `container`, `conmon`, `ignore`, `healthy`.
    #[serde(rename = "sdnotifyMode", skip_serializing_if = "is_default")]
    pub sdnotify: String,
    /// Line for /etc/passwd.
    #[serde(skip_serializing_if = "is_default")]
    pub passwd_entry: String,
    /// Line for /etc/group.
    #[serde(skip_serializing_if = "is_default")]
    pub group_entry: String,
    /// Add the user to /etc/passwd if it isn't there. `None`: yes.
    #[serde(rename = "manage_password", skip_serializing_if = "Option::is_none")]
    pub manage_passwd: Option<bool>,
    /// personality(2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personality: Option<oci::runtime::Personality>,
}
