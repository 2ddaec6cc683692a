//! The last lines of what a command prints, fit for a terminal that somebody else draws on.

use std::collections::VecDeque;

/// So many lines are kept.
const MOST: usize = 20;
/// In bytes: what goes beyond is dropped.
const LONGEST: usize = 1000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    /// The line that isn't at its end yet.
    open: Vec<u8>,
}

impl Tail {
    /// More output.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                _ if self.open.len() < LONGEST => self.open.push(*byte),
                // A bar that is drawn over and over in one line.
                b'\r' => self.open.clear(),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let line = clean(&std::mem::take(&mut self.open));
        self.lines.push_back(line);
        while self.lines.len() > MOST {
            self.lines.pop_front();
        }
    }

    /// The last `most` lines, also one that goes on.
    pub(super) fn last(&self, most: usize) -> Vec<String> {
        let open = Some(clean(&self.open)).filter(|line| !line.is_empty());
        let all: Vec<String> = self.lines.iter().cloned().chain(open).collect();
        all[all.len().saturating_sub(most)..].to_vec()
    }
}

/// What a line shows in the end, without what would move the cursor or change colours.
fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = console::strip_ansi_codes(&text);
    let shown = text.trim_end_matches('\r');
    let shown = shown.rsplit('\r').next().unwrap_or(shown);
    let spaced = shown.replace('\t', "    ");
    spaced.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_left_out() {
        let mut tail = Tail::default();
        tail.add(b"one\r\n\x1b[31mred\x1b[0m\x1b[2J\n 5%\r50%\r100%\na\tb\x07\nopen");
        assert_eq!(tail.last(9), ["one", "red", "100%", "a    b", "open"]);
        assert_eq!(tail.last(2), ["a    b", "open"]);
    }

    #[test]
    fn endless_lines_end() {
        let mut tail = Tail::default();
        for _ in 0..100_000 {
            tail.add(b"xxxxxxxxxx");
        }
        assert_eq!(tail.last(1)[0].len(), LONGEST);
        tail.add(&b"\n".repeat(50));
        assert_eq!(tail.last(100).len(), MOST);
    }
}
