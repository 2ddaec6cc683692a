//! `run`: create, start, stay until the end.

use super::create::make;
use super::session::{self, Session};
use super::{AttachOptions, CreateOptions};
use crate::sandbox::{self, How, Subject};
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
pub fn run(engine: &Engine, spec: ContainerSpec, options: &RunOptions<'_>) -> Result<Outcome, Error> {
    let made = make(engine, spec, &options.create, true)?;
    let Some(lock) = made.lock else {
        return Err(Error::State(format!("container {} is being started by somebody else", made.created.id)));
    };
    let subject = Subject {
        id: made.created.id,
        name: made.created.name,
        image_id: made.image_id,
        image_name: made.image_name,
        spec: made.spec,
        layers: made.layers,
        draft: None,
    };
    let attach = options.attach.as_ref();
    let signals = session::block_signals(attach)?;
    let how = How {
        attached: attach.is_some(),
        stdin_once: attach.is_some_and(|attach| attach.streams.stdin),
        output_once: attach.is_some() && subject.spec.remove,
        terminal_size: monitor::attach::size(),
        preserve_fds: options.preserve_fds.max(subject.spec.spec.process.preserve_fds),
    };
    let socket = sandbox::spawn(engine, &subject, lock, how)?;
    let session = Session {
        engine,
        id: &subject.id,
        socket,
        terminal: subject.spec.terminal,
        output_once: how.output_once,
        signals,
    };
    session.stay(attach, options.create.warn)
}
