//! The engine: what `run`, `ps`, `rm`, … do, as functions over plain data.
//!
//! Never parses argv, never prints. State of definitions is in `state` (the only SQL); whether a container runs is a fact
//! read from its monitor's lock.

pub mod container;
