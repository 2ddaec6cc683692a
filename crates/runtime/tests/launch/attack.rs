//! Images and configs that try to get out. Each class of known CVE has a case.

use crate::bundle::{Container, folder};
use oci::runtime::Mount;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

crate::cases![
    privileged_mount_points_that_are_links_out,
    privileged_proc_that_is_a_link,
    privileged_dev_that_is_a_link_out,
    privileged_working_folder_through_a_descriptor,
    privileged_passwd_that_is_a_link_out,
    privileged_passwd_that_never_ends,
    privileged_console_that_is_a_link_out,
    privileged_masks_on_links,
    privileged_a_volume_filled_through_a_link,
    privileged_the_null_device_of_the_host_stays_as_it_is,
];

/// A folder of the host that must stay as it is.
fn outside() -> PathBuf {
    let outside = folder().join("outside");
    std::fs::create_dir_all(&outside).expect("a folder");
    std::fs::write(outside.join("secret"), "secret").expect("a file");
    outside
}

fn untouched(outside: &PathBuf) {
    let names: Vec<_> =
        std::fs::read_dir(outside).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(std::fs::read_to_string(outside.join("secret")).expect("a file"), "secret");
}

fn privileged_mount_points_that_are_links_out() {
    let outside = outside();
    for target in [
        outside.clone(),
        PathBuf::from("../../../../../../../../../..").join(outside.strip_prefix("/").expect("absolute")),
    ] {
        let mut container = Container::shell("cat /link/new/data; ls /link");
        let link = container.root.join("link");
        let _ = std::fs::remove_file(&link);
        symlink(&target, &link).expect("a link");
        let data = folder().join("data");
        std::fs::write(&data, "data\n").expect("a file");
        container.bind(&data, "/link/new/data", &["bind", "ro"]);
        // The link leads to a place inside that doesn't exist: refused, or made inside; never outside.
        let _ = container.run();
        untouched(&outside);
    }
}

fn privileged_proc_that_is_a_link() {
    let container = Container::new(&["true"]);
    std::fs::create_dir(container.root.join("fake")).expect("a folder");
    symlink("fake", container.root.join("proc")).expect("a link");
    let error = container.error();
    assert!(error.what.contains("must not be a symbolic link"), "{error}");
}

fn privileged_dev_that_is_a_link_out() {
    let outside = outside();
    let mut container = Container::new(&["true"]);
    symlink(&outside, container.root.join("dev")).expect("a link");
    container.spec.mounts.retain(|mount| !mount.destination.starts_with("/dev"));
    let _ = container.run();
    untouched(&outside);
}

fn privileged_working_folder_through_a_descriptor() {
    // CVE-2024-21626: a descriptor of the host's root, left open by the engine, as the working folder.
    let _open = std::fs::File::open("/").expect("a folder");
    for number in 3..12 {
        let mut container = Container::shell("ls ../../../../proc/1/root/work 2>/dev/null; pwd");
        container.process().cwd = format!("/proc/self/fd/{number}");
        container.make_working_folder = number % 2 == 0;
        let error = container.error();
        assert!(error.what.contains("/proc/self/fd"), "{error}");
    }
}

fn privileged_passwd_that_is_a_link_out() {
    let outside = outside();
    std::fs::write(outside.join("secret"), "web:x:0:0::/:/bin/sh\n").expect("a file");
    let mut container = Container::new(&["id", "-u"]);
    std::fs::remove_file(container.root.join("etc/passwd")).expect("removed");
    symlink(outside.join("secret"), container.root.join("etc/passwd")).expect("a link");
    container.user.user = "web".into();
    assert!(container.error().what.contains("unable to find user web"));
    container.user.user = "7".into();
    container.user.passwd_line = Some("seven:x:7:7::/:/bin/sh".into());
    let _ = container.run();
    assert_eq!(std::fs::read_to_string(outside.join("secret")).expect("a file"), "web:x:0:0::/:/bin/sh\n");
}

fn privileged_passwd_that_never_ends() {
    let mut container = Container::new(&["true"]);
    container.user.user = "web".into();
    let passwd = container.root.join("etc/passwd");
    std::fs::remove_file(&passwd).expect("removed");
    rustix::fs::mknodat(rustix::fs::CWD, &passwd, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .expect("a fifo");
    let error = container.error();
    assert!(error.what.contains("passwd"), "{error}: {:?}", error.source);
    std::fs::remove_file(&passwd).expect("removed");
    std::fs::File::create(&passwd).expect("a file").set_len(1 << 40).expect("a hole");
    let error = container.error();
    assert!(error.what.contains("passwd"), "{error}: {:?}", error.source);
}

fn privileged_console_that_is_a_link_out() {
    // CVE-2025-52565: /dev/console prepared by the image. /dev is ours, so a mount of the image's must bring it.
    let outside = outside();
    let mut container = Container::shell("stat -c %F /dev/console");
    container.terminal = true;
    let dev = folder().join("dev");
    for part in ["pts", "shm", "mqueue"] {
        std::fs::create_dir_all(dev.join(part)).expect("a folder");
    }
    symlink(outside.join("made"), dev.join("console")).expect("a link");
    symlink("/proc/self/fd/0", dev.join("ptmx")).expect("a link");
    container.spec.mounts[1] = Mount {
        destination: "/dev".into(),
        kind: Some("bind".into()),
        source: Some(dev.display().to_string()),
        ..Mount::default()
    };
    let _ = container.run();
    untouched(&outside);
}

fn privileged_masks_on_links() {
    // CVE-2025-31133 and kin: a masked path that is a link would mask what it leads to, or nothing.
    let mut container = Container::shell("cat /etc/passwd | wc -l");
    symlink("/etc/passwd", container.root.join("hidden")).expect("a link");
    container.linux().masked_paths.push("/hidden".into());
    assert!(container.error().what.contains("mask `/hidden`"));
}

fn privileged_a_volume_filled_through_a_link() {
    let outside = outside();
    let mut container = Container::shell("ls /data");
    symlink(&outside, container.root.join("data")).expect("a link");
    let volume = folder().join("volume");
    std::fs::create_dir(&volume).expect("a folder");
    container.bind(&volume, "/data", &["rbind"]);
    container.copy_up = vec!["/data".into()];
    let _ = container.run();
    assert_eq!(std::fs::read_dir(&volume).expect("a folder").count(), 0);
    untouched(&outside);
}

fn privileged_the_null_device_of_the_host_stays_as_it_is() {
    // By the cover of a masked file, and by a stream that the engine gave.
    use std::os::unix::fs::PermissionsExt;
    let mode = || std::fs::metadata("/dev/null").expect("/dev/null").permissions().mode();
    let before = mode();
    let container = Container::shell("chmod 600 /proc/timer_list /proc/keys /proc/self/fd/0; stat -c %a /dev/null");
    std::os::unix::fs::symlink("busybox", container.root.join("bin/chmod")).expect("a link");
    let output = container.output();
    let after = mode();
    if after != before {
        std::fs::set_permissions("/dev/null", PermissionsExt::from_mode(before)).expect("put right");
    }
    assert_eq!(after, before);
    // It was the container's own that it changed.
    assert!(output.contains("Read-only file system") && output.ends_with("600\n"), "{output}");
}
