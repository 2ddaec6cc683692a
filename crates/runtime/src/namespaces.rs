//! Which namespaces a config makes and which it joins.

use crate::error::{Error, Tried};
use oci::runtime::Spec;
use std::os::fd::{AsFd, OwnedFd};
use sys::namespace::{self, Namespaces};

/// The config's `linux.namespaces`, with the joined ones opened.
#[derive(Default)]
pub(crate) struct Plan {
    /// Made for this container.
    pub new: Namespaces,
    /// Joined, a user namespace first: it gives the rights over the others.
    pub joined: Vec<(Namespaces, OwnedFd)>,
}

pub(crate) fn plan(spec: &Spec) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    for wish in spec.linux.iter().flat_map(|linux| &linux.namespaces) {
        let kind = Namespaces::from_oci(&wish.kind)
            .ok_or_else(|| Error::other(format!("unknown namespace type `{}`", wish.kind)))?;
        match wish.path.as_deref().filter(|path| !path.is_empty()) {
            None => plan.new |= kind,
            Some(path) => {
                let file = namespace::open(path).tried(|| format!("open the {} namespace `{path}`", wish.kind))?;
                plan.joined.push((kind, file));
            }
        }
    }
    plan.joined.sort_by_key(|(kind, _)| *kind != Namespaces::USER);
    Ok(plan)
}

impl Plan {
    pub(crate) fn is_new(&self, kind: Namespaces) -> bool {
        self.new.contains(kind)
    }

    /// Enters the joined ones, but for a cgroup namespace: from inside one no process can be cloned into a group of the
    /// host's (ENOENT with `nsdelegate`), so the child does that itself by [`Plan::join_cgroup`].
    pub(crate) fn join(&self) -> Result<(), Error> {
        for (kind, file) in self.joined.iter().filter(|(kind, _)| *kind != Namespaces::CGROUP) {
            namespace::join(file.as_fd(), *kind).tried(|| format!("join the namespace {:#x}", kind.bits()))?;
            if *kind == Namespaces::USER {
                sys::credential::become_root().tried(|| "become root of the joined user namespace")?;
            }
        }
        Ok(())
    }

    /// In the child, when it is in its groups.
    pub(crate) fn join_cgroup(&self) -> Result<(), Error> {
        match self.joined.iter().find(|(kind, _)| *kind == Namespaces::CGROUP) {
            Some((kind, file)) => namespace::join(file.as_fd(), *kind).tried(|| "join the cgroup namespace"),
            None => Ok(()),
        }
    }

    /// Whether processes of another container can see the child before its last exec.
    pub(crate) fn joins_processes(&self) -> bool {
        self.joined.iter().any(|(kind, _)| *kind == Namespaces::PID)
    }
}
