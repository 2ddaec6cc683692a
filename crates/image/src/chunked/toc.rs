//! The table of contents: an entry for each of the tar stream's, and one more for each further chunk of a file.

use oci::Digest;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The table as it is written and read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Toc<'a> {
    pub(super) version: u32,
    #[serde(borrow, deserialize_with = "entries")]
    pub(super) entries: Vec<Entry<'a>>,
    /// SHA-256 of the compressed tar-split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tar_split_digest: Option<Digest>,
}

/// The only version there is.
pub(super) const VERSION: u32 = 1;

/// The most that are written and read: a few bytes of hostile table could be millions of empty ones.
pub(super) const MOST: usize = 250_000;

fn entries<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Vec<Entry<'a>>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<Entry<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {MOST} entries")
        }

        fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
            let mut all = Vec::new();
            while let Some(entry) = seq.next_element()? {
                if all.len() == MOST {
                    return Err(S::Error::custom(format_args!("it has more than {MOST} entries")));
                }
                all.push(entry);
            }
            Ok(all)
        }
    }
    from.deserialize_seq(Entries)
}

/// What is left out is zero or empty.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Entry<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    /// Of the whole file.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<Digest>,
    /// Where the first frame of the chunk begins in the blob.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) offset: u64,
    /// Where the last frame of the file ends.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) end_offset: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) chunk_size: u64,
    /// In the file.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) chunk_offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) chunk_digest: Option<Digest>,
    #[serde(skip_serializing_if = "str::is_empty", borrow)]
    pub(super) chunk_type: Cow<'a, str>,
    /// Not read: the headers of the tar stream are what counts.
    #[serde(flatten, skip_deserializing)]
    pub(super) described: Option<Box<Described>>,
}

/// What other readers take from here instead of from the tar stream's headers.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    #[serde(rename = "linkName", skip_serializing_if = "String::is_empty")]
    pub(super) link_name: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) mode: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) uid: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) gid: u64,
    /// RFC 3339.
    #[serde(rename = "modtime", skip_serializing_if = "Option::is_none")]
    pub(super) mod_time: Option<String>,
    #[serde(rename = "accesstime", skip_serializing_if = "Option::is_none")]
    pub(super) access_time: Option<String>,
    #[serde(rename = "changetime", skip_serializing_if = "Option::is_none")]
    pub(super) change_time: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) dev_major: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) dev_minor: u64,
    /// Values in base64.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) xattrs: BTreeMap<String, String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

pub(super) const FILE: &str = "reg";
pub(super) const CHUNK: &str = "chunk";
/// A chunk that consists of zeros.
pub(super) const ZEROS: &str = "zeros";

/// A path as others compare them.
pub(super) fn cleaned(name: &str) -> Vec<u8> {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/").into_bytes()
}
