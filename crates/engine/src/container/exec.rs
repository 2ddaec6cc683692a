//! `exec`: one more process in a running container.

use crate::{Engine, Error};

/// What to execute.
#[derive(Debug, Clone, Default)]
pub struct ExecSpec {
    /// argv.
    pub command: Vec<String>,
    /// `KEY=value`, on top of the container's.
    pub env: Vec<String>,
    /// `--user`; `None`: the container's.
    pub user: Option<String>,
    /// `--workdir`; `None`: the container's.
    pub workdir: Option<String>,
    /// `--privileged`.
    pub privileged: bool,
    /// `-t`.
    pub terminal: bool,
    /// `-i`.
    pub stdin: bool,
}

/// How.
#[derive(Debug, Clone, Default)]
pub struct ExecOptions {
    /// `-d`.
    pub detach: bool,
    /// `--detach-keys`; `None`: from containers.conf.
    pub detach_keys: Option<String>,
    /// `--preserve-fds`.
    pub preserve_fds: u32,
    /// `--cidfile` of exec: gets the session's id.
    pub cidfile: Option<std::path::PathBuf>,
}

/// The exit code (`None` when detached). Errors of the command itself have exit code 126 or 127.
pub fn exec(_engine: &Engine, _name: &str, _spec: &ExecSpec, _options: &ExecOptions) -> Result<Option<i32>, Error> {
    todo!()
}
