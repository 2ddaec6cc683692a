//! A command's connection with the monitor of a container it has started, up to the end or the parting.

use super::{AttachOptions, Outcome, cleanup};
use crate::{Engine, Error};
use monitor::attach::{Ended, Keys, Relay, Streams};
use monitor::protocol::Event;
use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};

/// See the module.
pub(super) struct Session<'a> {
    pub(super) engine: &'a Engine,
    pub(super) id: &'a str,
    pub(super) socket: OwnedFd,
    /// The container has one.
    pub(super) terminal: bool,
    /// See [`Relay::output_once`].
    pub(super) output_once: bool,
    /// Blocked before the start.
    pub(super) signals: Option<OwnedFd>,
}

/// Attached: from now on signals wait to be read, so that none is lost between start and session.
pub(super) fn block_signals(attach: Option<&AttachOptions>) -> Result<Option<OwnedFd>, Error> {
    if attach.is_none() {
        return Ok(None);
    }
    let mask = monitor::attach::signals();
    let block = || {
        sys::signal::block(&mask)?;
        sys::signal::signalfd(&mask)
    };
    block().map(Some).map_err(|source| Error::io("block signals for", "the container", source))
}

/// The keys that detach, as asked or configured.
pub(super) fn keys(engine: &Engine, asked: Option<&str>) -> Result<Keys, Error> {
    let configured = engine.config().engine.detach_keys.as_deref();
    let text = asked.or(configured).unwrap_or(spec::detach_keys::DEFAULT);
    Ok(Keys::new(spec::detach_keys::parse(text)?))
}

impl Session<'_> {
    /// Detached: until it runs. Attached: until it ends (then it is cleaned up) or the user leaves it alone.
    pub(super) fn stay(self, attach: Option<&AttachOptions>, warn: &dyn Fn(&str)) -> Result<Outcome, Error> {
        let id = self.id.to_owned();
        match (attach, &self.signals) {
            (Some(attach), Some(signals)) => {
                let ended = self.relay(attach, signals.as_fd(), warn)?;
                self.conclude(ended)
            }
            _ => {
                self.wait_for_start(warn)?;
                Ok(Outcome { id, exit_code: None })
            }
        }
    }

    fn relay(
        &self,
        attach: &AttachOptions,
        signals: std::os::fd::BorrowedFd<'_>,
        warn: &dyn Fn(&str),
    ) -> Result<Ended, Error> {
        let streams = attach.streams;
        let relay = Relay {
            socket: self.socket.as_fd(),
            streams: Streams { stdin: streams.stdin, stdout: streams.stdout, stderr: streams.stderr },
            terminal: self.terminal,
            output_once: self.output_once,
            keys: keys(self.engine, attach.detach_keys.as_deref())?,
            proxy: attach.sig_proxy,
            signals,
            outgoing: VecDeque::new(),
            started: &mut |_| {},
            warn,
        };
        relay.run().map_err(|source| Error::io("relay streams of container", self.id, source))
    }

    /// The socket is open until here: as long as it is, the monitor leaves the cleanup to us.
    fn conclude(self, ended: Ended) -> Result<Outcome, Error> {
        let id = self.id.to_owned();
        match ended {
            Ended::Exited(code) => {
                self.clean();
                Ok(Outcome { id, exit_code: Some(code) })
            }
            Ended::Failed(exit_code, message) => {
                self.clean();
                Err(Error::Start { message, exit_code })
            }
            Ended::Detached => Ok(Outcome { id, exit_code: None }),
            Ended::Interrupted(signal) => {
                // As if we had never caught it.
                drop(self.socket);
                let _ = sys::signal::reset_all();
                let _ = sys::signal::kill(rustix::process::getpid().as_raw_nonzero().get(), signal);
                Ok(Outcome { id, exit_code: Some(128 + signal) })
            }
            Ended::Lost => {
                self.clean();
                Err(Error::State(format!("the monitor of container {id} was killed, and the container with it")))
            }
        }
    }

    /// The container's end is the answer; a cleanup that fails is tried again by the monitor and every later command.
    fn clean(&self) {
        if let Err(error) = cleanup::cleanup(self.engine, self.id) {
            log::warn!("cleanup of container {}: {}", self.id, error.chain());
        }
    }

    fn wait_for_start(&self, warn: &dyn Fn(&str)) -> Result<(), Error> {
        let mut buffer = vec![0; monitor::protocol::MAX];
        loop {
            let packet = monitor::protocol::receive(&self.socket, &mut buffer, rustix::net::RecvFlags::empty())
                .map_err(|errno| Error::io("hear from the monitor of", self.id, errno.into()))?;
            match Event::decode(packet) {
                Some(Event::Started(_)) => return Ok(()),
                Some(Event::Warning(text)) => warn(text),
                Some(Event::Failed(exit_code, text)) => {
                    let message = text.to_owned();
                    self.clean();
                    return Err(Error::Start { message, exit_code });
                }
                _ if packet.is_empty() => {
                    self.clean();
                    let id = self.id;
                    return Err(Error::State(format!("the monitor of container {id} was killed before its start")));
                }
                _ => {}
            }
        }
    }
}
