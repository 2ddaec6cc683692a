//! A tar entry in the table of contents.

use crate::chunked::toc::{Described, Entry, FILE};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use std::borrow::Cow;
use tar_core::parse::ParsedEntry;
use tar_core::{EntryType, PaxExtensions};

/// `None`: other readers would see another entry than the tar stream has, so there can't be a table.
pub(super) fn describe(entry: &ParsedEntry<'_>) -> Option<Entry<'static>> {
    let name = text(&entry.path)?;
    let kind = match entry.entry_type {
        EntryType::Regular if !name.ends_with('/') => FILE,
        EntryType::Link => "hardlink",
        EntryType::Char => "char",
        EntryType::Block => "block",
        EntryType::Directory => "dir",
        EntryType::Fifo => "fifo",
        EntryType::Symlink => "symlink",
        _ => return None,
    };
    if (kind != FILE && entry.size > 0) || gnu_times(entry.header.as_bytes()) {
        return None;
    }
    let pax = Pax::read(entry.pax.unwrap_or_default())?;
    let header_time = || Timestamp::from_second(entry.mtime.cast_signed()).ok();
    let described = Described {
        link_name: text(entry.link_target.as_deref().unwrap_or_default())?,
        mode: entry.mode.into(),
        uid: entry.uid,
        gid: entry.gid,
        mod_time: Some(pax.modified.or_else(header_time)?.to_string()),
        access_time: pax.accessed.map(|time| time.to_string()),
        change_time: pax.changed.map(|time| time.to_string()),
        dev_major: entry.dev_major.unwrap_or(0).into(),
        dev_minor: entry.dev_minor.unwrap_or(0).into(),
        xattrs: entry
            .xattrs
            .iter()
            .map(|(key, value)| Some((text(key)?, BASE64_STANDARD.encode(value))))
            .collect::<Option<_>>()?,
    };
    Some(Entry {
        kind: Cow::Borrowed(kind),
        name: Cow::Owned(name),
        size: entry.size,
        described: Some(Box::new(described)),
        ..Entry::default()
    })
}

/// JSON has no other.
fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// GNU's old headers can have more times, which the parser doesn't know.
fn gnu_times(header: &[u8]) -> bool {
    &header[257..265] == b"ustar  \0" && header[345..369].iter().any(|byte| !matches!(byte, 0 | b' '))
}

#[derive(Default)]
struct Pax {
    modified: Option<Timestamp>,
    accessed: Option<Timestamp>,
    changed: Option<Timestamp>,
}

impl Pax {
    fn read(records: &[u8]) -> Option<Pax> {
        let mut pax = Pax::default();
        for record in PaxExtensions::new(records) {
            let record = record.ok()?;
            match record.key_bytes() {
                b"mtime" => pax.modified = Some(time(record.value_bytes())?),
                b"atime" => pax.accessed = Some(time(record.value_bytes())?),
                b"ctime" => pax.changed = Some(time(record.value_bytes())?),
                key if key.starts_with(b"GNU.sparse.") => return None,
                _ => {}
            }
        }
        Some(pax)
    }
}

/// `[-]seconds[.fraction]`, to the nanosecond.
fn time(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let mut nanos = 0;
    for digit in digits {
        nanos = nanos * 10 + i32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    Timestamp::new(whole.parse().ok()?, if whole.starts_with('-') { -nanos } else { nanos }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let time = |text: &str| time(text.as_bytes()).map(|time| time.to_string());
        assert_eq!(time("0").unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(time("1700000000.25").unwrap(), "2023-11-14T22:13:20.25Z");
        assert_eq!(time("-1.5").unwrap(), "1969-12-31T23:59:58.5Z");
        assert_eq!(time("1.123456789999").unwrap(), "1970-01-01T00:00:01.123456789Z");
        for bad in ["", "x", "1.x", "99999999999999999"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
