//! Streams made to do harm: each is refused with a message that says why, and nothing is left behind.

use super::error_chain;
use crate::Error;
use crate::testing::{Fixture, Tar};
use std::io::Read;

/// Each of these is refused with a message that says why, and leaves nothing behind.
#[test]
fn hostile_layers_are_refused() {
    let long = vec![b'x'; 300];
    let sparse = |records: &[(&str, &[u8])]| Tar::new().pax(records).file("s", b"12345").end();
    let mut bad_sum = Tar::new().file("a", b"").end();
    bad_sum[0] = b'b';
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("`../x`: it leaves the layer's folder", Tar::new().file("../x", b"").end()),
        ("`a/../../x`: it leaves", Tar::new().file("a/../../x", b"").end()),
        ("hard link to a file outside", Tar::new().hardlink("a", "../../etc/passwd").end()),
        ("hard link to a file that the layer doesn't have", Tar::new().hardlink("a", "/etc/passwd").end()),
        ("hard link to a file that the layer doesn't have", Tar::new().hardlink("a", "no/where").end()),
        ("hard link to itself", Tar::new().file("a", b"").hardlink("a", "a").end()),
        ("hard link to a folder", Tar::new().hardlink("a", "/").end()),
        ("create hard link: ", Tar::new().folder("d").hardlink("a", "d").end()),
        ("symbolic link to nothing", Tar::new().symlink("l", "/nowhere/at/all").file("l/passwd", b"").end()),
        ("too many symbolic links", Tar::new().symlink("l", "m").symlink("m", "l").file("l/x", b"").end()),
        ("a part of its path is no folder", Tar::new().file("f", b"").file("f/x", b"").end()),
        ("a whiteout of nothing", Tar::new().file("a/.wh.", b"").end()),
        ("a whiteout of a folder itself or of its parent", Tar::new().file("a/.wh..", b"").end()),
        ("a whiteout of a folder itself or of its parent", Tar::new().file("a/.wh...", b"").end()),
        ("a whiteout can't be a folder", Tar::new().file(".wh.a/b", b"").end()),
        ("only a folder can take the place", Tar::new().file("./", b"").end()),
        ("only a folder can take the place", Tar::new().symlink(".", "x").end()),
        ("symbolic link to nothing", Tar::new().symlink("a", "").end()),
        ("its type is unknown", Tar::new().raw(b"a", b'V', 0, "", b"").end()),
        ("NUL byte", Tar::new().pax(&[("path", b"a\0b")]).file("a", b"").end()),
        ("NUL byte", Tar::new().pax(&[("linkpath", b"a\0b")]).symlink("a", "b").end()),
        ("File name too long", Tar::new().pax(&[("path", &long)]).file("a", b"").end()),
        ("a number in its PAX header is malformed", Tar::new().pax(&[("size", b"-5")]).file("a", b"").end()),
        ("a number in its PAX header is malformed", Tar::new().pax(&[("uid", b"0x1")]).file("a", b"").end()),
        ("its PAX time is malformed", Tar::new().pax(&[("mtime", b"noon")]).file("a", b"").end()),
        ("its owner's number is out of range", Tar::new().pax(&[("uid", b"4294967295")]).file("a", b"").end()),
        ("its map of holes is wrong", sparse(&[("GNU.sparse.map", b"0,9"), ("GNU.sparse.size", b"10")])),
        ("its map of holes is wrong", sparse(&[("GNU.sparse.map", b"8,5"), ("GNU.sparse.size", b"10")])),
        ("no valid tar archive", sparse(&[("GNU.sparse.map", b"8,x"), ("GNU.sparse.size", b"10")])),
        ("the checksum of a header is wrong", bad_sum),
        ("a header has \"xxxxxxxx\" where an octal number should be", vec![b'x'; 2048]),
        ("ends in the middle", Tar::new().file("a", &[1; 2000]).0[..1024].to_vec()),
        ("ends in the middle", Tar::new().file("a", b"abc").0[..515].to_vec()),
        ("ends in the middle", Tar::new().file("a", b"abc").0[..100].to_vec()),
        ("metadata exceeds limit", Tar::new().pax(&[("comment", &vec![b'x'; 2 << 20])]).file("a", b"").end()),
        ("no valid tar archive", Tar::new().raw(b"folder", b'5', 0o755, "", b"content of a folder").end()),
    ];
    let fixture = Fixture::new();
    for (why, tar) in cases {
        let mut layer = fixture.store.begin_layer().unwrap();
        let error = layer.apply(&mut &tar[..], 1 << 30).map(drop).expect_err(why);
        let error = error_chain(&error);
        assert!(error.contains(why), "{error} lacks {why}");
        assert!(!error.contains('\0'), "{error:?}");
        drop(layer);
        assert_eq!(fixture.waste(), [""; 0], "{why}");
    }
    assert_eq!(std::fs::read_dir(fixture.path("layers")).unwrap().count(), 0);
}

#[test]
fn streams_are_bounded_and_their_errors_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("connection lost"))
        }
    }
    let fixture = Fixture::new();
    let mut layer = fixture.store.begin_layer().unwrap();
    assert!(matches!(layer.apply(&mut Broken, 9), Err(Error::Stream(e)) if e.to_string() == "connection lost"));
    let mut layer = fixture.store.begin_layer().unwrap();
    let mut endless = std::io::repeat(0);
    assert!(matches!(layer.apply(&mut endless, 1 << 20), Err(Error::TooLong { limit: 1048576 })));
}

/// Runs this program's child test on a tiny file system in a mount namespace of its own.
#[test]
fn privileged_a_full_disk_is_named_and_nothing_is_left() {
    if !crate::testing::root() {
        return;
    }
    for options in ["size=1m", "nr_inodes=60"] {
        let folder = tempfile::tempdir().unwrap();
        let output = std::process::Command::new("unshare")
            .args(["-m", "sh", "-c"])
            .arg(r#"mount -t tmpfs -o "$1" tiny "$STORE_TEST_FOLDER" && exec "$2" --exact "$3" --ignored"#)
            .args(["sh", options])
            .arg(std::env::current_exe().unwrap())
            .arg("layer::tests::hostile::child_fills_the_disk")
            .env("STORE_TEST_FOLDER", folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{options}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
}

/// Not a test: what `privileged_a_full_disk_is_named_and_nothing_is_left` starts.
#[test]
#[ignore]
fn child_fills_the_disk() {
    let Ok(folder) = std::env::var("STORE_TEST_FOLDER") else { return };
    let store = crate::testing::open(&std::path::Path::new(&folder).join("store"));
    let mut tar = Tar::new().file("big", &vec![1; 3 << 20]);
    for n in 0..100 {
        tar = tar.file(&format!("d/{n}"), b"");
    }
    let free = || {
        let stat = rustix::fs::statvfs(folder.as_str()).unwrap();
        (stat.f_bfree, stat.f_ffree)
    };
    let before = free();
    let error = crate::testing::add_layer(&store, &tar.end()).unwrap_err();
    assert!(matches!(&error, Error::Full { path, .. } if path.starts_with(&folder)), "{error:?}");
    assert!(error_chain(&error).contains("no space left on the file system of"), "{error}");
    assert_eq!(free(), before);
    crate::testing::add_layer(&store, &Tar::new().file("small", b"1").end()).unwrap();
}
