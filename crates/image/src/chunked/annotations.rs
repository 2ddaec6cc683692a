//! Where table of contents and tar-split are in a blob, as the annotations of its descriptor say.

use super::CRFS;
use oci::Digest;
use oci::image::Descriptor;
use std::collections::BTreeMap;

const CHECKSUM: &str = "io.github.containers.zstd-chunked.manifest-checksum";
const TOC: &str = "io.github.containers.zstd-chunked.manifest-position";
const TAR_SPLIT: &str = "io.github.containers.zstd-chunked.tarsplit-position";

/// The longest table, compressed or not, and the longest compressed tar-split, in bytes, that are written and believed: some
/// 250,000 files. What has more is fetched whole.
pub(super) const LONGEST: u64 = 64 << 20;
/// The longest tar-split, decompressed, in bytes. It is never whole in memory, and has some 1,200 for each file.
pub(super) const LONGEST_SPLIT: u64 = 1 << 30;
/// Between the two lies the head of a frame.
const LARGEST_GAP: u64 = 4096;

/// Some bytes of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// Bytes when decompressed.
    pub(crate) plain: u64,
}

/// What the annotations say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Positions {
    pub(crate) toc: Span,
    /// SHA-256 of the compressed table.
    pub(crate) checksum: Digest,
    pub(crate) tar_split: Span,
}

/// Whether a descriptor is of a zstd:chunked blob, as far as it can tell.
pub(crate) fn is_chunked(descriptor: &Descriptor) -> bool {
    Positions::of(descriptor).is_some()
}

impl Positions {
    /// `None`: there are none, or none that make sense.
    pub(crate) fn of(descriptor: &Descriptor) -> Option<Positions> {
        let get = |key: &str| descriptor.annotations.get(key);
        let checksum: Digest = get(CHECKSUM)?.parse().ok().filter(|d: &Digest| d.algorithm() == "sha256")?;
        let (toc, [kind]) = numbers(get(TOC)?)?;
        let (tar_split, []) = numbers(get(TAR_SPLIT)?)?;
        let fits = |span: &Span, longest| {
            let end = span.offset.checked_add(span.length);
            span.offset > 0
                && span.length <= LONGEST
                && span.plain <= longest
                && end.is_some_and(|e| e <= descriptor.size)
        };
        let gap = tar_split.offset.checked_sub(toc.offset.checked_add(toc.length)?)?;
        let sound = kind == CRFS && fits(&toc, LONGEST) && fits(&tar_split, LONGEST_SPLIT) && gap <= LARGEST_GAP;
        if !sound {
            log::info!("layer {}: its table of contents isn't used: it is too long or misplaced", descriptor.digest);
        }
        sound.then_some(Positions { toc, checksum, tar_split })
    }

    /// As annotations.
    pub(crate) fn annotations(&self) -> BTreeMap<String, String> {
        let Positions { toc, checksum, tar_split } = self;
        BTreeMap::from([
            (CHECKSUM.to_owned(), checksum.to_string()),
            (TOC.to_owned(), format!("{}:{}:{}:{CRFS}", toc.offset, toc.length, toc.plain)),
            (TAR_SPLIT.to_owned(), format!("{}:{}:{}", tar_split.offset, tar_split.length, tar_split.plain)),
        ])
    }
}

/// `offset:length:plain` and `N` more numbers.
fn numbers<const N: usize>(text: &str) -> Option<(Span, [u64; N])> {
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
    let all: Vec<u64> = text.split(':').map(number).collect::<Option<_>>()?;
    let (&[offset, length, plain], rest) = all.split_first_chunk()?;
    Some((Span { offset, length, plain }, rest.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(toc: &str, tar_split: &str) -> Descriptor {
        let checksum = Digest::sha256(b"").to_string();
        let annotations = [(CHECKSUM, checksum.as_str()), (TOC, toc), (TAR_SPLIT, tar_split)];
        let annotations = annotations.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        Descriptor { annotations, ..Descriptor::new("", Digest::sha256(b""), 1000) }
    }

    #[test]
    fn positions_are_read_and_written() {
        let positions = Positions::of(&descriptor("100:50:900:1", "158:42:77")).unwrap();
        assert_eq!(positions.toc, Span { offset: 100, length: 50, plain: 900 });
        assert_eq!(positions.tar_split, Span { offset: 158, length: 42, plain: 77 });
        assert_eq!(positions.annotations(), descriptor("100:50:900:1", "158:42:77").annotations);
    }

    #[test]
    fn positions_outside_of_the_blob_are_none() {
        for (toc, tar_split) in [
            ("100:50:900:1", "990:42:77"),
            ("1001:1:1:1", "1:1:1"),
            ("100:50:900:2", "158:42:77"),
            ("100:50:900", "158:42:77"),
            ("100:50:900:1", "158:42:77:1"),
            ("100:50:900:1", "140:42:77"),
            ("18446744073709551615:50:900:1", "158:42:77"),
            ("100:18446744073709551615:900:1", "158:42:77"),
            ("100:50:99999999999:1", "158:42:77"),
            ("-100:50:900:1", "158:42:77"),
            ("+100:50:900:1", "158:42:77"),
            ("0:50:900:1", "158:42:77"),
            ("", "158:42:77"),
        ] {
            assert_eq!(Positions::of(&descriptor(toc, tar_split)), None, "{toc} {tar_split}");
        }
    }
}
