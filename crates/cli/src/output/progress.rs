//! How a transfer is shown: bars on a terminal, Podman's lines elsewhere, nothing when quiet. Always on standard error.

use super::size;
use super::stream::error_line;
use crate::prompt;
use image::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use oci::Digest;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shows a transfer. Methods may be called by several threads.
pub struct Reporter {
    mode: Mode,
}

enum Mode {
    Quiet,
    Lines,
    /// Drawn from the first blob on, so that commands that fetch nothing start nothing.
    Bars(Mutex<Bars>),
}

#[derive(Default)]
struct Bars {
    all: Option<MultiProgress>,
    blobs: HashMap<String, ProgressBar>,
}

impl Reporter {
    /// Bars if standard error is a terminal.
    pub fn new(quiet: bool) -> Self {
        let mode = match quiet {
            true => Mode::Quiet,
            false if std::io::stderr().is_terminal() => Mode::Bars(Mutex::default()),
            false => Mode::Lines,
        };
        Reporter { mode }
    }

    /// Leaves the bars as they are, with the cursor below them.
    pub fn finish(&self) {
        if let Mode::Bars(bars) = &self.mode {
            lock(bars).close();
        }
    }
}

impl Progress for Reporter {
    fn line(&self, text: &str) {
        match &self.mode {
            Mode::Quiet => {}
            Mode::Lines => error_line(text),
            Mode::Bars(bars) => lock(bars).line(text),
        }
    }

    fn warning(&self, text: &str) {
        let text = format!("WARNING: {text}");
        match &self.mode {
            Mode::Quiet => error_line(&text),
            _ => self.line(&text),
        }
    }

    fn choose(&self, question: &str, answers: &[String]) -> Option<usize> {
        prompt::choose(question, answers)
    }

    fn begin(&self, blob: &Digest, size: u64) {
        match &self.mode {
            Mode::Quiet => {}
            Mode::Lines => error_line(&format!("Copying blob {blob}")),
            Mode::Bars(bars) => lock(bars).begin(&blob.to_string(), size),
        }
    }

    fn advance(&self, blob: &Digest, bytes: u64) {
        if let Mode::Bars(bars) = &self.mode
            && let Some(bar) = lock(bars).blobs.get(&blob.to_string())
        {
            bar.inc(bytes);
        }
    }

    fn end(&self, blob: &Digest, skipped: bool) {
        let Mode::Bars(bars) = &self.mode else { return };
        let mut bars = lock(bars);
        let key = blob.to_string();
        if !bars.blobs.contains_key(&key) {
            bars.begin(&key, 0);
        }
        if let Some(bar) = bars.blobs.get(&key) {
            let words = if skipped { "skipped: already exists" } else { "done" };
            bar.set_style(style("{prefix} {msg}"));
            bar.set_message(format!(
                "{words} {}",
                bar.length().filter(|n| *n > 0).map(size::human).unwrap_or_default()
            ));
            bar.finish();
        }
    }
}

impl Bars {
    /// Below the bars once they are all done, above them before.
    fn line(&mut self, text: &str) {
        if self.blobs.values().all(ProgressBar::is_finished) {
            self.close();
        }
        match &self.all {
            Some(all) => drop(all.println(text)),
            None => error_line(text),
        }
    }

    fn close(&mut self) {
        self.blobs.drain().for_each(|(_, bar)| bar.abandon());
        // indicatif leaves the cursor at the end of the last bar.
        if self.all.take().is_some() {
            error_line("");
        }
    }

    fn begin(&mut self, blob: &str, size: u64) {
        let bar = self.all.get_or_insert_default().add(ProgressBar::new(size));
        bar.set_style(style("{prefix} [{bar:38}] {decimal_bytes} / {decimal_total_bytes} | {decimal_bytes_per_sec}"));
        bar.set_prefix(format!("Copying blob {}", short(blob)));
        bar.tick();
        self.blobs.insert(blob.to_owned(), bar);
    }
}

/// The first twelve digits.
fn short(blob: &str) -> &str {
    let hex = blob.split_once(':').map_or(blob, |(_, hex)| hex);
    hex.get(..12).unwrap_or(hex)
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=>-")
}

/// A thread that panicked while drawing is no reason not to draw.
fn lock(bars: &Mutex<Bars>) -> MutexGuard<'_, Bars> {
    bars.lock().unwrap_or_else(PoisonError::into_inner)
}
