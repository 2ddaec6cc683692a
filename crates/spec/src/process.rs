//! What runs: command, environment, user, terminal.

use crate::{Invalid, is_default, mounts::volume_flag::clean, null_default};
use oci::image::ContainerConfig;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

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

/// `--entrypoint`: a JSON list, or the program alone. Empty text clears the image's entrypoint and command.
pub fn parse_entrypoint(text: &str) -> Vec<String> {
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

/// (entrypoint, command). As podman: a given entrypoint drops the image's command; `[""]` is no entrypoint.
pub(crate) fn command(process: &Process, image: &ContainerConfig) -> Result<(Vec<String>, Vec<String>), Invalid> {
    let given = process.entrypoint.as_ref();
    let mut entrypoint = given.unwrap_or(&image.entrypoint).clone();
    if entrypoint == [""] {
        entrypoint.clear();
    }
    let command = if process.command.is_empty() && given.is_none_or(Vec::is_empty) {
        image.cmd.clone()
    } else {
        process.command.clone()
    };
    if entrypoint.is_empty() && command.is_empty() {
        return Err(Invalid::new("no command or entrypoint provided, and no CMD or ENTRYPOINT from image"));
    }
    Ok((entrypoint, command))
}

/// Where it starts: below `/`.
pub(crate) fn work_dir(process: &Process, image: &ContainerConfig) -> String {
    let asked = if process.work_dir.is_empty() { &image.working_dir } else { &process.work_dir };
    clean(&Path::new("/").join(asked)).to_string_lossy().into_owned()
}

/// Whether the text names root: then the process keeps its capabilities.
pub(crate) fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    matches!(name, "" | "root") || name.parse::<u32>() == Ok(0)
}

/// Lines for /etc/passwd and /etc/group for a user given by number, used when the container has none.
pub(crate) fn account_lines(user: &str, cwd: &str) -> (Option<String>, Option<String>) {
    let (uid, gid) =
        user.split_once(':').filter(|(_, gid)| !gid.is_empty()).unwrap_or((user.trim_end_matches(':'), "0"));
    let number = |text: &str| text.parse::<u32>().ok();
    let passwd =
        number(uid).zip(number(gid)).map(|(uid, gid)| format!("{uid}:*:{uid}:{gid}:container user:{cwd}:/bin/sh"));
    let group = number(gid).filter(|gid| *gid != 0).map(|gid| format!("{gid}:x:{gid}:{uid}"));
    (passwd.filter(|_| !is_root(user)), group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entrypoints() {
        assert_eq!(parse_entrypoint(r#"["a","b"]"#), ["a", "b"]);
        assert_eq!(parse_entrypoint(r#"["a""#), [r#"["a""#]);
        assert_eq!(parse_entrypoint("sh -c"), ["sh -c"]);
        assert_eq!(parse_entrypoint(""), [""]);
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

    #[test]
    fn command_and_entrypoint_merge_as_podman() {
        let texts = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let image = ContainerConfig { entrypoint: texts(&["e"]), cmd: texts(&["c"]), ..ContainerConfig::default() };
        let merged = |entrypoint: Option<&[&str]>, words: &[&str]| {
            let process = Process { entrypoint: entrypoint.map(texts), command: texts(words), ..Process::default() };
            command(&process, &image).map(|(entrypoint, command)| [entrypoint, command].concat().join(" "))
        };
        assert_eq!(merged(None, &[]).unwrap(), "e c");
        assert_eq!(merged(None, &["x"]).unwrap(), "e x");
        assert_eq!(merged(Some(&["n"]), &[]).unwrap(), "n");
        assert_eq!(merged(Some(&["n"]), &["x"]).unwrap(), "n x");
        assert_eq!(merged(Some(&[""]), &["x"]).unwrap(), "x");
        assert!(merged(Some(&[""]), &[]).is_err());
        assert_eq!(merged(Some(&[]), &[]).unwrap(), "c");
    }

    #[test]
    fn work_dirs() {
        let at = |asked: &str, image: &str| {
            let process = Process { work_dir: asked.into(), ..Process::default() };
            work_dir(&process, &ContainerConfig { working_dir: image.into(), ..ContainerConfig::default() })
        };
        assert_eq!(at("", ""), "/");
        assert_eq!(at("", "app/"), "/app");
        assert_eq!(at("/a/../b", "/x"), "/b");
        assert_eq!(at("rel", "/x"), "/rel");
    }

    #[test]
    fn accounts_by_number() {
        let (passwd, group) = account_lines("1000:5", "/");
        assert_eq!(passwd.unwrap(), "1000:*:1000:5:container user:/:/bin/sh");
        assert_eq!(group.unwrap(), "5:x:5:1000");
        assert_eq!(account_lines("5:", "/").0.unwrap(), "5:*:5:0:container user:/:/bin/sh");
        assert_eq!(account_lines("name", "/"), (None, None));
        assert_eq!(account_lines("0", "/"), (None, None));
    }
}
