//! Layers put together, and everything that can be wrong with a blob's tables.

use super::*;
use crate::chunked::write::tests::{chunked, noise, tar};
use crate::source::Fetched;
use crate::{Location, Quiet};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use store::Ownership;

/// A blob that counts what is fetched of it.
struct Blob {
    bytes: Vec<u8>,
    fetched: Mutex<u64>,
}

impl Source for Blob {
    fn name(&self) -> String {
        "blob".to_owned()
    }
    fn location(&self) -> Location {
        Location::Storage(String::new())
    }
    fn top(&self) -> Result<Fetched, Error> {
        Err(Error::Stopped)
    }
    fn blob(&self, _: &Descriptor, _: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        Err(Error::Stopped)
    }
    fn part(&self, _: &Descriptor, part: Range<u64>) -> Result<Option<Box<dyn Read + Send + '_>>, Error> {
        *self.fetched.lock().unwrap() += part.end - part.start;
        let length = self.bytes.len();
        let range = (part.start as usize).min(length)..(part.end as usize).min(length);
        Ok(Some(Box::new(&self.bytes[range])))
    }
}

struct Place {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let (root, run) = (folder.path().join("minke"), folder.path().join("run"));
        let store = Store::open(store::Location { root, run, ownership: Ownership::SingleId }).unwrap();
        Place { _folder: folder, store }
    }

    /// Whether the layer was put together, and how many bytes were fetched for it.
    fn pull(&self, tar: &[u8], bytes: Vec<u8>, descriptor: &Descriptor) -> (bool, u64) {
        let blob = Blob { bytes, fetched: Mutex::default() };
        let diff_id = Digest::sha256(tar);
        let wanted = Wanted { descriptor, diff_id: &diff_id, progress: &Quiet, stop: &AtomicBool::new(false) };
        let done = layer(&self.store, &blob, &wanted, 1 << 30).unwrap().is_some();
        assert_eq!(done, self.store.has_layer(&diff_id));
        if done {
            let mut back = Vec::new();
            self.store.layer_tar(&diff_id, &mut back).unwrap();
            assert!(back == tar);
        }
        let fetched = *blob.fetched.lock().unwrap();
        (done, fetched)
    }
}

#[test]
fn only_what_is_missing_is_fetched() {
    let place = Place::new();
    let (big, other) = (noise(900_000), noise(700_001));
    let holes = [noise(3000), vec![0; 70_000], noise(10)].concat();
    let first = tar(&[("./a", &big), ("b", b"old"), ("c", &other), ("d", &holes), ("e", b"")]);
    let (blob, descriptor) = chunked(&first);
    let (done, fetched) = place.pull(&first, blob.clone(), &descriptor);
    assert!(done && fetched <= blob.len() as u64 + 4096, "{fetched} of {}", blob.len());
    // Renamed, changed, and one that has something put into its middle.
    let mut inserted = other.clone();
    inserted.splice(350_000..350_000, *b"new");
    let second = tar(&[("x", &big), ("b", b"new"), ("c", &inserted), ("d", &holes)]);
    let (blob, descriptor) = chunked(&second);
    let (done, fetched) = place.pull(&second, blob.clone(), &descriptor);
    assert!(done && fetched < blob.len() as u64 / 3, "{fetched} of {}", blob.len());
}

#[test]
fn a_damaged_file_of_the_store_is_not_believed() {
    let place = Place::new();
    let content = noise(300_000);
    let first = tar(&[("a", &content)]);
    let (blob, descriptor) = chunked(&first);
    assert!(place.pull(&first, blob, &descriptor).0);
    let hex = Digest::sha256(&first).hex().to_owned();
    let file = place.store.location().root.join("layers").join(hex).join("diff/a");
    std::fs::write(&file, noise(300_000).iter().map(|byte| byte ^ 1).collect::<Vec<_>>()).unwrap();
    let second = tar(&[("b", &content)]);
    let (blob, descriptor) = chunked(&second);
    assert!(!place.pull(&second, blob.clone(), &descriptor).0);
    // Nor is it asked again.
    let (done, fetched) = place.pull(&second, blob.clone(), &descriptor);
    assert!(done && fetched >= blob.len() as u64 - 200, "{fetched} of {}", blob.len());
}

