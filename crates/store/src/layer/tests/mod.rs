//! Applying layers: what well-made ones become, what hostile ones don't, and that every stream comes back bit for bit.

mod contents;
mod hostile;
mod mutation;
mod owners;

use crate::testing::{Fixture, Tar, add_layer, root};
use crate::{Error, Store};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;

fn error_chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", error_chain(source)),
        None => error.to_string(),
    }
}

fn xattr(path: &Path, key: &str) -> Option<Vec<u8>> {
    let mut value = [0; 256];
    let length = rustix::fs::lgetxattr(path, key, &mut value[..]).ok()?;
    Some(value[..length].to_vec())
}

fn is_opaque(store: &Store, path: &Path) -> bool {
    xattr(path, super::opaque_attribute(store.location().ownership)).as_deref() == Some(b"y")
}

fn is_whiteout(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|m| m.file_type().is_char_device() && m.rdev() == 0)
}

/// The layer's `diff`, after checking that its stream comes back.
#[track_caller]
fn applied(fixture: &Fixture, tar: &[u8]) -> std::path::PathBuf {
    let layer = add_layer(&fixture.store, tar).unwrap_or_else(|e| panic!("{}", error_chain(&e)));
    let mut back = Vec::new();
    fixture.store.layer_tar(&layer.diff_id, &mut back).unwrap();
    assert!(back == tar, "stream differs: {} bytes, were {}", back.len(), tar.len());
    fixture.store.layer_path(&layer.diff_id).join("diff")
}

#[test]
fn entries_become_files() {
    let fixture = Fixture::new();
    let tar = Tar::new()
        .folder("./")
        .folder("etc/")
        .file("etc/passwd", b"root")
        .symlink("etc/link", "../../../../etc/passwd")
        .hardlink("etc/hard", "etc/passwd")
        .raw(b"bin/su", b'0', 0o4755, "", b"#!")
        .raw(b"pipe", b'6', 0o600, "", b"")
        .raw(b"old/", 0, 0o755, "", b"")
        .end();
    let diff = applied(&fixture, &tar);
    assert_eq!(std::fs::read(diff.join("etc/hard")).unwrap(), b"root");
    assert_eq!(diff.join("etc/hard").metadata().unwrap().nlink(), 2);
    assert_eq!(diff.join("etc/link").read_link().unwrap().to_str(), Some("../../../../etc/passwd"));
    assert_eq!(diff.join("bin/su").metadata().unwrap().mode() & 0o7777, 0o4755);
    assert!(diff.join("pipe").metadata().unwrap().file_type().is_fifo());
    assert!(diff.join("old").is_dir());
    for path in ["etc", "etc/passwd", "etc/link", "."] {
        assert_eq!(diff.join(path).symlink_metadata().unwrap().mtime(), 0o14000000000, "{path}");
    }
}

#[test]
fn streams_come_back_even_if_entries_replace_each_other() {
    let fixture = Fixture::new();
    for tar in [
        Tar::new().file("a", b"one").file("a", b"two").file("a", b""),
        Tar::new().file("d/x", b"one").file("d", b"two").file("e/x", b"three"),
        Tar::new().folder("d").file("d/x", b"one").symlink("d", "e").folder("d").file("d/x", b"two"),
        Tar::new().file("a", b"one").hardlink("b", "a").file("a", b"two").file("b", b"three"),
        Tar::new().raw(b".wh.gone", b'0', 0, "", b"content of a whiteout").file("x", b"1"),
    ] {
        applied(&fixture, &tar.end());
    }
    // No end at all, an end of one block, nothing.
    applied(&fixture, &Tar::new().file("a", b"one").0);
    applied(&fixture, &[Tar::new().file("a", b"one").0, vec![0; 512]].concat());
    applied(&fixture, b"");
    // Garbage behind the end and in the padding.
    let mut tar = Tar::new().file("a", b"one").end();
    tar.extend_from_slice(b"garbage");
    tar[600] = 7;
    applied(&fixture, &tar);
}

#[test]
fn whiteouts_hide_what_is_below_but_not_their_own_layer() {
    let fixture = Fixture::new();
    let tar = Tar::new()
        .file("d/.wh.gone", b"")
        .file("d/.wh..hidden", b"")
        .folder("o")
        .file("o/.wh..wh..opq", b"")
        .file(".wh.kept", b"")
        .file("kept", b"file after whiteout")
        .file("before", b"file before whiteout")
        .file(".wh.before", b"")
        .file(".wh.again", b"")
        .folder("again")
        .file(".wh.implied", b"")
        .file("implied/x", b"")
        .file(".wh.twice", b"")
        .file("twice/.wh.inner", b"")
        .folder("last")
        .file(".wh.last", b"")
        .file(".wh..wh.plnk/1.2", b"aufs")
        .end();
    let diff = applied(&fixture, &tar);
    for path in ["d/gone", "d/.hidden", "twice"] {
        assert!(is_whiteout(&diff.join(path)), "{path}");
    }
    for path in ["o", "again", "implied", "last"] {
        assert!(is_opaque(&fixture.store, &diff.join(path)), "{path}");
    }
    for path in ["kept", "before", "implied/x"] {
        assert!(diff.join(path).is_file(), "{path}");
    }
    assert!(!diff.join(".wh..wh.plnk").exists());
}

