//! The command line as data: tables of commands and flags, from which the parser, `--help`, completion and man pages are made.

pub mod command;
pub mod complete;
pub mod flag;
pub mod help;
pub mod matches;
pub mod missing;
pub mod names;
mod oci;
pub mod parse;
pub mod tree;
