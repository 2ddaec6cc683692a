//! Docker's json-file format: one object a line; a line longer than [`LONGEST`] is cut into entries without newline.

use super::Source;
use super::read::Line;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Bytes of a line that are held back for its end.
const LONGEST: usize = 16 * 1024;

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    log: Cow<'a, str>,
    stream: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attrs: Option<Attrs<'a>>,
    time: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct Attrs<'a> {
    tag: Cow<'a, str>,
}

/// Entries for the lines that `data` completes; the rest waits in `open`.
pub(super) fn encode(time: &str, source: Source, tag: &str, data: &[u8], open: &mut Vec<u8>, entries: &mut Vec<u8>) {
    for piece in data.split_inclusive(|byte| *byte == b'\n') {
        open.extend_from_slice(piece);
        if piece.ends_with(b"\n") {
            finish(time, source, tag, open, entries);
        } else {
            while open.len() >= LONGEST {
                let rest = open.split_off(character_end(open));
                finish(time, source, tag, open, entries);
                *open = rest;
            }
        }
    }
}

/// Writes what waits.
pub(super) fn finish(time: &str, source: Source, tag: &str, open: &mut Vec<u8>, entries: &mut Vec<u8>) {
    let attrs = (!tag.is_empty()).then(|| Attrs { tag: tag.into() });
    let entry = Entry { log: String::from_utf8_lossy(open), stream: source.name().into(), attrs, time: time.into() };
    // Serialising strings into memory can't fail.
    let _ = serde_json::to_writer(&mut *entries, &entry);
    entries.push(b'\n');
    open.clear();
}

/// Not in the middle of a character (RFC 3629: at most three bytes follow the first).
fn character_end(text: &[u8]) -> usize {
    let mut end = LONGEST.min(text.len());
    while end > LONGEST - 4 && text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    end
}

/// One entry. `None`: not in this format.
pub(super) fn parse(entry: &[u8]) -> Option<Line> {
    let entry: Entry<'_> = serde_json::from_slice(entry).ok()?;
    let source = match &*entry.stream {
        "stdout" => Source::Stdout,
        "stderr" => Source::Stderr,
        _ => return None,
    };
    let mut text = entry.log.into_owned().into_bytes();
    let partial = text.last() != Some(&b'\n');
    if !partial {
        text.pop();
    }
    Some(Line { time: entry.time.parse().ok()?, source, partial, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(chunks: &[&[u8]]) -> String {
        let (mut open, mut entries) = (Vec::new(), Vec::new());
        for chunk in chunks {
            encode("T", Source::Stderr, "", chunk, &mut open, &mut entries);
        }
        String::from_utf8(entries).unwrap()
    }

    #[test]
    fn a_line_is_one_object() {
        assert_eq!(encoded(&[b"a\"", b"b\n"]), "{\"log\":\"a\\\"b\\n\",\"stream\":\"stderr\",\"time\":\"T\"}\n");
        assert_eq!(encoded(&[b"a"]), "");
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let long = "ä".repeat(LONGEST);
        let entries = encoded(&[&b"x"[..], long.as_bytes(), b"\n"]);
        let texts: Vec<Line> = entries
            .lines()
            .map(|l| parse(l.replace("\"T\"", "\"2026-01-01T00:00:00Z\"").as_bytes()).unwrap())
            .collect();
        assert_eq!(texts.iter().filter(|l| !l.partial).count(), 1);
        let all: Vec<u8> = texts.into_iter().flat_map(|l| l.text).collect();
        assert_eq!(String::from_utf8(all).unwrap(), format!("x{long}"));
    }
}
