//! Owners, devices, attributes: as root, in a user namespace with a range of ids, and with one id only.

use super::{applied, is_whiteout, xattr};
use crate::testing::{Fixture, Tar, add_layer, root};
use crate::{Location, Ownership, Store};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

#[test]
fn privileged_owners_devices_and_capabilities_are_kept() {
    if !root() {
        return;
    }
    let fixture = Fixture::new();
    let capability = [&[1, 0, 0, 2, 0, 4][..], &[0; 14]].concat();
    let tar = Tar::new()
        .raw(b"null", b'3', 0o666, "", b"")
        .owned("mine", 0o6755, (1000, 1001))
        .pax(&[("SCHILY.xattr.security.capability", &capability)])
        .owned("ping", 0o755, (7, 0))
        .raw(b"sgid", b'5', 0o2755, "", b"")
        .file("sgid/plain", b"")
        .end();
    let diff = applied(&fixture, &tar);
    let null = diff.join("null").metadata().unwrap();
    assert_eq!((null.rdev(), null.mode() & 0o7777), (rustix::fs::makedev(1, 3), 0o666));
    let mine = diff.join("mine").metadata().unwrap();
    assert_eq!((mine.uid(), mine.gid(), mine.mode() & 0o7777), (1000, 1001, 0o6755));
    assert_eq!(xattr(&diff.join("ping"), "security.capability"), Some(capability));
    assert_eq!(diff.join("sgid").metadata().unwrap().mode() & 0o7777, 0o2755);
}

#[test]
fn privileged_layers_are_copied_with_other_owners_once() {
    if !root() {
        return;
    }
    let fixture = Fixture::new();
    let deep = ["d"; 3000].join("/");
    let tar = Tar::new()
        .owned("a", 0o4755, (5, 6))
        .hardlink("b", "a")
        .file("data", b"content")
        .symlink("l", "a")
        .file(".wh.gone", b"")
        .pax(&[("path", deep.as_bytes())])
        .folder("x")
        .end();
    let layer = add_layer(&fixture.store, &tar).unwrap().diff_id;
    let map = [(0, 100_000, 65536)];
    fixture.store.create_root("c1", std::slice::from_ref(&layer)).unwrap();
    let dirs = fixture.store.mapped_root("c1", std::slice::from_ref(&layer), &map, &map).unwrap();
    let owner = |name: &str| {
        let meta = dirs.lower[0].join(name).symlink_metadata().unwrap();
        (meta.uid(), meta.gid(), meta.mode() & 0o7777, meta.nlink())
    };
    assert_eq!(owner("a"), (100_005, 100_006, 0o4755, 2));
    assert_eq!(owner("b"), owner("a"));
    assert_eq!(owner("l").0, 100_000);
    assert!(is_whiteout(&dirs.lower[0].join("gone")));
    assert_eq!(std::fs::read(dirs.lower[0].join("data")).unwrap(), b"content");
    assert_eq!(dirs.upper.metadata().unwrap().uid(), 100_000);
    assert_eq!(fixture.store.root("c1", std::slice::from_ref(&layer)).unwrap(), dirs);
    let inode = dirs.lower[0].metadata().unwrap().ino();
    assert_eq!(fixture.store.mapped_root("c2", std::slice::from_ref(&layer), &map, &map).unwrap().lower, dirs.lower);
    assert_eq!(dirs.lower[0].metadata().unwrap().ino(), inode);
    let narrow = [(0, 100_000, 3)];
    let dirs = fixture.store.mapped_root("c3", &[layer], &narrow, &narrow).unwrap();
    let stranger = dirs.lower[0].join("a").metadata().unwrap();
    assert_eq!((stranger.uid(), stranger.gid()), (65534, 65534));
}

#[test]
fn without_a_range_of_ids_owners_are_dropped_and_devices_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let location =
        Location { root: folder.path().join("store"), run: folder.path().join("run"), ownership: Ownership::SingleId };
    let store = Store::open(location).unwrap();
    let tar = Tar::new()
        .owned("a", 0o755, (1000, 1000))
        .raw(b"null", b'3', 0o666, "", b"")
        .hardlink("zero", "null")
        .file("d/.wh..wh..opq", b"")
        .file(".wh.x", b"")
        .end();
    let diff = store.layer_path(&add_layer(&store, &tar).unwrap().diff_id).join("diff");
    assert_eq!(diff.join("a").metadata().unwrap().uid(), rustix::process::geteuid().as_raw());
    assert_eq!(diff.join("a").metadata().unwrap().permissions().mode() & 0o777, 0o755);
    assert!(!diff.join("null").exists() && !diff.join("zero").exists());
    assert_eq!(xattr(&diff.join("d"), "user.overlay.opaque").as_deref(), Some(&b"y"[..]));
    assert!(is_whiteout(&diff.join("x")));
}

