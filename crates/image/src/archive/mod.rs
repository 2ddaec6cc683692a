//! Image archives: a tar file that is indexed once and then read in place, by several threads at different offsets.
//!
//! No member is ever extracted by its name. The archive is hostile: names are keys of a map and nothing else.

mod members;
mod spool;

pub use members::{Archive, Member, Members};
pub(crate) use spool::{from_named_stream, from_path, from_stream, temporary_file};
