//! [`ContainerSpec`]: see the concern files for its groups of fields.

use crate::{
    defaults::Defaults, devices::Devices, facts::HostFacts, identity::Identity, life::Life, log::Log, mounts::Mounts,
    namespaces::Namespaces, network::Network, process::Process, resolved::ResolvedSpec, resources::Resources,
    rootfs::Rootfs, security::Security, users::Users,
};
use serde::{Deserialize, Serialize};

/// One container as wished for. Its JSON is libpod's create body (`SpecGenerator`); unknown fields are ignored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerSpec {
    /// Name, labels, host name.
    #[serde(flatten)]
    pub identity: Identity,
    /// Command, environment, user, terminal.
    #[serde(flatten)]
    pub process: Process,
    /// Image and what is taken from it.
    #[serde(flatten)]
    pub rootfs: Rootfs,
    /// pid, uts, ipc, cgroup.
    #[serde(flatten)]
    pub namespaces: Namespaces,
    /// User namespace and id mappings.
    #[serde(flatten)]
    pub users: Users,
    /// Mounts and volumes.
    #[serde(flatten)]
    pub mounts: Mounts,
    /// Device nodes and rules.
    #[serde(flatten)]
    pub devices: Devices,
    /// Control groups, rlimits, sysctls.
    #[serde(flatten)]
    pub resources: Resources,
    /// Capabilities, seccomp, masks.
    #[serde(flatten)]
    pub security: Security,
    /// Networks, ports, names.
    #[serde(flatten)]
    pub network: Network,
    /// Log driver.
    #[serde(flatten)]
    pub log: Log,
    /// Stop, restart, removal.
    #[serde(flatten)]
    pub life: Life,
}

/// A wish that can't be fulfilled, in words a user understands. Its text is one line without `Error:`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong, naming the flag or field and the value.
    pub message: String,
    /// What to do instead, where one is known.
    pub hint: Option<String>,
}

impl Invalid {
    /// An error without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl ContainerSpec {
    /// The seccomp profile the engine must read into [`HostFacts::seccomp_profile`]; `None`: no file is needed.
    pub fn seccomp_file(&self, defaults: &Defaults) -> Option<String> {
        crate::security::rights::seccomp_file(&self.security, defaults)
    }

    /// Decides every default, once; checks every conflict. Pure.
    pub fn resolve(
        self,
        image: &oci::image::ImageConfig,
        defaults: &Defaults,
        host: &HostFacts,
    ) -> Result<ResolvedSpec, Invalid> {
        crate::resolve::resolve(self, image, defaults, host)
    }
}
