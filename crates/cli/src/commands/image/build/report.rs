//! What a build tells: Podman's lines on standard output with what the commands print, or a display on a terminal.

use super::display::{Display, End};
use super::log::Log;
use super::tail::Tail;
use crate::error::Failure;
use crate::output::{logger, stream};
use crate::syntax::matches::Matches;
use build::execute::{Event, Position};
use std::io::{IsTerminal, Write};

/// `--progress`, `--quiet`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The id only, and what commands complain of.
    Quiet,
    /// Lines.
    Plain,
    /// Drawn.
    Terminal,
}

impl Form {
    pub(super) fn wanted(matches: &Matches) -> Result<Form, Failure> {
        let drawable = || std::io::stderr().is_terminal() && std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let word = matches.text("progress").unwrap_or("auto");
        Ok(match word {
            _ if matches.bool("quiet") => Form::Quiet,
            "auto" if drawable() && std::io::stdout().is_terminal() => Form::Terminal,
            "auto" | "plain" => Form::Plain,
            "quiet" => Form::Quiet,
            "tty" if drawable() => Form::Terminal,
            "tty" => return Err(Failure::new("--progress=tty: standard error is no terminal that can be drawn on")),
            other => {
                let failure = Failure::new(format!("--progress {}: not known", crate::output::quote(other)));
                return Err(failure.hint("There are auto, plain, tty and quiet."));
            }
        })
    }
}

/// Tells events.
pub(super) struct Report<'a> {
    form: Form,
    display: Option<Display>,
    /// What wasn't shown, for the case that something fails.
    unshown: Tail,
    names: &'a [String],
    log: Option<&'a Log>,
}

impl<'a> Report<'a> {
    /// With a log all is told there.
    pub(super) fn new(form: Form, names: &'a [String], log: Option<&'a Log>) -> Report<'a> {
        let form = if log.is_some() && form == Form::Terminal { Form::Plain } else { form };
        Report { form, display: None, unshown: Tail::default(), names, log }
    }

    /// Tells a line of a platform, if there are several.
    pub(super) fn line(&self, platform: Option<&str>, text: &str) -> Result<(), Failure> {
        match self.log {
            Some(log) => log.write(platform, format!("{text}\n").as_bytes()),
            None => stream::line(text),
        }
    }

    pub(super) fn tell(&mut self, event: &Event<'_>) {
        match self.form {
            Form::Quiet => self.quiet(event),
            Form::Plain => drop(self.plain(event)),
            Form::Terminal => self.draw(event),
        }
    }

    fn quiet(&mut self, event: &Event<'_>) {
        match event {
            Event::Warning(text) => logger::line("warning", text),
            // A command's complaints are shown whatever was asked for.
            Event::Output { error: true, bytes, .. } => drop(std::io::stderr().lock().write_all(bytes)),
            Event::Output { bytes, .. } => self.unshown.add(bytes),
            Event::Step { .. } => self.unshown = Tail::default(),
            Event::Failed { .. } => self.unshown.last(usize::MAX).iter().for_each(|line| stream::error_line(line)),
            _ => {}
        }
    }

    /// If nobody listens any more the build goes on: its result counts.
    fn plain(&self, event: &Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Warning(text) => logger::line("warning", text),
            Event::Output { stage, bytes, .. } if let Some(log) = self.log => log.write(stage.platform, bytes)?,
            Event::Output { error: true, bytes, .. } => drop(std::io::stderr().lock().write_all(bytes)),
            Event::Output { bytes, .. } => stream::bytes(bytes)?,
            Event::Step { stage, text } => {
                let Position { step, steps, .. } = stage;
                self.line(stage.platform, &format!("{}STEP {step}/{steps}: {text}", prefix(stage)))?;
            }
            Event::Cached { layer: Some(layer), stage } => {
                self.line(stage.platform, &format!("--> Using cache {}", layer.hex()))?
            }
            Event::Cached { layer: None, stage } => self.line(stage.platform, "--> Using cache")?,
            Event::Missed { stage, reasons } => {
                let mut lines = reasons.iter().map(|reason| format!("{}--> Not cached: {reason}", prefix(stage)));
                lines.try_for_each(|line| self.line(stage.platform, &line))?;
            }
            Event::Made { layer: Some(layer), stage } => {
                self.line(stage.platform, &format!("--> {}", &layer.hex()[..12]))?
            }
            Event::Commit { platform } => {
                let name = self.names.first().map_or("", String::as_str);
                self.line(*platform, format!("{}COMMIT {name}", label(*platform)).trim_end())?;
            }
            Event::Made { layer: None, .. } | Event::Failed { .. } | Event::Shell | Event::Tick => {}
        }
        Ok(())
    }

    fn draw(&mut self, event: &Event<'_>) {
        if matches!(event, Event::Shell | Event::Commit { .. }) {
            return self.close();
        }
        let display = self.display.get_or_insert_with(Display::new);
        match event {
            Event::Step { stage, text } => display.begin(stage, text),
            Event::Cached { stage, .. } => display.end(stage, End::Cached),
            Event::Made { stage, .. } => display.end(stage, End::Done),
            Event::Failed { stage } => display.end(stage, End::Failed),
            Event::Missed { reasons, .. } => {
                reasons.iter().for_each(|reason| display.note(&format!("not cached: {reason}")));
            }
            Event::Output { stage, bytes, .. } => display.output(stage, bytes),
            Event::Warning(text) => display.note(&format!("WARNING: {text}")),
            Event::Tick => display.draw(),
            Event::Shell | Event::Commit { .. } => {}
        }
    }

    /// Whatever has become of the build: the terminal is as it was.
    pub(super) fn close(&mut self) {
        if let Some(mut display) = self.display.take() {
            display.close();
        }
    }

    /// It is recorded.
    pub(super) fn end(&self, id: &str) {
        if self.form == Form::Quiet {
            return;
        }
        let lines = std::iter::once(format!("--> {}", &id[..12]))
            .chain(self.names.iter().map(|name| format!("Successfully tagged {name}")));
        lines.for_each(|line| drop(self.line(None, &line)));
    }
}

/// Where there are several stages, which one it is.
fn prefix(position: &Position<'_>) -> String {
    let platform = label(position.platform);
    match position.stages {
        1 => platform,
        stages => format!("{platform}[{}/{stages}] ", position.stage),
    }
}

/// Where there are several platforms, which one it is.
fn label(platform: Option<&str>) -> String {
    platform.map(|platform| format!("[{platform}] ")).unwrap_or_default()
}
