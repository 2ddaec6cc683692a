//! Where output goes (`--log-driver`, `--log-opt`).

use crate::{Defaults, Invalid, is_default, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Wishes for the log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Log {
    /// `None`: containers.conf.
    #[serde(rename = "log_configuration", skip_serializing_if = "Option::is_none")]
    pub log: Option<LogConfig>,
}

/// libpod's `LogConfig`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// k8s-file, json-file, none, passthrough, …; empty: containers.conf.
    #[serde(skip_serializing_if = "is_default")]
    pub driver: String,
    /// File; empty: the container's folder.
    #[serde(skip_serializing_if = "is_default")]
    pub path: String,
    /// Bytes; 0: containers.conf, negative: no limit.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub size: i64,
    /// `tag`, `label`, `max-file`, ….
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub options: BTreeMap<String, String>,
}

/// Which driver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDriver {
    /// CRI's line format.
    #[default]
    K8sFile,
    /// Docker's JSON lines.
    JsonFile,
    /// Nothing is kept.
    None,
    /// The container has the caller's own streams.
    Passthrough,
    /// The same, terminal included.
    PassthroughTty,
}

/// Log wishes, decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResolvedLog {
    /// Driver.
    pub driver: LogDriver,
    /// File; empty: `ctr.log` in the container's folder.
    pub path: String,
    /// Folder below which `<id>/ctr.log` is made (containers.conf `log_path`); empty: none.
    pub folder: String,
    /// Bytes. `None`: no limit.
    pub max_size: Option<u64>,
    /// Files kept (`max-file`), at least 1.
    pub max_files: u32,
    /// Template; may be empty.
    pub tag: String,
    /// As asked, for inspect.
    pub options: BTreeMap<String, String>,
}

impl Log {
    /// `--log-opt key=value`.
    pub fn add_option(&mut self, text: &str) -> Result<(), Invalid> {
        let (key, value) = text.split_once('=').ok_or_else(|| Invalid::new(format!("invalid log option {text:?}")))?;
        let log = self.log.get_or_insert_default();
        match key {
            "path" => log.path = value.to_owned(),
            "max-size" => log.size = crate::size::parse(value)?,
            "max-file" | "tag" => {
                log.options.insert(key.to_owned(), value.to_owned());
            }
            _ => {
                let known = "known are path, max-size, max-file and tag";
                return Err(Invalid::new(format!("unknown log option {key:?}: {known}")));
            }
        }
        Ok(())
    }

    /// `--log-driver`.
    pub fn set_driver(&mut self, text: &str) -> Result<(), Invalid> {
        driver(text)?;
        self.log.get_or_insert_default().driver = text.to_owned();
        Ok(())
    }

    pub(crate) fn resolve(&self, defaults: &Defaults) -> Result<ResolvedLog, Invalid> {
        let empty = LogConfig::default();
        let asked = self.log.as_ref().unwrap_or(&empty);
        let name = if asked.driver.is_empty() { &defaults.log_driver } else { &asked.driver };
        let size = if asked.size != 0 { asked.size } else { defaults.log_size_max };
        Ok(ResolvedLog {
            driver: driver(name)?,
            path: asked.path.clone(),
            folder: defaults.log_path.clone(),
            max_size: u64::try_from(size).ok().filter(|size| *size > 0),
            max_files: max_files(&asked.options)?,
            tag: asked.options.get("tag").unwrap_or(&defaults.log_tag).clone(),
            options: asked.options.clone(),
        })
    }
}

fn driver(name: &str) -> Result<LogDriver, Invalid> {
    match name {
        // journald isn't offered yet; the file keeps what `logs` needs.
        "" | "k8s-file" | "journald" => Ok(LogDriver::K8sFile),
        "json-file" => Ok(LogDriver::JsonFile),
        "none" => Ok(LogDriver::None),
        "passthrough" => Ok(LogDriver::Passthrough),
        "passthrough-tty" => Ok(LogDriver::PassthroughTty),
        other => Err(Invalid::new(format!("invalid log driver {other:?}: invalid argument"))
            .hint("use k8s-file, json-file, none, passthrough or passthrough-tty")),
    }
}

fn max_files(options: &BTreeMap<String, String>) -> Result<u32, Invalid> {
    let Some(text) = options.get("max-file") else { return Ok(1) };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Invalid::new(format!("invalid log option \"max-file={text}\": must be a number from 1 on")))
}

impl LogDriver {
    /// podman's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::K8sFile => "k8s-file",
            Self::JsonFile => "json-file",
            Self::None => "none",
            Self::Passthrough => "passthrough",
            Self::PassthroughTty => "passthrough-tty",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        let mut log = Log::default();
        log.add_option("max-size=10m").unwrap();
        log.add_option("path=/tmp/l").unwrap();
        log.add_option("tag=x").unwrap();
        log.set_driver("json-file").unwrap();
        let config = log.log.unwrap();
        assert_eq!((config.size, config.path.as_str(), config.options["tag"].as_str()), (10 << 20, "/tmp/l", "x"));
    }

    #[test]
    fn errors() {
        let mut log = Log::default();
        assert_eq!(log.add_option("path").unwrap_err().message, "invalid log option \"path\"");
        assert_eq!(log.add_option("max-size=abc").unwrap_err().message, "invalid size: 'abc'");
        assert!(log.set_driver("foo").is_err());
        assert!(max_files(&[("max-file".into(), "0".into())].into()).is_err());
    }
}
