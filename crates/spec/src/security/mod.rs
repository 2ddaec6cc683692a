//! Rights: capabilities, seccomp, AppArmor, SELinux, masked paths (`--cap-add`, `--security-opt`, `--privileged`).

pub mod capabilities;
pub(crate) mod rights;
pub mod seccomp;

use crate::{Invalid, is_default, null_default};
use serde::{Deserialize, Serialize};

/// Wishes for rights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {
    /// All rights the engine has. `None`: containers.conf decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// `CAP_…` or `ALL`, normalised.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub cap_add: Vec<String>,
    /// `CAP_…` or `ALL`, normalised.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub cap_drop: Vec<String>,
    /// `disable`, `user:…`, `type:…`, `level:…`, `nested`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub selinux_opts: Vec<String>,
    /// Profile; `unconfined`; empty: the default one where AppArmor is on.
    #[serde(skip_serializing_if = "is_default")]
    pub apparmor_profile: String,
    /// File, `unconfined`, or empty: the configured or built-in one.
    #[serde(skip_serializing_if = "is_default")]
    pub seccomp_profile_path: String,
    /// `default`, `image`.
    #[serde(skip_serializing_if = "is_default")]
    pub seccomp_policy: String,
    /// PR_SET_NO_NEW_PRIVS.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub no_new_privileges: bool,
    /// More paths to hide.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub mask: Vec<String>,
    /// Paths not to hide; `ALL`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub unmask: Vec<String>,
    /// Options of the /proc mount.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub procfs_opts: Vec<String>,
    /// SELinux may be used inside.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub label_nested: bool,
}

/// Which system call filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeccompChoice {
    /// The built-in profile, by capabilities.
    #[default]
    Default,
    /// None.
    Unconfined,
    /// A given profile, already brought to OCI form.
    Profile(Box<oci::runtime::Seccomp>),
}

impl Security {
    /// `--cap-add`, one name.
    pub fn add_capability(&mut self, text: &str) -> Result<(), Invalid> {
        self.cap_add.push(capabilities::parse(text)?);
        Ok(())
    }

    /// `--cap-drop`, one name.
    pub fn drop_capability(&mut self, text: &str) -> Result<(), Invalid> {
        self.cap_drop.push(capabilities::parse(text)?);
        Ok(())
    }

    /// `--security-opt key=value` (Docker's old `key:value` too).
    pub fn add_option(&mut self, text: &str) -> Result<(), Invalid> {
        let (key, value) = match text.split_once('=').or_else(|| text.split_once(':')) {
            Some((key, value)) => (key, Some(value)),
            None => (text, None),
        };
        let bad = |parts| Invalid::new(format!("invalid --security-opt {parts}: {text:?}"));
        let Some(value) = value else {
            if key != "no-new-privileges" {
                return Err(bad(1));
            }
            self.no_new_privileges = true;
            return Ok(());
        };
        match key {
            "no-new-privileges" => self.no_new_privileges = boolean(value).ok_or_else(|| bad(2))?,
            "seccomp" => self.seccomp_profile_path = value.to_owned(),
            "apparmor" => self.apparmor_profile = value.to_owned(),
            "label" if value == "nested" => self.label_nested = true,
            "label" => self.selinux_opts.push(label(value)?),
            "mask" => self.mask.extend(paths(value, "mask")?),
            "unmask" if value.eq_ignore_ascii_case("all") => self.unmask.push("ALL".into()),
            "unmask" => self.unmask.extend(paths(value, "unmask")?),
            "systempaths" if value == "unconfined" => self.unmask.push("ALL".into()),
            "proc-opts" => self.procfs_opts.extend(value.split(',').map(str::to_owned)),
            _ => return Err(bad(2)),
        }
        Ok(())
    }
}

/// Go's ParseBool.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn label(value: &str) -> Result<String, Invalid> {
    let key = value.split(':').next().unwrap_or_default();
    if !matches!(key, "disable" | "user" | "role" | "type" | "level" | "filetype") {
        return Err(Invalid::new(format!("invalid --security-opt 2: \"label={value}\""))
            .hint("label takes disable, nested, user:…, role:…, type:…, level:… or filetype:…"));
    }
    Ok(value.to_owned())
}

/// Absolute paths, by colons.
fn paths(value: &str, key: &str) -> Result<Vec<String>, Invalid> {
    let split: Vec<String> = value.split(':').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    match split.iter().find(|path| !path.starts_with('/')) {
        Some(path) => Err(Invalid::new(format!("invalid --security-opt {key}: path {path:?} is not an absolute path"))),
        None => Ok(split),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(texts: &[&str]) -> Result<Security, String> {
        let mut security = Security::default();
        for text in texts {
            security.add_option(text).map_err(|e| e.message)?;
        }
        Ok(security)
    }

    #[test]
    fn security_options() {
        assert!(options(&["no-new-privileges"]).unwrap().no_new_privileges);
        assert!(options(&["no-new-privileges:true"]).unwrap().no_new_privileges);
        assert!(!options(&["no-new-privileges=false"]).unwrap().no_new_privileges);
        assert_eq!(options(&["seccomp=unconfined"]).unwrap().seccomp_profile_path, "unconfined");
        assert_eq!(options(&["seccomp:unconfined"]).unwrap().seccomp_profile_path, "unconfined");
        assert_eq!(options(&["unmask=/proc/acpi:/sys"]).unwrap().unmask, ["/proc/acpi", "/sys"]);
        assert_eq!(options(&["systempaths=unconfined"]).unwrap().unmask, ["ALL"]);
        assert_eq!(options(&["mask=/a:/b"]).unwrap().mask, ["/a", "/b"]);
        assert_eq!(options(&["label=level:s0"]).unwrap().selinux_opts, ["level:s0"]);
        assert_eq!(options(&["proc-opts=hidepid=2,gid=5"]).unwrap().procfs_opts, ["hidepid=2", "gid=5"]);
    }

    #[test]
    fn security_option_errors() {
        assert_eq!(options(&["foo"]).unwrap_err(), "invalid --security-opt 1: \"foo\"");
        assert_eq!(options(&["foo=bar"]).unwrap_err(), "invalid --security-opt 2: \"foo=bar\"");
        assert_eq!(options(&["label"]).unwrap_err(), "invalid --security-opt 1: \"label\"");
        assert_eq!(
            options(&["no-new-privileges:foo"]).unwrap_err(),
            "invalid --security-opt 2: \"no-new-privileges:foo\""
        );
        assert!(options(&["mask=a"]).is_err());
    }
}
