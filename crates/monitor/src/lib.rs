//! One process per container: it keeps the container's streams, its log and its attached clients, waits for its end and
//! decides about restarts. (What conmon does.)
//!
//! The process is forked by the engine, which also starts the container in it; this crate holds what happens between
//! start and exit, plus the client's side of an attached session. Single-threaded, one poll loop.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod attach;
pub mod clients;
pub mod exit;
pub mod handover;
pub mod log;
pub mod protocol;
pub mod restart;
pub mod stdio;
pub mod supervise;
