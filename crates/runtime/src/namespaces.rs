//! Which namespaces a config makes and which it joins.

use crate::error::{Error, Tried};
use oci::runtime::Spec;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
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

    /// Whether the child is in another user namespace than we are, new or joined.
    pub(crate) fn changes_users(&self) -> bool {
        self.is_new(Namespaces::USER) || self.joined(Namespaces::USER).is_some()
    }

    /// The file of a joined one.
    pub(crate) fn joined(&self, kind: Namespaces) -> Option<BorrowedFd<'_>> {
        self.joined.iter().find(|(joined, _)| *joined == kind).map(|(_, file)| file.as_fd())
    }

    /// Whether a process in between must enter the joined ones before the child is cloned. A cgroup namespace is never entered
    /// there: from inside one no process can be cloned into a group of the host's (ENOENT with `nsdelegate`).
    pub(crate) fn joins_before(&self) -> bool {
        self.joined.iter().any(|(kind, _)| self.is_entered_before(*kind))
    }

    fn is_entered_before(&self, kind: Namespaces) -> bool {
        match kind {
            Namespaces::CGROUP => false,
            // The child's own rights are enough as long as it has the caller's.
            Namespaces::NET => self.changes_users(),
            _ => true,
        }
    }

    /// Enters those that are entered before.
    pub(crate) fn join_before(&self) -> Result<(), Error> {
        for (kind, file) in self.joined.iter().filter(|(kind, _)| self.is_entered_before(*kind)) {
            join(*kind, file)?;
        }
        Ok(())
    }

    /// Enters the others: in the child, when it is in its groups.
    pub(crate) fn join_inside(&self) -> Result<(), Error> {
        self.joined
            .iter()
            .filter(|(kind, _)| !self.is_entered_before(*kind))
            .try_for_each(|(kind, file)| join(*kind, file))
    }

    /// Whether processes of another container can see the child before its last exec, or may have rights over it: those in a
    /// joined user namespace that see the host's processes.
    pub(crate) fn is_exposed(&self) -> bool {
        [Namespaces::PID, Namespaces::USER].iter().any(|kind| self.joined(*kind).is_some())
    }
}

fn join(kind: Namespaces, file: &OwnedFd) -> Result<(), Error> {
    namespace::join(file.as_fd(), kind).tried(|| format!("join the namespace {:#x}", kind.bits()))
}
