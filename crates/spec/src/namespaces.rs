//! pid, uts, ipc and cgroup namespaces (`--pid`, `--uts`, `--ipc`, `--cgroupns`).

use crate::{Invalid, is_default};
use serde::{Deserialize, Serialize};

/// The namespaces that need no more than a mode. User and network have their own files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Namespaces {
    /// `--pid`.
    #[serde(rename = "pidns", skip_serializing_if = "is_default")]
    pub pid: Namespace,
    /// `--uts`.
    #[serde(rename = "utsns", skip_serializing_if = "is_default")]
    pub uts: Namespace,
    /// `--ipc`.
    #[serde(rename = "ipcns", skip_serializing_if = "is_default")]
    pub ipc: Namespace,
    /// `--cgroupns`.
    #[serde(rename = "cgroupns", skip_serializing_if = "is_default")]
    pub cgroup: Namespace,
    /// `--cgroups`: enabled, disabled, no-conmon, split; empty: enabled.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroups_mode: String,
    /// `--cgroup-parent`.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroup_parent: String,
}

/// One namespace: a mode and, for some, a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Namespace {
    /// Which.
    #[serde(rename = "nsmode")]
    pub mode: NsMode,
    /// Path, container, or options of the mode (`uid=1,gid=2` of `keep-id`).
    #[serde(skip_serializing_if = "is_default")]
    pub value: String,
}

/// How a namespace is had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NsMode {
    /// As configured.
    #[default]
    #[serde(alias = "")]
    Default,
    /// The host's.
    Host,
    /// A new one.
    Private,
    /// ipc: a new one others may join.
    Shareable,
    /// That of the container in `value`.
    Container,
    /// That of the pod.
    Pod,
    /// The file in `value`.
    Path,
    /// network: a new one with only `lo`; ipc: without /dev/shm.
    None,
    /// network: bridge networks.
    Bridge,
    /// network: pasta.
    Pasta,
    /// network: slirp4netns.
    #[serde(rename = "slirp4netns")]
    Slirp4netns,
    /// user: a free range of ids.
    Auto,
    /// user: the caller keeps its ids.
    KeepId,
    /// user: the caller's ids are not mapped.
    NoMap,
}

impl NsMode {
    /// podman's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Host => "host",
            Self::Private => "private",
            Self::Shareable => "shareable",
            Self::Container => "container",
            Self::Pod => "pod",
            Self::Path => "path",
            Self::None => "none",
            Self::Bridge => "bridge",
            Self::Pasta => "pasta",
            Self::Slirp4netns => "slirp4netns",
            Self::Auto => "auto",
            Self::KeepId => "keep-id",
            Self::NoMap => "no-map",
        }
    }
}

impl Namespace {
    /// Without value.
    pub fn of(mode: NsMode) -> Self {
        Self { mode, value: String::new() }
    }
}

/// Which flag a text belongs to: they take different words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `--pid`, `--uts`, `--cgroupns`.
    Plain,
    /// `--ipc`.
    Ipc,
}

/// `--pid`, `--uts`, `--ipc`, `--cgroupns`: host, private, container:ID, ns:PATH (ipc also none, shareable).
pub fn parse(text: &str, kind: Kind) -> Result<Namespace, Invalid> {
    if let Some(path) = text.strip_prefix("ns:") {
        return Ok(Namespace { mode: NsMode::Path, value: path.to_owned() });
    }
    if let Some(container) = text.strip_prefix("container:") {
        return container_namespace(container);
    }
    let mode = match (text, kind) {
        ("", _) => NsMode::Default,
        ("host", _) => NsMode::Host,
        ("private", _) => NsMode::Private,
        ("pod", _) => NsMode::Pod,
        ("none", Kind::Ipc) => NsMode::None,
        ("shareable", Kind::Ipc) => NsMode::Shareable,
        _ => return Err(unrecognized(text)),
    };
    Ok(Namespace::of(mode))
}

pub(crate) fn container_namespace(container: &str) -> Result<Namespace, Invalid> {
    if container.is_empty() {
        return Err(Invalid::new("invalid config provided: namespace mode container requires a value"));
    }
    Ok(Namespace { mode: NsMode::Container, value: container.to_owned() })
}

pub(crate) fn unrecognized(text: &str) -> Invalid {
    Invalid::new(format!("unrecognized namespace mode {text} passed"))
}

pub(crate) fn no_pod() -> Invalid {
    Invalid::new(
        "cannot use pod namespace as container is not joining a pod or pod has no infra container: invalid argument",
    )
}

impl Namespace {
    /// The configured one, else `last`, where nothing was asked for. Pods are not there yet.
    pub(crate) fn or(&self, configured: &Namespace, last: NsMode) -> Result<Namespace, Invalid> {
        let chosen = match (self.mode, configured.mode) {
            (NsMode::Default, NsMode::Default) => Namespace::of(last),
            (NsMode::Default, _) => configured.clone(),
            _ => self.clone(),
        };
        if chosen.mode == NsMode::Pod { Err(no_pod()) } else { Ok(chosen) }
    }

    /// A new one, whether or not others may join.
    pub fn is_new(&self) -> bool {
        !matches!(self.mode, NsMode::Host | NsMode::Container | NsMode::Path | NsMode::Pod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(parse("host", Kind::Plain), Ok(Namespace::of(NsMode::Host)));
        assert_eq!(parse("shareable", Kind::Ipc), Ok(Namespace::of(NsMode::Shareable)));
        assert_eq!(parse("ns:/x", Kind::Plain), Ok(Namespace { mode: NsMode::Path, value: "/x".into() }));
        assert_eq!(parse("container:c", Kind::Ipc), Ok(Namespace { mode: NsMode::Container, value: "c".into() }));
    }

    #[test]
    fn wrong_words() {
        assert_eq!(parse("foo", Kind::Plain).unwrap_err().message, "unrecognized namespace mode foo passed");
        assert!(parse("shareable", Kind::Plain).is_err());
        assert!(parse("none", Kind::Plain).is_err());
        assert!(parse("container:", Kind::Plain).is_err());
    }

    #[test]
    fn json_is_libpods() {
        let namespace: Namespace = serde_json::from_str(r#"{"nsmode":"keep-id","value":"uid=5"}"#).unwrap();
        assert_eq!(namespace, Namespace { mode: NsMode::KeepId, value: "uid=5".into() });
        assert_eq!(serde_json::from_str::<Namespace>(r#"{"nsmode":""}"#).unwrap(), Namespace::default());
    }
}