#[test]
fn an_opaque_root_hides_all_layers_below() {
    let fixture = Fixture::new();
    let layers: Vec<_> = [
        Tar::new().file("a", b"1").end(),
        Tar::new().file(".wh..wh..opq", b"").end(),
        Tar::new().file("c", b"3").end(),
    ]
    .iter()
    .map(|tar| add_layer(&fixture.store, tar).unwrap().diff_id)
    .collect();
    let lower = fixture.store.create_root("c1", &layers).unwrap().lower;
    assert_eq!(lower.len(), 2);
    assert!(lower[0].ends_with(format!("{}/diff", layers[2].hex())));
}

#[test]
fn links_in_paths_are_followed_within_the_layer_only() {
    let fixture = Fixture::new();
    let tar = Tar::new()
        .folder("usr/lib")
        .symlink("lib", "usr/lib")
        .file("lib/a", b"1")
        .symlink("abs", "/usr")
        .file("abs/lib/b", b"2")
        .symlink("up", "../../../../../usr")
        .file("up/lib/new/c", b"3")
        .symlink("usr/chain", "../lib")
        .hardlink("hard", "usr/chain/a")
        .end();
    let diff = applied(&fixture, &tar);
    for (path, content) in [("usr/lib/a", "1"), ("usr/lib/b", "2"), ("usr/lib/new/c", "3"), ("hard", "1")] {
        assert_eq!(std::fs::read_to_string(diff.join(path)).unwrap(), content, "{path}");
    }
}

#[test]
fn a_layer_must_have_the_promised_digest() {
    let fixture = Fixture::new();
    let mut layer = fixture.store.begin_layer().unwrap();
    layer.apply(&mut &Tar::new().end()[..], 1 << 20).unwrap();
    let expected = oci::Digest::sha256(b"other");
    assert!(matches!(layer.finish(&expected), Err(Error::WrongDigest { .. })));
    assert!(!fixture.store.has_layer(&expected));
    assert_eq!(fixture.waste(), [""; 0]);
}

#[test]
fn the_same_layer_twice_is_one() {
    let fixture = Fixture::new();
    let tar = Tar::new().file("a", b"1").end();
    let (mut one, mut two) = (fixture.store.begin_layer().unwrap(), fixture.store.begin_layer().unwrap());
    let id = one.apply(&mut &tar[..], 1 << 20).unwrap().diff_id;
    two.apply(&mut &tar[..], 1 << 20).unwrap();
    one.finish(&id).unwrap();
    two.finish(&id).unwrap();
    assert!(fixture.store.has_layer(&id));
    assert_eq!(std::fs::read_dir(fixture.path("layers")).unwrap().count(), 1);
}

#[test]
fn pax_says_more_than_headers() {
    let fixture = Fixture::new();
    let name = format!("{}/ü", ["long"; 60].join("/"));
    let tar = Tar::new()
        .pax(&[
            ("path", name.as_bytes()),
            ("mtime", b"1234567890.123456789"),
            ("SCHILY.xattr.user.color", b"bl\0ue"),
            ("SCHILY.xattr.user.overlay.redirect", b"/etc"),
            ("SCHILY.xattr.trusted.overlay.redirect", b"/etc"),
            ("SCHILY.xattr.trusted.overlay.opaque", b"y"),
            ("SCHILY.xattr.security.selinux", b"x"),
        ])
        .file("short", b"")
        .pax(&[("mtime", b"-1.5")])
        .file("old", b"")
        .end();
    let diff = applied(&fixture, &tar);
    let meta = diff.join(&name).metadata().unwrap();
    assert_eq!((meta.mtime(), meta.mtime_nsec()), (1234567890, 123456789));
    assert_eq!(xattr(&diff.join(&name), "user.color").unwrap(), b"bl\0ue");
    for key in ["trusted.overlay.redirect", "trusted.overlay.opaque", "security.selinux"] {
        assert_eq!(xattr(&diff.join(&name), key), None, "{key}");
    }
    // Overlay's own attributes are data.
    let kept = if root() { "trusted.overlay.overlay.redirect" } else { "user.overlay.overlay.redirect" };
    assert_eq!(xattr(&diff.join(&name), kept).unwrap(), b"/etc");
    let old = diff.join("old").metadata().unwrap();
    assert_eq!((old.mtime(), old.mtime_nsec()), (-2, 500_000_000));
}

