//! Is a stored layer still what was stored? Its tar stream is put together again and hashed, and its folder is compared
//! with what the stream says: nothing missing, nothing added, no owner or mode changed.

mod compare;
mod expected;

use super::apply::{self, Next};
use super::stream::Stream;
use super::tar_reader::LayerReader;
use crate::error::{Error, printable};
use crate::location::{Ownership, Store};
use expected::Expected;
use oci::Digest;
use std::path::Path;
use tar_core::parse::{Limits, Parser};

impl Store {
    /// What is wrong with a layer, one sentence each; empty: nothing. `quick` looks at its record only.
    pub(crate) fn layer_faults(&self, diff_id: &Digest, quick: bool) -> Result<Vec<String>, Error> {
        let folder = self.layer_path(diff_id);
        let Some(record) = super::read_record(&folder) else { return Ok(vec![RECORD_MISSING.to_owned()]) };
        let mut faults = Vec::new();
        if record.diff_id != *diff_id {
            faults.push(RECORD_MISSING.to_owned());
        }
        let parts: Vec<_> = ["diff", "tar-meta"].into_iter().filter(|part| !folder.join(part).exists()).collect();
        faults.extend(parts.iter().map(|part| format!("{part}: layer data item is missing")));
        if quick || !parts.is_empty() {
            return Ok(faults);
        }
        match read(&folder, self.location.ownership) {
            Ok(found) => faults.extend(judge(&folder, self.location.ownership, &record, found)?),
            Err(e) => faults.push(with_cause(&e)),
        }
        Ok(faults)
    }
}

const RECORD_MISSING: &str = "layer.json: layer data item is missing";

/// What reading a layer gave.
struct Read {
    expected: Expected,
    digest: Digest,
    size: u64,
    /// Files that couldn't be read as they were written.
    unreadable: Vec<String>,
}

/// Reads the whole stream, contents of files included.
fn read(folder: &Path, ownership: Ownership) -> Result<Read, Error> {
    let mut reader = LayerReader::open(folder)?.tolerant();
    let mut expected = Expected::new(ownership != Ownership::Root);
    let (digest, size) = {
        let mut stream = Stream::new(&mut reader, u64::MAX);
        let mut parser = Parser::new(Limits::default());
        parser.set_ignore_pax_errors(true);
        loop {
            let (consumed, next) = apply::next(&mut parser, &mut stream)?;
            stream.consume(consumed);
            match next {
                Next::End => break,
                Next::Global => {}
                Next::Entry(entry) => {
                    skip(&mut stream, entry.payload.next_multiple_of(512))?;
                    expected.apply(&entry);
                }
            }
        }
        loop {
            stream.consume(stream.available().len());
            if !stream.fill(1)? {
                break;
            }
        }
        stream.finish()
    };
    let unreadable = reader.unreadable().iter().map(|(path, why)| unreadable(folder, path, why));
    Ok(Read { expected, digest, size, unreadable: unreadable.collect() })
}

fn unreadable(folder: &Path, path: &[u8], why: &std::io::Error) -> String {
    let path = printable(path);
    match why.kind() {
        // Shorter than it was.
        std::io::ErrorKind::UnexpectedEof => changed(path.strip_prefix("diff/").unwrap_or(&path)),
        _ => format!("open {}: {why}", folder.join(path).display()),
    }
}

fn changed(path: &str) -> String {
    format!("file integrity checksum failed for \"{path}\"")
}

fn skip(stream: &mut Stream<'_>, mut left: u64) -> Result<(), Error> {
    while left > 0 {
        left -= stream.content(left)?.len() as u64;
    }
    Ok(())
}

fn judge(folder: &Path, ownership: Ownership, record: &super::Record, found: Read) -> Result<Vec<String>, Error> {
    let mut faults = found.unreadable;
    let differences = compare::compare(&folder.join("diff"), &found.expected, ownership)?;
    if found.digest != record.diff_id && faults.is_empty() {
        faults.extend(differences.contents.iter().map(|path| changed(path)));
        if faults.is_empty() {
            faults.push(format!("layer content incorrect digest: it is {}", found.digest));
        }
    }
    if found.size != record.size {
        faults.push(format!("layer content incorrect size: {} bytes, not {}", found.size, record.size));
    }
    faults.extend(differences.shape.into_iter().map(|what| format!("{what}, layer content modified")));
    Ok(faults)
}

fn with_cause(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
