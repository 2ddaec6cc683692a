//! Containers whose ids are not the host's.

use crate::bundle::{Container, folder};
use oci::runtime::{IdMapping, Namespace};
use std::os::unix::fs::MetadataExt;

crate::cases![
    privileged_ids_are_shifted_without_a_copy_of_the_image,
    privileged_bind_mounts_can_be_shifted,
    privileged_devices_are_the_hosts,
    privileged_users_not_mapped_are_named,
];

fn mapped(script: &str) -> Container {
    let mut container = Container::shell(script);
    container.idmap = true;
    let map = vec![IdMapping { container_id: 0, host_id: 200_000, size: 1000 }];
    let linux = container.linux();
    linux.namespaces.push(Namespace { kind: "user".into(), path: None });
    (linux.uid_mappings, linux.gid_mappings) = (map.clone(), map);
    container
}

fn privileged_ids_are_shifted_without_a_copy_of_the_image() {
    let output =
        mapped("id -u; stat -c %u:%g / /etc/passwd; touch /new; stat -c %u /new; cat /proc/self/uid_map").output();
    let words: Vec<_> = output.split_ascii_whitespace().collect();
    assert_eq!(words, ["0", "0:0", "0:0", "0", "0", "200000", "1000"]);
    assert_eq!(folder().join("upper/new").metadata().expect("a file").uid(), 200_000);
}

fn privileged_bind_mounts_can_be_shifted() {
    let data = folder().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let mut container = mapped("stat -c %u /plain /shifted; touch /shifted/new && ! touch /plain/new 2>/dev/null");
    container.bind(&data, "/plain", &["rbind"]);
    container.bind(&data, "/shifted", &["rbind", "idmap"]);
    assert_eq!(container.output(), "65534\n0\n");
    assert_eq!(data.join("new").metadata().expect("a file").uid(), 0);
}

fn privileged_devices_are_the_hosts() {
    let output =
        mapped("echo x >/dev/null && stat -c %t:%T /dev/null /dev/zero && grep -c ' /dev/null ' /proc/self/mountinfo")
            .output();
    assert_eq!(output, "1:3\n1:5\n1\n");
}

fn privileged_users_not_mapped_are_named() {
    let mut container = mapped("true");
    container.user.user = "5000".into();
    assert!(container.error().what.contains("5000 is not mapped"));
}
