//! Content that a later entry of the same layer replaced. It isn't in `diff/` any more but belongs to the tar stream.
//!
//! `extra/<n>` is a replaced file or folder; `extra.json` lists, oldest first, what each was called and how many file
//! records were in `tar-meta` then.

use crate::error::{At, Error};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Serialize, Deserialize)]
struct Replaced {
    /// Path in `diff/`, bytes as they are.
    path: Vec<u8>,
    /// Concerns file records with smaller numbers only.
    before: u64,
}

/// The list, and where the replaced things are.
#[derive(Default)]
pub(super) struct Extra {
    list: Vec<Replaced>,
}

impl Extra {
    /// Where the next replaced thing has to be moved, relative to the layer's folder.
    pub(super) fn next_name(&self) -> String {
        format!("extra/{}", self.list.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Something was moved to [`Extra::next_name`].
    pub(super) fn push(&mut self, path: Vec<u8>, before: u64) {
        self.list.push(Replaced { path, before });
    }

    pub(super) fn write(&self, layer: &Path) -> Result<(), Error> {
        let path = layer.join("extra.json");
        let json = serde_json::to_vec(&self.list).map_err(io::Error::from).at("encode", &path)?;
        std::fs::write(&path, json).at("write", &path)
    }

    pub(super) fn read(layer: &Path) -> Result<Extra, Error> {
        let path: PathBuf = layer.join("extra.json");
        match std::fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Extra::default()),
            text => {
                let list = serde_json::from_slice(&text.at("read", &path)?);
                Ok(Extra { list: list.map_err(io::Error::from).at("parse", &path)? })
            }
        }
    }

    /// Where the content of file record `number` is, relative to the layer's folder.
    pub(super) fn locate(&self, path: &[u8], number: u64) -> Vec<u8> {
        for (n, replaced) in self.list.iter().enumerate() {
            let Some(rest) = path.strip_prefix(replaced.path.as_slice()) else { continue };
            if number < replaced.before && (rest.is_empty() || rest[0] == b'/') {
                return [format!("extra/{n}").as_bytes(), rest].concat();
            }
        }
        [b"diff/", path].concat()
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_oldest_replacement_after_the_record_counts() {
        let mut extra = Extra::default();
        extra.push(b"a".to_vec(), 1);
        extra.push(b"a".to_vec(), 3);
        extra.push(b"d".to_vec(), 4);
        for (path, number, expected) in [
            ("a", 0, "extra/0"),
            ("a", 1, "extra/1"),
            ("a", 2, "extra/1"),
            ("a", 3, "diff/a"),
            ("ab", 0, "diff/ab"),
            ("d/x", 0, "extra/2/x"),
        ] {
            assert_eq!(extra.locate(path.as_bytes(), number), expected.as_bytes(), "{path} {number}");
        }
    }
}
