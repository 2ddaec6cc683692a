//! Blobs as they are written, and helpers for tests of reading them.

use super::*;
use crate::chunked::Positions;
use oci::Digest;
use oci::image::Descriptor;
use std::io::Read;
use tar_core::EntryType;
use tar_core::builder::EntryBuilder;

/// A tar stream of these files.
pub(in crate::chunked) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        let mut entry = EntryBuilder::new_ustar();
        entry.path(name.as_bytes()).mode(0o644).unwrap().size(content.len() as u64).unwrap();
        entry.entry_type(EntryType::Regular);
        out.extend(entry.finish_bytes());
        out.extend(*content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.extend([0; 1024]);
    out
}

/// The blob and its descriptor.
pub(in crate::chunked) fn chunked(tar: &[u8]) -> (Vec<u8>, Descriptor) {
    let annotations = Annotations::default();
    let mut blob = Vec::new();
    Encoder::new(tar, 3, annotations.clone()).read_to_end(&mut blob).unwrap();
    let descriptor = Descriptor {
        annotations: annotations.lock().unwrap().clone(),
        ..Descriptor::new(oci::media_type::OCI_LAYER_ZSTD, Digest::sha256(&blob), blob.len() as u64)
    };
    (blob, descriptor)
}

/// Other bytes for each length.
pub(in crate::chunked) fn noise(length: usize) -> Vec<u8> {
    testkit::noise(length as u64, length)
}

#[test]
fn it_is_zstd_of_the_stream_and_the_footer_says_where_the_table_is() {
    let content = [noise(200_000), vec![0; 5000], noise(1000)].concat();
    let tar = tar(&[("a", b"small"), ("empty", b""), ("big", &content), ("zeros", &[0; 3000])]);
    let (blob, descriptor) = chunked(&tar);
    assert!(zstd::stream::decode_all(blob.as_slice()).unwrap() == tar);
    let positions = Positions::of(&descriptor).unwrap();
    let footer = &blob[blob.len() - 64..];
    let number = |at: usize| u64::from_le_bytes(footer[at * 8..at * 8 + 8].try_into().unwrap());
    assert_eq!((number(0), number(1), number(2), number(3)), {
        let toc = positions.toc;
        (toc.offset, toc.length, toc.plain, 1)
    });
    assert_eq!(&footer[56..], b"GNUlInUx");
    let toc = &blob[number(0) as usize..(number(0) + number(1)) as usize];
    assert_eq!(Digest::sha256(toc), positions.checksum);
    let json = String::from_utf8(zstd::bulk::decompress(toc, number(2) as usize).unwrap()).unwrap();
    let first = r#"{"type":"reg","name":"a","size":5,"digest":"sha256:"#;
    assert!(json.starts_with(&format!(r#"{{"version":1,"entries":[{first}"#)), "{json}");
    assert!(json.contains(r#""chunkType":"zeros""#) && json.contains(r#""type":"chunk","name":"big""#), "{json}");
    assert!(json.contains(r#"{"type":"reg","name":"empty","mode":420,"modtime":"1970-01-01T00:00:00Z"}"#), "{json}");
}

#[test]
fn what_the_table_cant_have_becomes_plain_zstd() {
    let twice = tar(&[("a", b"1"), ("./a", b"2")]);
    let mut unreadable = tar(&[("a", b"1"), ("b", b"2")]);
    unreadable[1024 + 148] ^= 1;
    let mut unknown = tar(&[("a", b"1")]);
    unknown[156] = b'7';
    unknown[148..156].copy_from_slice(b"        ");
    let sum: u32 = unknown[..512].iter().map(|byte| u32::from(*byte)).sum();
    unknown[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    for stream in [twice, unknown, b"no tar at all".to_vec(), Vec::new()] {
        let (blob, descriptor) = chunked(&stream);
        assert!(zstd::stream::decode_all(blob.as_slice()).unwrap() == stream);
        assert_eq!(Positions::of(&descriptor).is_some(), stream.is_empty(), "{}", stream.len());
    }
    let (blob, _) = chunked(&unreadable);
    assert!(zstd::stream::decode_all(blob.as_slice()).unwrap() == unreadable);
}

#[test]
fn what_breaks_off_is_plain_zstd() {
    let whole = tar(&[("a", &noise(200_001)), ("b", b"x")]);
    // In a header, in content, in padding.
    for length in [300, 512, 513, 150_000, 512 + 200_001, 512 + 200_100, 512 + 200_192 + 200] {
        let (blob, descriptor) = chunked(&whole[..length]);
        assert!(descriptor.annotations.is_empty(), "{length}");
        assert!(zstd::stream::decode_all(blob.as_slice()).unwrap() == whole[..length], "{length}");
    }
    let failing = whole[..2000].chain(FailingReader);
    assert!(Encoder::new(failing, 3, Annotations::default()).read_to_end(&mut Vec::new()).is_err());
}

struct FailingReader;

impl Read for FailingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("gone"))
    }
}

/// Bytes behind the archive's end would all be kept in the tar-split.
#[test]
fn what_makes_the_table_too_long_is_plain_zstd() {
    let tar = [tar(&[("a", b"small")]), noise(70 << 20)].concat();
    let (blob, descriptor) = chunked(&tar);
    assert!(descriptor.annotations.is_empty());
    assert!(zstd::stream::decode_all(blob.as_slice()).unwrap() == tar);
}
