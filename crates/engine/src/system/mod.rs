//! The store and the records as a whole.

mod check;

pub use check::{CheckOptions, CheckReport, check};
