//! The table of contents as a pull needs it: checked, and nothing but where contents are.

use crate::chunked::toc::{CHUNK, Entry, FILE, Toc, VERSION, ZEROS};
use oci::Digest;
use store::ContentHash;

/// A file that isn't empty.
#[derive(Debug, PartialEq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) size: u64,
    /// In their order, without gaps.
    pub(super) chunks: Vec<Chunk>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chunk {
    /// Where it begins in the file.
    pub(super) at: u64,
    /// Bytes, at least one.
    pub(super) size: u64,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Zeros,
    /// SHA-256, and from where to where its frames are in the blob.
    Data {
        hash: ContentHash,
        start: u64,
        end: u64,
    },
}

/// What the table says.
pub(super) struct Contents {
    /// In the order of the tar stream.
    pub(super) files: Vec<File>,
    /// SHA-256 of the compressed tar-split.
    pub(super) tar_split: Digest,
}

impl Contents {
    /// Frames lie before byte `limit` of the blob. An error says what is wrong.
    pub(super) fn parse(json: &[u8], limit: u64) -> Result<Contents, String> {
        let toc: Toc<'_> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if toc.version != VERSION {
            return Err(format!("its version is {}", toc.version));
        }
        let tar_split = toc.tar_split_digest.filter(|digest| digest.algorithm() == "sha256");
        let tar_split = tar_split.ok_or("it has no tar-split")?;
        let mut files = Vec::new();
        let mut at = 0;
        let mut rest = toc.entries.as_slice();
        while let [entry, following @ ..] = rest {
            let further = following.iter().take_while(|next| next.kind == CHUNK).count();
            let (chunks, next) = following.split_at(further);
            rest = next;
            if entry.kind != FILE || entry.size == 0 {
                continue;
            }
            let wrong = |why| format!("the entry `{}` is wrong: {why}", crate::error::printable(&entry.name));
            let file = file(entry, chunks).map_err(wrong)?;
            at = in_order(&file, at, limit).map_err(wrong)?;
            files.push(file);
        }
        Ok(Contents { files, tar_split })
    }
}

fn file(entry: &Entry<'_>, further: &[Entry<'_>]) -> Result<File, &'static str> {
    let name = entry.name.clone().into_owned();
    if further.is_empty() {
        let kind = Kind::Data { hash: hash(&entry.digest)?, start: entry.offset, end: entry.end_offset };
        return Ok(File { name, size: entry.size, chunks: vec![Chunk { at: 0, size: entry.size, kind }] });
    }
    let ends = further.iter().map(|next| next.offset).chain([entry.end_offset]);
    let mut chunks = Vec::with_capacity(further.len() + 1);
    let mut at = 0u64;
    for (row, end) in std::iter::once(entry).chain(further).zip(ends) {
        if row.chunk_offset != at || row.chunk_size == 0 || row.name != entry.name {
            return Err("its chunks have gaps");
        }
        let kind = match row.chunk_type.as_ref() {
            ZEROS => Kind::Zeros,
            "" => Kind::Data { hash: hash(&row.chunk_digest)?, start: row.offset, end },
            _ => return Err("a chunk is of an unknown kind"),
        };
        chunks.push(Chunk { at, size: row.chunk_size, kind });
        at = at.checked_add(row.chunk_size).ok_or("its chunks are too long")?;
    }
    if at == entry.size {
        Ok(File { name, size: entry.size, chunks })
    } else {
        Err("its chunks aren't as long as it is")
    }
}

/// Frames follow each other as in the stream; the end of the last.
fn in_order(file: &File, mut at: u64, limit: u64) -> Result<u64, &'static str> {
    for chunk in &file.chunks {
        let Kind::Data { start, end, .. } = chunk.kind else { continue };
        if start < at || start >= end || end > limit {
            return Err("its frames lie where they can't");
        }
        at = end;
    }
    Ok(at)
}