/// Makes a user namespace with ids 0 to 65535 of its own, becomes its root and runs a program. `unshare` and
/// `newuidmap` would need an entry in /etc/subuid.
const IN_USER_NAMESPACE: &str = r#"
import ctypes, os, sys
made, mapped = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000):
        os._exit(99)
    os.write(made[1], b'x')
    os.read(mapped[0], 1)
    os.setgid(0)
    os.setuid(0)
    os.execv(sys.argv[1], sys.argv[1:])
os.read(made[0], 1)
for file in ('uid_map', 'gid_map'):
    with open(f'/proc/{child}/{file}', 'w') as f:
        f.write('0 100000 65536')
os.write(mapped[1], b'x')
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

#[test]
fn privileged_layers_are_applied_in_a_user_namespace() {
    if !root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::os::unix::fs::chown(folder.path(), Some(100_000), Some(100_000)).unwrap();
    let status = Command::new("python3")
        .args(["-c", IN_USER_NAMESPACE])
        .arg(&program)
        .args(["--exact", "layer::tests::owners::child_applies_in_its_user_namespace", "--ignored"])
        .env("STORE_TEST_FOLDER", folder.path())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    assert!(String::from_utf8_lossy(&status.stdout).contains("1 passed"));
}

/// Not a test: what `privileged_layers_are_applied_in_a_user_namespace` starts.
#[test]
#[ignore]
fn child_applies_in_its_user_namespace() {
    let Ok(folder) = std::env::var("STORE_TEST_FOLDER") else { return };
    let root = Path::new(&folder).join("store");
    let store = Store::open(Location { root, run: folder.into(), ownership: Ownership::UserNamespace }).unwrap();
    let capability = [&[1, 0, 0, 2, 0, 4][..], &[0; 14]].concat();
    let tar = Tar::new()
        .owned("mine", 0o4755, (1000, 1001))
        .raw(b"null", b'3', 0o666, "", b"")
        .pax(&[("SCHILY.xattr.security.capability", &capability), ("SCHILY.xattr.trusted.x", b"y")])
        .file("ping", b"")
        .raw(b"closed", b'5', 0, "", b"")
        .file("closed/inside", b"1")
        .file("o/.wh..wh..opq", b"")
        .file(".wh.x", b"")
        .end();
    let layer = add_layer(&store, &tar).unwrap().diff_id;
    let diff = store.layer_path(&layer).join("diff");
    let mine = diff.join("mine").metadata().unwrap();
    assert_eq!((mine.uid(), mine.gid(), mine.mode() & 0o7777), (1000, 1001, 0o4755));
    assert!(!diff.join("null").exists() && is_whiteout(&diff.join("x")));
    assert_eq!(xattr(&diff.join("ping"), "security.capability"), Some(capability));
    assert_eq!(xattr(&diff.join("o"), "user.overlay.opaque").as_deref(), Some(&b"y"[..]));

    let error = add_layer(&store, &Tar::new().owned("far", 0o755, (70_000, 0)).end()).unwrap_err().to_string();
    assert!(error.contains("`far`") && error.contains("70000:0") && error.contains("/etc/subuid"), "{error}");

    let keep_id = [(0, 1, 1000), (1000, 0, 1), (1001, 1001, 64535)];
    let dirs = store.mapped_root("c", std::slice::from_ref(&layer), &keep_id, &keep_id).unwrap();
    assert_eq!(dirs.lower[0].join("mine").metadata().unwrap().uid(), 0);
    assert_eq!(dirs.lower[0].join("ping").metadata().unwrap().uid(), 1);
    assert_eq!(std::fs::read(dirs.lower[0].join("closed/inside")).unwrap(), b"1");
    assert!(dirs.userxattr);
    store.remove_root("c").unwrap();
    store.written();
    store.reclaim().unwrap();
    assert!(!store.has_layer(&layer) && !store.needs_reclaim());
}
