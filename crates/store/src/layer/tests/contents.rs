//! What is known of the contents of a layer's files, and what is made of a note that is wrong.

use crate::testing::{Fixture, Tar};
use crate::{ContentHash, FilePart, Store};
use oci::Digest;
use std::collections::HashSet;
use std::io::Read;

const WHOLE: ContentHash = [1; 32];
const END: ContentHash = [2; 32];
const WRONG: ContentHash = [3; 32];

/// A layer with the file `a/file`; its DiffID.
fn stored(store: &Store) -> Digest {
    let tar = Tar::new().folder("a/").file("a/file", b"0123456789").symlink("a/link", "file").end();
    let mut layer = store.begin_layer().unwrap();
    let part = |hash, offset, size| FilePart { hash, offset, size };
    let file = vec![part(WHOLE, 0, 10), part(END, 8, 2)];
    let beyond = |path: &'static [u8]| (path, vec![part(WRONG, 8, 3)]);
    let notes = [(&b"a/file"[..], file), beyond(b"a/file"), beyond(b"a/link"), beyond(b"../layer.json"), beyond(b"a")];
    layer.note_contents(notes.into_iter()).unwrap();
    let diff_id = layer.apply(&mut tar.as_slice(), u64::MAX).unwrap().diff_id;
    layer.finish(&diff_id).unwrap();
    diff_id
}

#[test]
fn contents_are_found_in_files_that_have_them() {
    let fixture = Fixture::new();
    let layer = stored(&fixture.store);
    let wanted = HashSet::from([WHOLE, END, WRONG, [4; 32]]);
    let found = fixture.store.find_contents(&wanted);
    let mut sums: Vec<_> = found.keys().copied().collect();
    sums.sort_unstable();
    assert_eq!(sums, [WHOLE, END]);
    let mut reader = fixture.store.read_contents();
    let mut read = |hash| {
        let mut text = String::new();
        reader.begin(&found[&hash]).unwrap();
        reader.read_to_string(&mut text).unwrap();
        text
    };
    let whole = read(WHOLE);
    assert_eq!([read(END), read(END), read(WHOLE)], ["89", "89", &whole]);
    std::fs::remove_dir_all(fixture.store.layer_path(&layer)).unwrap();
    assert!(fixture.store.read_contents().begin(&found[&END]).is_err());
    assert!(fixture.store.find_contents(&wanted).is_empty());
}

#[test]
fn a_note_that_makes_no_sense_is_no_note() {
    let fixture = Fixture::new();
    let path = fixture.store.layer_path(&stored(&fixture.store)).join("contents");
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(fixture.store.find_contents(&HashSet::from([WRONG])).is_empty());
    }
    std::fs::write(&path, [0xff; 4096]).unwrap();
    assert!(fixture.store.find_contents(&HashSet::from([WHOLE])).is_empty());
}
