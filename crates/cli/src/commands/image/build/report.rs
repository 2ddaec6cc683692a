//! What a build tells: steps on standard output, as Podman prints them, with what their commands print.

use crate::output::{logger, stream};
use build::execute::{Event, Position};
use std::io::Write;

/// Prints events.
pub(super) struct Report<'a> {
    quiet: bool,
    names: &'a [String],
}

impl Report<'_> {
    pub(super) fn new(quiet: bool, names: &[String]) -> Report<'_> {
        Report { quiet, names }
    }

    pub(super) fn tell(&mut self, event: &Event<'_>) {
        match event {
            Event::Warning(text) => return logger::line("warning", text),
            // A command's complaints are shown whatever was asked for.
            Event::Output { error: true, bytes } => return drop(std::io::stderr().lock().write_all(bytes)),
            _ if self.quiet => return,
            _ => {}
        }
        let printed = match event {
            Event::Step { stage, text } => {
                let Position { step, steps, .. } = stage;
                stream::line(&format!("{}STEP {step}/{steps}: {text}", prefix(stage)))
            }
            Event::Cached { layer, .. } => match layer {
                Some(layer) => stream::line(&format!("--> Using cache {}", layer.hex())),
                None => stream::line("--> Using cache"),
            },
            Event::Made { layer: Some(layer), .. } => stream::line(&format!("--> {}", &layer.hex()[..12])),
            Event::Made { layer: None, .. } | Event::Warning(_) => Ok(()),
            Event::Output { bytes, .. } => stream::bytes(bytes),
            Event::Commit { platform } => stream::line(format!("{}{}", label(*platform), self.commit()).trim_end()),
        };
        // Nobody listens any more: the build goes on, its result counts.
        drop(printed);
    }

    /// It is recorded.
    pub(super) fn end(&self, id: &str) {
        if self.quiet {
            return;
        }
        let lines = std::iter::once(format!("--> {}", &id[..12]))
            .chain(self.names.iter().map(|name| format!("Successfully tagged {name}")));
        lines.for_each(|line| drop(stream::line(&line)));
    }

    fn commit(&self) -> String {
        format!("COMMIT {}", self.names.first().map(String::as_str).unwrap_or_default())
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
