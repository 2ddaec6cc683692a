//! The CRI log format: `time stream F|P text`, one entry a line; `P` marks a part of a line that goes on.

use super::Source;
use super::read::Line;

/// Entries for `data`. `open` is non-empty while a part was written whose line isn't complete.
pub(super) fn encode(time: &str, source: Source, data: &[u8], open: &mut Vec<u8>, entries: &mut Vec<u8>) {
    for piece in data.split_inclusive(|byte| *byte == b'\n') {
        let (flag, text) = match piece.strip_suffix(b"\n") {
            Some(text) => ("F", text),
            None => ("P", piece),
        };
        entry(time, source, flag, text, entries);
        open.clear();
        if flag == "P" {
            open.push(1);
        }
    }
}

fn entry(time: &str, source: Source, flag: &str, text: &[u8], entries: &mut Vec<u8>) {
    for field in [time, source.name(), flag] {
        entries.extend_from_slice(field.as_bytes());
        entries.push(b' ');
    }
    entries.extend_from_slice(text);
    entries.push(b'\n');
}

/// One entry, without its newline. `None`: not in this format.
pub(super) fn parse(entry: &[u8]) -> Option<Line> {
    let mut fields = entry.splitn(4, |byte| *byte == b' ');
    let time = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let source = match fields.next()? {
        b"stdout" => Source::Stdout,
        b"stderr" => Source::Stderr,
        _ => return None,
    };
    let partial = match fields.next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    Some(Line { time, source, partial, text: fields.next().unwrap_or_default().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chunks: &[&str], expected: &str) {
        let (mut open, mut entries) = (Vec::new(), Vec::new());
        for chunk in chunks {
            encode("T", Source::Stdout, chunk.as_bytes(), &mut open, &mut entries);
        }
        assert_eq!(String::from_utf8(entries).unwrap(), expected);
    }

    #[test]
    fn lines_and_parts() {
        check(&["a\nb\n"], "T stdout F a\nT stdout F b\n");
        check(&["a", "b\n"], "T stdout P a\nT stdout F b\n");
        check(&["a"], "T stdout P a\n");
        check(&["\n\n"], "T stdout F \nT stdout F \n");
        check(&["a\nb", "\n"], "T stdout F a\nT stdout P b\nT stdout F \n");
    }

    #[test]
    fn podmans_own_line_is_read() {
        let line = parse(b"2026-11-23T20:22:49.904161837+00:00 stderr P hi there ").unwrap();
        assert_eq!((line.source, line.partial, line.text.as_slice()), (Source::Stderr, true, &b"hi there "[..]));
        assert!(parse(b"nonsense").is_none());
        assert!(parse(b"2026-11-23T20:22:49Z stdin F x").is_none());
    }
}
