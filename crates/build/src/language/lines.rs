//! From a file's text to its instructions: comments, continued lines, heredocs, keyword and flags.

use super::directives::{self, Directives};
use super::fault::{Fault, Place};
use super::heredoc::{self, Heredoc};
use super::words;

/// One instruction, not yet understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it stands, its heredocs included.
    pub place: Place,
    /// In capitals.
    pub keyword: String,
    /// `--name` and `--name=value`, without quotes.
    pub flags: Vec<String>,
    /// What follows.
    pub rest: String,
    /// Keyword, flags and rest, continued lines joined.
    pub text: String,
    /// Files that follow it in place.
    pub heredocs: Vec<Heredoc>,
    /// What else is of interest to who reads it.
    pub style: Style,
}

/// How an instruction is written, which doesn't change what it means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Style {
    /// The comments right above it, without their `#`.
    pub comments: Vec<String>,
    /// The line where it ends, if an empty one is in the middle.
    pub gap: Option<usize>,
}

/// A file taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// Of its head.
    pub directives: Directives,
    /// Never empty.
    pub lines: Vec<Line>,
}

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// Takes a file apart.
pub fn split(text: &str) -> Result<Lines, Fault> {
    let start = Place { first: 1, last: 1 };
    if text.len() > MAX_BYTES {
        return Err(Fault::new(start, format!("the file has more than {MAX_BYTES} bytes")));
    }
    let mut scanner = Scanner::new(text);
    let mut directives = directives::Reader::default();
    let mut lines = Vec::new();
    let mut comments = Vec::new();
    while let Some((number, line)) = scanner.next() {
        directives.line(number, line)?;
        match line.trim().strip_prefix('#') {
            Some(comment) => comments.push(comment.trim().to_owned()),
            None if line.trim().is_empty() => comments.clear(),
            None => {
                let mut line = instruction(&mut scanner, number, line, directives.escape())?;
                line.style.comments = std::mem::take(&mut comments);
                lines.push(line);
            }
        }
    }
    if lines.is_empty() {
        return Err(Fault::new(start, "file with no instructions"));
    }
    Ok(Lines { directives: directives.finish(), lines })
}

/// Takes one instruction apart that stands alone, such as what ONBUILD has kept.
pub fn single(text: &str, place: Place, escape: char) -> Result<Line, Fault> {
    let mut scanner = Scanner::new(text);
    let Some((_, first)) = scanner.next() else { return Err(Fault::new(place, "there is no instruction")) };
    let line = instruction(&mut scanner, 1, first, escape).map_err(|fault| Fault { place, ..fault })?;
    Ok(Line { place, ..line })
}

fn instruction(scanner: &mut Scanner<'_>, first: usize, line: &str, escape: char) -> Result<Line, Fault> {
    let mut text = String::new();
    let mut continues = append(&mut text, line.trim_start(), escape);
    let mut is_gapped = false;
    while continues {
        let Some((_, line)) = scanner.next() else { break };
        is_gapped |= line.trim().is_empty();
        if is_comment(line) || line.trim().is_empty() {
            continue;
        }
        continues = append(&mut text, line, escape);
    }
    let style = Style { comments: Vec::new(), gap: is_gapped.then_some(scanner.number) };
    let text = text.trim_end().to_owned();
    let (keyword, rest) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
    let keyword = keyword.to_ascii_uppercase();
    let place = Place { first, last: scanner.number };
    let (flags, rest) = words::flags(rest.trim_start(), escape);
    let rest = rest.trim().to_owned();
    let mut heredocs = heredoc::announced(&keyword, &rest, escape).map_err(|message| Fault::new(place, message))?;
    for heredoc in &mut heredocs {
        read_heredoc(scanner, heredoc).map_err(|message| Fault::new(place, message).word(&heredoc.word))?;
    }
    let place = Place { first, last: scanner.number };
    Ok(Line { place, keyword, flags, rest, text, heredocs, style })
}

