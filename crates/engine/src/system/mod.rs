//! The store and the records as a whole.

mod check;
mod df;
mod diff;
mod prune;
mod repair;

pub use check::{CheckOptions, CheckReport, check};
pub use df::{ContainerUsage, ImageUsage, Sum, Usage, VolumeUsage, df};
pub use diff::{Thing, diff};
pub use prune::{PruneOptions, Pruned, prune};
pub use store::{Change, ChangeKind};
