//! A build on a terminal: what is done scrolls away above, what runs stays below with its last lines and times, redrawn as time
//! passes. On standard error.

use super::tail::Tail;
use build::execute::Position;
use console::{Style, measure_text_width, truncate_str};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::time::Instant;

/// Lines of a running command that are shown at most.
const MOST_LINES: usize = 6;

/// What is drawn.
pub(super) struct Display {
    all: MultiProgress,
    /// Everything that changes: one piece of text.
    live: ProgressBar,
    begun: Instant,
    running: BTreeMap<Place, Running>,
    done: usize,
    /// Of each stage that is known.
    steps: BTreeMap<Place, usize>,
}

/// Platform and stage.
type Place = (Option<String>, usize);

fn key(stage: &Position<'_>) -> Place {
    (stage.platform.map(str::to_owned), stage.stage)
}

struct Running {
    title: String,
    begun: Instant,
    tail: Tail,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Cached,
    Failed,
}

impl Display {
    pub(super) fn new() -> Display {
        // Steps come and go faster than a terminal should be drawn on.
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(15));
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let live = all.add(ProgressBar::new(0).with_style(style));
        Display { all, live, begun: Instant::now(), running: BTreeMap::new(), done: 0, steps: BTreeMap::new() }
    }

    /// A stage's next step begins.
    pub(super) fn begin(&mut self, stage: &Position<'_>, text: &str) {
        self.steps.insert(key(stage), stage.steps);
        let title = format!("{} {}", place(stage), text.replace(|c: char| c.is_control(), " "));
        self.running.insert(key(stage), Running { title, begun: Instant::now(), tail: Tail::default() });
        self.draw();
    }

    pub(super) fn output(&mut self, stage: &Position<'_>, bytes: &[u8]) {
        if let Some(running) = self.running.get_mut(&key(stage)) {
            running.tail.add(bytes);
        }
    }

    /// A line about a step, above what runs.
    pub(super) fn note(&self, text: &str) {
        self.print(&self.cut(&format!(" => => {text}")));
    }

    /// What is known of it stays above.
    pub(super) fn end(&mut self, stage: &Position<'_>, end: End) {
        let Some(running) = self.running.remove(&key(stage)) else { return };
        self.done += 1;
        let (word, style) = match end {
            End::Done => ("", Style::new().cyan()),
            End::Cached => ("CACHED ", Style::new().cyan()),
            End::Failed => ("ERROR ", Style::new().red()),
        };
        let line = self.timed(&format!(" => {word}{}", running.title), running.begun);
        let mut lines = vec![style.for_stderr().apply_to(line).to_string()];
        if end == End::Failed {
            lines.extend(self.log(&running));
        }
        // It isn't among those that run any more when the rest is drawn below it.
        self.draw();
        self.print(&lines.join("\n"));
    }

    /// The end of a failed command's output.
    fn log(&self, running: &Running) -> Vec<String> {
        let rule = || "------".to_owned();
        let lines = running.tail.last(usize::MAX);
        let title = || vec![rule(), self.cut(&format!(" > {}:", running.title))];
        match lines.is_empty() {
            true => Vec::new(),
            false => title().into_iter().chain(lines).chain([rule()]).collect(),
        }
    }

    /// Once more, with the time that it is.
    pub(super) fn draw(&self) {
        let (rows, _) = size();
        let all: usize = self.steps.values().sum();
        let mut lines = vec![self.timed(&format!("[+] Building ({}/{})", self.done, all.max(self.done)), self.begun)];
        let room = rows.saturating_sub(2 + self.running.len()) / self.running.len().max(1);
        for running in self.running.values() {
            lines.push(self.timed(&format!(" => {}", running.title), running.begun));
            let dim = Style::new().dim().for_stderr();
            let tail = running.tail.last(room.min(MOST_LINES)).into_iter();
            lines.extend(tail.map(|line| dim.apply_to(self.cut(&format!(" => => # {line}"))).to_string()));
        }
        lines.truncate(rows.saturating_sub(1).max(1));
        self.live.set_message(lines.join("\n"));
    }

    /// Nothing is drawn any more, and the cursor is at the beginning of a line.
    pub(super) fn close(&mut self) {
        self.live.finish_and_clear();
        let _ = self.all.clear();
        let line =
            self.timed(&format!("[+] Building ({}/{})", self.done, self.steps.values().sum::<usize>()), self.begun);
        crate::output::stream::error_line(&line);
    }

    fn print(&self, text: &str) {
        let _ = self.all.println(text);
    }

    /// With the time since `begun` at the right border.
    fn timed(&self, left: &str, begun: Instant) -> String {
        let time = format!("{:.1}s", begun.elapsed().as_secs_f64());
        let room = size().1.saturating_sub(1);
        let left = truncate_str(left, room.saturating_sub(time.len() + 1), "…");
        let gap = room.saturating_sub(measure_text_width(&left) + time.len());
        self.cut(&format!("{left}{}{time}", " ".repeat(gap)))
    }

    /// Into one line of the terminal.
    fn cut(&self, line: &str) -> String {
        truncate_str(line, size().1.saturating_sub(1), "…").into_owned()
    }
}

/// Rows and columns. A terminal that doesn't say is taken for the usual one.
fn size() -> (usize, usize) {
    let (rows, columns) = console::Term::stderr().size();
    (usize::from(if rows == 0 { 24 } else { rows }), usize::from(if columns == 0 { 80 } else { columns }))
}

/// `[2/5]`, with platform and stage where there are several.
fn place(stage: &Position<'_>) -> String {
    let Position { platform, step, steps, name, .. } = stage;
    let platform = platform.map(|platform| format!("{platform} ")).unwrap_or_default();
    match stage.stages {
        1 => format!("[{platform}{step}/{steps}]"),
        _ => format!("[{platform}{name} {step}/{steps}]"),
    }
}
