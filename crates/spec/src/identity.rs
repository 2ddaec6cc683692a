//! Who the container is: name, host name, labels, annotations.

use crate::{Invalid, is_default, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See podman-run(1) `--name`, `--hostname`, `--label`, `--annotation`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Empty: the engine makes one up.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Pod to join, by name or id.
    #[serde(skip_serializing_if = "is_default")]
    pub pod: String,
    /// Empty: the first 12 digits of the id (or the name, see containers.conf).
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: String,
    /// Free key-value pairs.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// Passed to the OCI runtime.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
    /// argv of the command that made it, for `inspect`.
    #[serde(rename = "containerCreateCommand", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub create_command: Vec<String>,
    /// Containers that must run before this one.
    #[serde(rename = "dependencyContainers", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub dependencies: Vec<String>,
}

/// `--label key[=value]`, also one line of a `--label-file`.
pub fn parse_label(text: &str) -> Result<(String, String), Invalid> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    if key.is_empty() {
        return Err(Invalid::new(format!("unable to process labels: invalid label format: {text:?}")));
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// `--annotation key=value`.
pub fn parse_annotation(text: &str) -> Result<(String, String), Invalid> {
    let (key, value) = text.split_once('=').ok_or_else(|| Invalid::new("annotations must be formatted KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Names of containers, pods, volumes and networks.
pub fn check_name(name: &str) -> Result<(), Invalid> {
    let mut letters = name.bytes();
    let first = letters.next().is_some_and(|b| b.is_ascii_alphanumeric());
    if first && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
        return Ok(());
    }
    Err(Invalid::new(format!("invalid name {name:?}: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")))
}

/// The kernel takes at most 64 bytes; line breaks would forge lines of /etc/hosts.
pub fn check_hostname(name: &str) -> Result<(), Invalid> {
    if name.len() > 64 || name.bytes().any(|b| b.is_ascii_control() || b == b' ') {
        return Err(Invalid::new(format!(
            "invalid hostname {name:?}: at most 64 characters, without spaces or control characters"
        )));
    }
    Ok(())
}

/// The name as a host name: what isn't allowed in one is left out (`container_name_as_hostname`).
pub fn hostname_of(name: &str) -> String {
    let allowed: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).take(64).collect();
    allowed.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        assert_eq!(parse_label("x=y=z"), Ok(("x".into(), "y=z".into())));
        assert_eq!(parse_label("x"), Ok(("x".into(), String::new())));
        assert!(parse_label("=y").is_err());
        assert!(parse_label("").is_err());
    }

    #[test]
    fn annotations_need_an_equals_sign() {
        assert_eq!(parse_annotation("=y"), Ok((String::new(), "y".into())));
        assert!(parse_annotation("x").is_err());
    }

    #[test]
    fn names() {
        assert!(check_name("a_b-c.d").is_ok());
        for name in ["", ".a", "-x", "a/b", "é", "a b"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn hostnames() {
        assert!(check_hostname("a_b.example").is_ok());
        assert!(check_hostname("a\n1.2.3.4 evil").is_err());
        assert!(check_hostname(&"x".repeat(65)).is_err());
        assert_eq!(hostname_of("_my_app-1_"), "myapp-1");
    }
}
