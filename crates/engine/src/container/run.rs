//! `run`: create, start, attach, remove.

use super::{AttachOptions, CreateOptions};
use crate::{Engine, Error};
use spec::ContainerSpec;

/// How to run.
pub struct RunOptions<'a> {
    /// See [`CreateOptions`].
    pub create: CreateOptions<'a>,
    /// `None`: detached (`-d`). Otherwise which streams are connected to this process's own.
    pub attach: Option<AttachOptions>,
    /// `--preserve-fds N`: file descriptors 3 to 3+N-1 are passed in.
    pub preserve_fds: u32,
}

/// What became of a started container.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// 64 hex digits.
    pub id: String,
    /// `Some` when it ended while we were attached (128 + signal when killed by one); `None`: it runs on (detached by `-d` or by keys).
    pub exit_code: Option<i32>,
}

/// Creates, starts and, unless detached, stays until the container ends. `--rm` and the exit's cleanup are done on return.
pub fn run(_engine: &Engine, _spec: ContainerSpec, _options: &RunOptions<'_>) -> Result<Outcome, Error> {
    todo!()
}
