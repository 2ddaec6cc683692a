//! Containers: one file a verb. `cleanup` is the only teardown.

mod attach;
pub(crate) mod cleanup;
pub(crate) mod create;
mod exec;
mod facts;
pub(crate) mod filter;
mod id_range;
mod inspect;
mod kill;
mod list;
mod logs;
mod port;
mod remove;
mod resolve;
mod run;
mod session;
mod size;
mod start;
mod stop;
mod top;
mod wait;

pub use attach::{AttachOptions, Streams, attach};
pub use create::{CreateOptions, Created, create};
pub use exec::{ExecOptions, ExecSpec, Executed, exec};
pub use inspect::{ContainerInspect, inspect};
pub use kill::kill;
pub use list::{ContainerSummary, ListOptions, PortSummary, SizeSummary, list};
pub use logs::{LogLine, LogOptions, Stream, logs};
pub use port::{PublishedPort, port};
pub use remove::{RemoveOptions, remove};
pub use resolve::resolve_name;
pub use run::{Outcome, RunOptions, run};
pub use start::{StartOptions, start};
pub use stop::{StopOptions, stop, stop_all};
pub use top::{Processes, Table, descriptors, top};
pub use wait::{Condition, WaitOptions, wait};
