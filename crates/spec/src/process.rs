//! What runs: command, environment, user, terminal.

use crate::{Invalid, is_default, null_default};
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

/// `--entrypoint`: a JSON list, or the program alone. Empty text clears the image's.
pub fn parse_entrypoint(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    serde_json::from_str(text).unwrap_or_else(|_| vec![text.to_owned()])
}

/// `--umask`: up to three octal digits, with or without a leading zero.
pub fn parse_umask(text: &str) -> Result<u32, Invalid> {
    let digits = text.strip_prefix('0').unwrap_or(text);
    let octal = digits.len() <= 3 && !text.is_empty() && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if !octal {
        return Err(Invalid::new(format!("invalid umask string {text}: invalid argument")));
    }
    Ok(digits.bytes().fold(0, |mask, digit| mask * 8 + u32::from(digit - b'0')))
}

impl Process {
    /// `--group-add`: `keep-groups` stands alone.
    pub fn set_groups(&mut self, groups: Vec<String>) -> Result<(), Invalid> {
        if groups.len() > 1 && groups.iter().any(|group| group == "keep-groups") {
            return Err(Invalid::new(
                "the '--group-add keep-groups' option is not allowed with any other --group-add options",
            ));
        }
        self.groups = groups;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entrypoints() {
        assert_eq!(parse_entrypoint(r#"["a","b"]"#), ["a", "b"]);
        assert_eq!(parse_entrypoint(r#"["a""#), [r#"["a""#]);
        assert_eq!(parse_entrypoint("sh -c"), ["sh -c"]);
        assert!(parse_entrypoint("").is_empty());
    }

    #[test]
    fn umasks() {
        assert_eq!(parse_umask("022"), Ok(0o22));
        assert_eq!(parse_umask("0777"), Ok(0o777));
        assert_eq!(parse_umask("077"), Ok(0o77));
        for text in ["9", "abc", "01777", ""] {
            assert!(parse_umask(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keep_groups_stands_alone() {
        let mut process = Process::default();
        assert!(process.set_groups(vec!["keep-groups".into()]).is_ok());
        assert!(process.set_groups(vec!["keep-groups".into(), "5".into()]).is_err());
    }
}
