//! The store and the records as a whole.

mod check;
mod df;

pub use check::{CheckOptions, CheckReport, check};
pub use df::{ContainerUsage, ImageUsage, Sum, Usage, VolumeUsage, df};
