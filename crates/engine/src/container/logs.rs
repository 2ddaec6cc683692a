//! `logs`: reads what the monitor wrote.

use super::resolve_name;
use crate::state::live::Live;
use crate::state::watch::Watch;
use crate::{Engine, Error};
use jiff::Timestamp;
use monitor::log::read::{self, Line, Reader};
use monitor::log::{Config, Driver, Source};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Stay until the container ends.
    pub follow: bool,
    /// Only the last N lines.
    pub tail: Option<usize>,
    /// Not older.
    pub since: Option<Timestamp>,
    /// Not newer.
    pub until: Option<Timestamp>,
}

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line or part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read from the container.
    pub time: Timestamp,
    /// Where from.
    pub stream: Stream,
    /// The line goes on in the next one: no newline to be printed.
    pub partial: bool,
    /// Without the newline.
    pub text: Vec<u8>,
}

/// Calls `each` for every line; stops early, without an error, when that fails with BrokenPipe (the reader went away).
pub fn logs(
    engine: &Engine,
    name: &str,
    options: &LogOptions,
    each: &mut dyn FnMut(&LogLine) -> io::Result<()>,
) -> Result<(), Error> {
    let id = resolve_name(engine, name)?;
    let spec = engine.database()?.full(&id)?.ok_or_else(|| Error::NoSuchContainer(name.to_owned()))?.spec;
    let config = crate::sandbox::log_config_of(engine, &id, &spec);
    if matches!(config.driver, Driver::None | Driver::Passthrough) {
        let driver = if config.driver == Driver::None { "none" } else { "passthrough" };
        return Err(Error::State(format!(
            "this container is using the '{driver}' log driver, cannot read logs: this container is not logging output"
        )));
    }
    let mut session = Session { options, each };
    let result = session.read(engine, &id, &config);
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|source| Error::io("read log", &config.path, source)),
    }
}

struct Session<'a> {
    options: &'a LogOptions,
    each: &'a mut dyn FnMut(&LogLine) -> io::Result<()>,
}

impl Session<'_> {
    fn read(&mut self, engine: &Engine, id: &str, config: &Config) -> io::Result<()> {
        let rotated = read::rotated(config);
        let mut reader = Reader::start(config, self.options.tail.filter(|_| rotated.is_empty()))?;
        if rotated.is_empty() {
            reader.read(&mut |line| self.pass(line))?;
        } else {
            self.read_rotated(&rotated, config, &mut reader)?;
        }
        if self.options.follow { self.follow(engine, id, config, &mut reader) } else { Ok(()) }
    }

    /// Several files: the tail is found by keeping the last lines.
    fn read_rotated(&mut self, rotated: &[PathBuf], config: &Config, reader: &mut Reader) -> io::Result<()> {
        let mut kept = VecDeque::new();
        let tail = self.options.tail;
        let mut take = |session: &mut Self, line: Line| match tail {
            None => session.pass(line),
            Some(count) => {
                kept.push_back(line);
                let whole = kept.iter().filter(|line: &&Line| !line.partial).count();
                if whole > count {
                    kept.pop_front();
                }
                Ok(())
            }
        };
        for path in rotated {
            read::file(config, path, &mut |line| take(self, line))?;
        }
        reader.read(&mut |line| take(self, line))?;
        kept.into_iter().try_for_each(|line| self.pass(line))
    }

    fn pass(&mut self, line: Line) -> io::Result<()> {
        if self.options.since.is_some_and(|since| line.time < since)
            || self.options.until.is_some_and(|until| line.time > until)
        {
            return Ok(());
        }
        let stream = match line.source {
            Source::Stdout => Stream::Stdout,
            Source::Stderr => Stream::Stderr,
        };
        (self.each)(&LogLine { time: line.time, stream, partial: line.partial, text: line.text })
    }

    /// Until the container ends (or `until` has passed).
    fn follow(&mut self, engine: &Engine, id: &str, config: &Config, reader: &mut Reader) -> io::Result<()> {
        loop {
            // Watched first, then looked at: no change falls between.
            let watch = Watch::folder(&engine.runs().of(id));
            let file = watch.as_ref().ok().and_then(|watch| watch.also_file(&config.path).ok());
            let live = engine.runs().live(id).map_err(io::Error::other)?;
            reader.read(&mut |line| self.pass(line))?;
            while reader.follow_rotation()? {
                reader.read(&mut |line| self.pass(line))?;
            }
            let left = self.options.until.map(|until| until.duration_since(Timestamp::now()));
            let over = left.is_some_and(|left| !left.is_positive());
            if over || !matches!(live, Live::Running(_) | Live::Starting(_)) {
                return Ok(());
            }
            let left = left.and_then(|left| Duration::try_from(left).ok());
            // The log file appears with the first line, elsewhere than what is watched: look again soon.
            let limit = if file.is_none() { Some(Duration::from_millis(200)) } else { left };
            match watch {
                Ok(watch) => drop(watch.wait(limit)?),
                Err(_) => return Ok(()),
            }
        }
    }
}