#[test]
fn a_path_that_comes_twice_is_not_noted() {
    let place = Place::new();
    let (a, b) = (noise(40_000), noise(50_000));
    let first = tar(&[("x/a", &a), ("b", &b)]);
    let (blob, descriptor) = chunked(&first);
    let (blob, descriptor) =
        with_table(&blob, &descriptor, |json| json.replace(r#""name":"b""#, r#""name":"./x//../x/a""#));
    assert!(place.pull(&first, blob, &descriptor).0);
    let second = tar(&[("c", &b)]);
    let (blob, descriptor) = chunked(&second);
    let (done, fetched) = place.pull(&second, blob.clone(), &descriptor);
    assert!(done && fetched >= blob.len() as u64 - 200, "{fetched} of {}", blob.len());
}

/// A blob with another table.
fn with_table(blob: &[u8], descriptor: &Descriptor, change: impl Fn(String) -> String) -> (Vec<u8>, Descriptor) {
    let positions = Positions::of(descriptor).unwrap();
    let (toc, split) = (positions.toc, positions.tar_split);
    let part = |span: Span| &blob[span.offset as usize..(span.offset + span.length) as usize];
    let json = zstd::bulk::decompress(part(toc), toc.plain as usize).unwrap();
    let json = change(String::from_utf8(json).unwrap());
    let table = zstd::bulk::compress(json.as_bytes(), 3).unwrap();
    let bytes = [&blob[..toc.offset as usize], &table, part(split)].concat();
    let toc = Span { length: table.len() as u64, plain: json.len() as u64, ..toc };
    let tar_split = Span { offset: toc.offset + toc.length, ..split };
    let positions = Positions { toc, checksum: Digest::sha256(&table), tar_split };
    let descriptor =
        Descriptor { size: bytes.len() as u64, annotations: positions.annotations(), ..descriptor.clone() };
    (bytes, descriptor)
}

#[test]
fn hostile_tables_end_in_no_layer() {
    let (a, b) = (noise(40_000), noise(50_000));
    let stream = tar(&[("a", &a), ("b", &b)]);
    let (blob, descriptor) = chunked(&stream);
    let hex = |content: &[u8]| Digest::sha256(content).hex().to_owned();
    let (of_a, of_b) = (hex(&a), hex(&b));
    let same = with_table(&blob, &descriptor, |json| json);
    assert!(Place::new().pull(&stream, same.0, &same.1).0);
    let swap = |json: String| json.replace(&of_a, "x").replace(&of_b, &of_a).replace('x', &of_b);
    let changes: [(&str, &dyn Fn(String) -> String); 7] = [
        ("a wrong digest", &|json| json.replace(&of_a, &hex(b"other"))),
        ("digests of others", &swap),
        ("a file too many", &|json| {
            json.replacen("[{", r#"[{"type":"reg","name":"c","size":1,"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","offset":1,"endOffset":2},{"#, 1)
        }),
        ("no files", &|json| json.replace(r#""type":"reg""#, r#""type":"dir""#)),
        ("a longer file", &|json| json.replace(r#""size":40000"#, r#""size":40001"#)),
        ("a shorter file", &|json| json.replace(r#""size":40000"#, r#""size":39999"#)),
        ("no JSON", &|_| "{".repeat(1000)),
    ];
    for (what, change) in changes {
        let (bytes, descriptor) = with_table(&blob, &descriptor, change);
        assert!(!Place::new().pull(&stream, bytes, &descriptor).0, "{what}");
    }
}

#[test]
fn hostile_blobs_end_in_no_layer() {
    let stream = tar(&[("a", &noise(40_000)), ("b", &noise(50_000))]);
    let (blob, descriptor) = chunked(&stream);
    let positions = Positions::of(&descriptor).unwrap();
    for at in [positions.toc.offset, positions.tar_split.offset, 30_000, positions.toc.offset - 3000] {
        let mut changed = blob.clone();
        changed[at as usize] ^= 0x55;
        assert!(!Place::new().pull(&stream, changed, &descriptor).0, "byte {at}");
    }
    for length in [0, 30_000, positions.toc.offset + 1, positions.tar_split.offset + 1] {
        let cut = blob[..length as usize].to_vec();
        assert!(!Place::new().pull(&stream, cut, &descriptor).0, "{length} bytes");
    }
    let spans = |toc: Span, tar_split: Span| {
        let annotations = Positions { toc, checksum: positions.checksum.clone(), tar_split }.annotations();
        Descriptor { annotations, ..descriptor.clone() }
    };
    let (toc, split) = (positions.toc, positions.tar_split);
    for (what, descriptor) in [
        ("a bomb of a table", spans(Span { plain: 10, ..toc }, split)),
        ("a bomb of a tar-split", spans(toc, Span { plain: 10, ..split })),
        ("a shifted table", spans(Span { offset: toc.offset + 1, length: toc.length - 1, ..toc }, split)),
        ("a shorter tar-split", spans(toc, Span { length: split.length - 1, ..split })),
    ] {
        assert!(!Place::new().pull(&stream, blob.clone(), &descriptor).0, "{what}");
    }
    let other = tar(&[("a", &noise(40_000)), ("b", &noise(50_001))]);
    assert!(!Place::new().pull(&other, blob, &descriptor).0, "another DiffID");
}