#[test]
fn a_path_may_be_ten_thousand_folders_deep() {
    let fixture = Fixture::new();
    let deep = ["d"; 10_000].join("/");
    let file = format!("{deep}/file");
    let tar = Tar::new()
        .pax(&[("path", deep.as_bytes())])
        .folder("x")
        .pax(&[("path", file.as_bytes())])
        .file("x", b"content")
        .file("top", b"1")
        .pax(&[("path", file.as_bytes())])
        .file("x", b"replaced")
        .end();
    applied(&fixture, &tar);
    // Deleting it takes neither stack nor descriptors.
    let image = crate::testing::add_image(&fixture.store, "deep", &[oci::Digest::sha256(&tar)], &["a.b/c:1"]);
    fixture.store.remove_image(&image.unwrap().id).unwrap();
    fixture.store.reclaim().unwrap();
    assert_eq!(fixture.waste(), [""; 0]);
}

#[test]
fn a_deep_tree_may_be_described_folder_by_folder() {
    let fixture = Fixture::new();
    let mut tar = Tar::new();
    for depth in 1..600 {
        let path = ["folder"; 600][..depth].join("/");
        tar = tar.pax(&[("path", path.as_bytes())]).raw(b"x", b'5', 0o700, "", b"");
    }
    applied(&fixture, &tar.end());
}

/// Streams as real programs write them.
#[test]
fn streams_of_real_programs_come_back() {
    let fixture = Fixture::new();
    let source = fixture.folder.path().join("source");
    let script = r#"
        set -e; mkdir -p "$1/dir/sub"; cd "$1"
        head -c 300000 /dev/urandom > dir/big; echo hi > dir/sub/small; ln dir/big dir/hard; ln -s big dir/link
        truncate -s 10M sparse; echo data | dd of=sparse bs=1 seek=5000000 conv=notrunc status=none
        n=$(printf 'n%.0s' $(seq 120)); mkdir -p $n/$n; echo long > $n/$n/$n; mkfifo pipe; chmod 4755 dir/sub/small
        touch -d '1950-01-01' old
    "#;
    assert!(Command::new("sh").args(["-c", script, "sh"]).arg(&source).status().unwrap().success());
    let python = r#"
import sys, tarfile
t = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=getattr(tarfile, sys.argv[1]))
t.add('.')
t.close()
"#;
    let tar = |args: &[&str]| ("tar", args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>());
    for (program, args) in [
        tar(&["-c", "--format=gnu", "."]),
        tar(&["-c", "--format=gnu", "--sparse", "."]),
        tar(&["-c", "--format=pax", "--sparse", "--xattrs", "."]),
        tar(&["-c", "--format=pax", "--sparse", "--sparse-version=0.0", "."]),
        tar(&["-c", "--format=pax", "--sparse", "--sparse-version=0.1", "."]),
        tar(&["-c", "--format=v7", "--exclude=nnn*", "--exclude=old", "--exclude=pipe", "."]),
        tar(&["-c", "--format=ustar", "--exclude=old", "--exclude=nnn*", "--blocking-factor=1", "."]),
        ("python3", vec!["-c".into(), python.into(), "PAX_FORMAT".into()]),
        ("python3", vec!["-c".into(), python.into(), "GNU_FORMAT".into()]),
    ] {
        let output = Command::new(program).args(&args).current_dir(&source).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let diff = applied(&fixture, &output.stdout);
        let mut compare = Command::new("diff");
        compare.args(["-r", "--no-dereference"]).arg(diff.join("dir")).arg(source.join("dir"));
        assert!(compare.status().unwrap().success(), "{program} {args:?}");
        assert_eq!(std::fs::read(diff.join("sparse")).unwrap(), std::fs::read(source.join("sparse")).unwrap());
    }
}

#[test]
fn a_layer_from_before_an_unclean_restart_is_rebuilt_or_dropped() {
    let fixture = Fixture::new();
    let tar = Tar::new().folder("d").file("d/a", b"content").symlink("l", "d").end();
    type Damage = fn(&Path);
    let damage: [(&str, Damage); 3] = [
        ("lost nothing that counts", |layer| std::fs::remove_file(layer.join("diff/l")).unwrap()),
        ("lost content", |layer| std::fs::write(layer.join("diff/d/a"), b"cont").unwrap()),
        ("lost its tar stream", |layer| std::fs::write(layer.join("tar-meta"), b"").unwrap()),
    ];
    for (n, (what, damage)) in damage.into_iter().enumerate() {
        let layer = fixture.layer(&tar).unwrap();
        let record = std::fs::read_to_string(layer.join("layer.json")).unwrap();
        std::fs::write(layer.join("layer.json"), record.replace(crate::boot::id(), "earlier")).unwrap();
        damage(&layer);
        let id = oci::Digest::sha256(&tar);
        assert_eq!(fixture.store.has_layer(&id), n == 0, "{what}");
        assert_eq!(layer.join("diff/l").is_symlink(), n == 0, "{what}");
        fixture.store.written();
        fixture.store.reclaim().unwrap();
        assert_eq!(fixture.waste(), [""; 0], "{what}");
    }
}
