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

    /// Enters the joined ones.
    pub(crate) fn join(&self) -> Result<(), Error> {
        for (kind, file) in &self.joined {
            namespace::join(file.as_fd(), *kind).tried(|| format!("join the namespace {:#x}", kind.bits()))?;
            if *kind == Namespaces::USER {
                sys::credential::become_root().tried(|| "become root of the joined user namespace")?;
            }
        }
        Ok(())
    }

    /// Whether other processes of the container may see the child before its last exec.
    pub(crate) fn shares_processes(&self) -> bool {
        !self.is_new(Namespaces::PID)
    }
}
