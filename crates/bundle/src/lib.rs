//! Containers made from bundles (a folder with a config.json and a root), for engines that call an OCI runtime: what crun and runc
//! do as commands, as functions over plain data. Runtime specification 1.3, runtime.md.
//!
//! `runtime` makes the process. Here is what outlives a command: a folder `<root>/<id>/` for each container, see [`folder`].
//! Containers of this engine's own commands are not here: they are `engine`'s.

#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod config;
mod console;
mod create;
mod delete;
mod error;
mod events;
mod exec;
mod features;
mod folder;
mod foreground;
mod kill;
mod list;
mod pass;
mod pause;
mod record;
mod start;
mod starter;
mod status;
mod update;

pub use config::load;
pub use create::{Create, create};
pub use delete::delete;
pub use error::Error;
pub use events::{Stats, stats};
pub use exec::{Exec, Wanted, exec};
pub use features::features;
pub use folder::{Container, Root};
pub use foreground::{Ended, run};
pub use kill::{Whom, kill};
pub use list::list;
pub use pass::Pass;
pub use pause::{pause, resume};
pub use record::Record;
pub use runtime::cgroup::Groups;
pub use start::start;
pub use starter::starter;
pub use status::{State, Status};
pub use update::update;