fn hash(digest: &Option<Digest>) -> Result<ContentHash, &'static str> {
    digest.as_ref().and_then(Digest::to_sha256).ok_or("a SHA-256 is missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(entries: &str) -> Result<Vec<File>, String> {
        let json = format!(r#"{{"version":1,"entries":[{entries}],"tarSplitDigest":"{SHA}"}}"#).replace("SHA", SHA);
        Contents::parse(json.as_bytes(), 1000).map(|contents| contents.files)
    }

    const ONE: &str = r#"{"type":"reg","name":"a","size":5,"digest":"SHA","offset":10,"endOffset":20}"#;
    const CHUNKS: &str = r#"{"type":"reg","name":"b","size":9,"offset":20,"endOffset":60,"chunkSize":4,"chunkDigest":"SHA"},
        {"type":"chunk","name":"b","offset":30,"chunkSize":2,"chunkOffset":4,"chunkType":"zeros"},
        {"type":"chunk","name":"b","offset":40,"chunkSize":3,"chunkOffset":6,"chunkDigest":"SHA"}"#;

    #[test]
    fn a_few_bytes_are_not_made_millions_of_entries() {
        let text = format!(r#"{{"version":1,"entries":[{{}}{}]}}"#, ",{}".repeat(crate::chunked::toc::MOST));
        let error = Contents::parse(text.as_bytes(), 1000).map(drop).unwrap_err();
        assert!(error.contains("it has more than 250000 entries"), "{error}");
    }

    #[test]
    fn files_and_their_chunks_are_found() {
        let hash = hash(&Some(SHA.parse().unwrap())).unwrap();
        let data = |start, end| Kind::Data { hash, start, end };
        let files =
            parse(&format!(r#"{{"type":"dir","name":"d"}},{ONE},{{"type":"reg","name":"e"}},{CHUNKS}"#)).unwrap();
        assert_eq!(files[0].chunks, [Chunk { at: 0, size: 5, kind: data(10, 20) }]);
        let chunk = |at, size, kind| Chunk { at, size, kind };
        let expected = [chunk(0, 4, data(20, 30)), chunk(4, 2, Kind::Zeros), chunk(6, 3, data(40, 60))];
        assert_eq!(files[1].chunks, expected);
        assert_eq!((files[1].name.as_str(), files[1].size, files.len()), ("b", 9, 2));
    }

    #[test]
    fn hostile_tables_are_refused() {
        for (change, to) in [
            (r#""offset":10"#, r#""offset":-10"#),
            (r#""offset":10"#, r#""offset":20"#),
            (r#""offset":10"#, r#""offset":2000"#),
            (r#""endOffset":20"#, r#""endOffset":1001"#),
            (r#""endOffset":20"#, r#""endOffset":18446744073709551616"#),
            (r#""endOffset":20"#, r#""endOffset":25"#),
            (r#""size":5"#, r#""size":-5"#),
            (r#""digest":"SHA","#, ""),
            (r#""digest":"SHA""#, r#""digest":"sha256:00""#),
            (r#""size":9"#, r#""size":8"#),
            (r#""size":9"#, r#""size":18446744073709551615"#),
            (r#""chunkSize":2"#, r#""chunkSize":0"#),
            (r#""chunkSize":2"#, r#""chunkSize":18446744073709551615"#),
            (r#""chunkOffset":4"#, r#""chunkOffset":3"#),
            (r#""chunkType":"zeros""#, r#""chunkType":"ones""#),
            (r#""chunkType":"zeros""#, r#""chunkType":"""#),
            (r#""offset":40"#, r#""offset":15"#),
            (r#""offset":40"#, r#""offset":60"#),
            (r#""type":"chunk","name":"b","offset":30"#, r#""type":"chunk","name":"c","offset":30"#),
        ] {
            let good = format!("{ONE},{CHUNKS}");
            let bad = good.replacen(change, to, 1);
            assert_ne!(good, bad, "{change}");
            assert!(parse(&bad).is_err(), "{change} {to}");
        }
        for json in ["", "[]", r#"{"version":2,"entries":[]}"#, r#"{"version":1,"entries":[]}"#, r#"{"version":1}"#] {
            assert!(Contents::parse(json.as_bytes(), 1000).is_err(), "{json}");
        }
    }
}
