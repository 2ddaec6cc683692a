//! The engine: what `run`, `ps`, `rm`, … do, as functions over plain data.
//!
//! Never parses argv, never prints. State of definitions is in `state` (the only SQL); whether a container runs is a fact
//! read from its monitor's lock.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod engine;
mod error;

pub mod artifact;
pub mod build;
pub mod container;
pub mod image;
pub mod info;
pub mod manifest;
pub mod system;
pub mod volume;
pub mod working;

mod network;
mod sandbox;
mod state;
mod undo;
mod upkeep;

pub use engine::{Engine, Options, Privilege};
pub use error::Error;
pub use sandbox::cgroup::CgroupManager;
pub use sandbox::monitor_main;
