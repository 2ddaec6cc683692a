//! How it ends and begins again (`--stop-signal`, `--stop-timeout`, `--restart`, `--rm`, `--timeout`).

use crate::{Invalid, is_default, null_default};
use serde::{Deserialize, Serialize};

/// Wishes for the life.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// Number. `None`: the image's, else 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<i32>,
    /// Seconds. `None`: containers.conf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u32>,
    /// Seconds the container may run; 0: no end.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub timeout: u32,
    /// `no`, `on-failure`, `always`, `unless-stopped`; empty: no.
    #[serde(skip_serializing_if = "is_default")]
    pub restart_policy: String,
    /// For `on-failure`; `None`: without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_tries: Option<u32>,
    /// `--rm`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub remove: bool,
    /// `--rmi`.
    #[serde(rename = "removeImage", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub remove_image: bool,
    /// `--pidfile`: gets the pid of the first process.
    #[serde(rename = "pidFile", skip_serializing_if = "is_default")]
    pub pid_file: String,
    /// `--conmon-pidfile`: gets the pid of the monitor.
    #[serde(rename = "conmon_pid_file", skip_serializing_if = "is_default")]
    pub monitor_pid_file: String,
}

/// When the monitor starts it again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// After an exit code other than 0.
    OnFailure {
        /// `None`: without end.
        tries: Option<u32>,
    },
    /// Always, until stopped by command.
    Always,
    /// As always; also not after a boot when it was stopped.
    UnlessStopped,
}

impl Life {
    /// `--restart policy[:tries]`.
    pub fn set_restart(&mut self, text: &str) -> Result<(), Invalid> {
        let (policy, tries) = match text.split_once(':') {
            Some((policy, tries)) => (policy, Some(tries)),
            None => (text, None),
        };
        self.restart_tries =
            match tries {
                None => None,
                Some(_) if policy != "on-failure" => {
                    return Err(Invalid::new(
                        "restart policy retries can only be specified with on-failure restart policy",
                    ));
                }
                Some(tries) => Some(tries.parse().map_err(|_| {
                    Invalid::new(format!("parsing restart policy retry count: invalid number {tries:?}"))
                })?),
            };
        self.restart_policy = policy.to_owned();
        self.restart().map(drop)
    }

    /// The policy as a value.
    pub fn restart(&self) -> Result<Restart, Invalid> {
        match self.restart_policy.as_str() {
            "" | "no" | "never" => Ok(Restart::No),
            "on-failure" => Ok(Restart::OnFailure { tries: self.restart_tries.filter(|tries| *tries > 0) }),
            "always" => Ok(Restart::Always),
            "unless-stopped" => Ok(Restart::UnlessStopped),
            other => Err(Invalid::new(format!("{other:?} is not a valid restart policy: invalid argument"))),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        if self.remove && matches!(self.restart()?, Restart::Always | Restart::UnlessStopped) {
            return Err(Invalid::new(
                "the --rm option conflicts with --restart, when the restartPolicy is not \"\" and \"no\"",
            ));
        }
        Ok(())
    }
}

impl Restart {
    /// podman's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::OnFailure { .. } => "on-failure",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restart(text: &str) -> Result<Restart, String> {
        let mut life = Life::default();
        life.set_restart(text).map_err(|e| e.message)?;
        life.restart().map_err(|e| e.message)
    }

    #[test]
    fn restart_policies() {
        assert_eq!(restart(""), Ok(Restart::No));
        assert_eq!(restart("never"), Ok(Restart::No));
        assert_eq!(restart("always"), Ok(Restart::Always));
        assert_eq!(restart("on-failure"), Ok(Restart::OnFailure { tries: None }));
        assert_eq!(restart("on-failure:3"), Ok(Restart::OnFailure { tries: Some(3) }));
        assert_eq!(restart("foo").unwrap_err(), "\"foo\" is not a valid restart policy: invalid argument");
        assert!(restart("always:3").is_err());
        assert!(restart("on-failure:x").is_err());
        assert!(restart("on-failure:").is_err());
    }

    #[test]
    fn rm_conflicts_with_always_but_not_on_failure() {
        let life = |policy: &str| Life { remove: true, restart_policy: policy.into(), ..Life::default() };
        assert!(life("always").check().is_err());
        assert!(life("unless-stopped").check().is_err());
        assert!(life("on-failure").check().is_ok());
        assert!(life("no").check().is_ok());
    }
}