/// Whether the instruction goes on in the next line.
fn append(text: &mut String, line: &str, escape: char) -> bool {
    let trimmed = line.trim_end_matches([' ', '\t']);
    match trimmed.strip_suffix(escape) {
        Some(before) if !before.ends_with(escape) => {
            text.push_str(before);
            true
        }
        _ => {
            text.push_str(line);
            false
        }
    }
}

fn read_heredoc(scanner: &mut Scanner<'_>, heredoc: &mut Heredoc) -> Result<(), String> {
    while let Some(line) = scanner.next_raw() {
        let bare = line.trim_end_matches(['\r', '\n']);
        let bare = if heredoc.strips_tabs { bare.trim_start_matches('\t') } else { bare };
        if bare == heredoc.name {
            return Ok(());
        }
        heredoc.content += if heredoc.strips_tabs { line.trim_start_matches('\t') } else { line };
    }
    Err(format!("unterminated heredoc: there is no line {}", heredoc.name))
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

struct Scanner<'t> {
    rest: &'t str,
    /// Of the line that was read last.
    number: usize,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Scanner<'t> {
        Scanner { rest: text.strip_prefix('\u{feff}').unwrap_or(text), number: 0 }
    }

    /// With its end.
    fn next_raw(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.number += 1;
        Some(line)
    }

    fn next(&mut self) -> Option<(usize, &'t str)> {
        let line = self.next_raw()?;
        let line = line.strip_suffix('\n').unwrap_or(line);
        Some((self.number, line.strip_suffix('\r').unwrap_or(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text).unwrap().lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_go_on_after_comments_and_empty_ones() {
        assert_eq!(texts("FROM a\nRUN a \\\n # no\n\n  b \\ \n c\n#x\nUSER d\n"), ["FROM a", "RUN a   b  c", "USER d"]);
        assert_eq!(texts("RUN a\\\\\nRUN b"), ["RUN a\\\\", "RUN b"]);
        assert_eq!(texts("\u{feff}  from a\r\nrun b \\\r\nc"), ["from a", "run b c"]);
    }

    #[test]
    fn directives_come_first() {
        let found = split("# syntax=docker/dockerfile:1\n#escape = `\nFROM a\nRUN b `\n c\n").unwrap();
        assert_eq!(found.directives.escape, '`');
        assert_eq!(found.directives.syntax.as_deref(), Some("docker/dockerfile:1"));
        assert_eq!(found.lines[1].text, "RUN b  c");
        assert_eq!(split("# a comment\n# escape=`\nFROM a").unwrap().directives.escape, '\\');
        assert_eq!(split("# escape=x\nFROM a").unwrap_err().place.first, 1);
        assert!(split("# escape=`\n# Escape=`\nFROM a").unwrap_err().message.contains("only one escape"));
    }

    #[test]
    fn flags_end_at_the_first_word_without_dashes() {
        let line = &split("FROM x\nCOPY --from=a --chown=\"b c\" d --e\n").unwrap().lines[1];
        assert_eq!(line.flags, ["--from=a", "--chown=b c"]);
        assert_eq!(line.rest, "d --e");
        let line = &split("RUN -- --mount").unwrap().lines[0];
        assert_eq!((line.flags.len(), line.rest.as_str()), (0, "--mount"));
    }

    #[test]
    fn heredocs_follow_their_instruction() {
        let found = split("RUN <<A cat <<-'B'\n$x\nA\n\t\tb\n\tB\nUSER c\n").unwrap();
        let [a, b] = &found.lines[0].heredocs[..] else { panic!("{found:?}") };
        assert_eq!((a.content.as_str(), a.expands), ("$x\n", true));
        assert_eq!((b.content.as_str(), b.expands), ("b\n", false));
        assert_eq!(found.lines[0].place, Place { first: 1, last: 5 });
        assert_eq!(found.lines[1].text, "USER c");
        let fault = split("FROM a\nCOPY <<EOF /x\nabc\n").unwrap_err();
        assert!(fault.message.contains("unterminated heredoc"), "{fault}");
        assert!(split("LABEL a=<<EOF\n").unwrap().lines[0].heredocs.is_empty());
    }

    #[test]
    fn nothing_is_no_file() {
        assert_eq!(split("# only\n\n").unwrap_err().message, "file with no instructions");
    }
}
