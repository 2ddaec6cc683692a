//! `top`: the processes in a container, read from /proc.

use crate::{Engine, Error};

/// Columns with their headers and one row a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Upper case.
    pub headers: Vec<String>,
    /// As many cells as headers.
    pub rows: Vec<Vec<String>>,
}

/// `descriptors`: names such as `pid`, `hpid`, `user`, also comma-joined; empty: Podman's default columns.
pub fn top(_engine: &Engine, _name: &str, _descriptors: &[String]) -> Result<Table, Error> {
    todo!()
}

/// The descriptors [`top`] knows.
pub fn descriptors() -> &'static [&'static str] {
    &[]
}
