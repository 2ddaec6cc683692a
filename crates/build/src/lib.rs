//! Building images from Containerfiles.
//!
//! `language` reads a file, `plan` sorts its instructions into stages, `steps` resolves them into work.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod error;
pub mod execute;
pub mod files;
pub mod language;
pub mod lint;
pub mod plan;
pub mod remote;
pub mod steps;
pub mod working;

pub use error::Error;
