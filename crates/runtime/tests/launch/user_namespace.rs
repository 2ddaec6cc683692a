//! Containers whose ids are not the host's.

use crate::bundle::{Container, folder};
use oci::runtime::{IdMapping, Namespace};
use std::os::unix::fs::MetadataExt;

crate::cases![
    privileged_ids_are_shifted_without_a_copy_of_the_image,
    privileged_bind_mounts_can_be_shifted,
    privileged_devices_are_the_hosts,
    privileged_users_not_mapped_are_named,
    privileged_an_ordinary_user_runs_containers,
    privileged_an_ordinary_user_shares_namespaces_of_the_host,
    privileged_an_ordinary_user_keeps_his_id,
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

/// Runs `case` as root of a user namespace without rights outside, as the engine of an ordinary user is. Panics with it.
fn as_ordinary_user(case: fn()) {
    use std::os::fd::AsFd;
    use sys::process::{Clone3, Cloned};
    let scratch = folder();
    let (ours, theirs) = sys::fd_passing::pair().expect("a pair");
    let wish = Clone3 { namespaces: sys::namespace::Namespaces::USER, ..Clone3::default() };
    match sys::process::clone3(wish).expect("a clone") {
        Cloned::Child => {
            sys::fd_passing::receive(&theirs, 1).expect("a word");
            sys::credential::become_root(false).expect("root");
            sys::process::allow_ptrace().expect("visible");
            crate::bundle::use_folder(scratch);
            let result = std::panic::catch_unwind(case);
            sys::process::exit_now(i32::from(result.is_err()))
        }
        Cloned::Parent { pid, pidfd } => {
            let map = [sys::id_map::IdRange { inside: 0, outside: 300_000, count: 65536 }];
            sys::id_map::write(pid, &map, &map, sys::id_map::Setgroups::Allow).expect("maps");
            std::os::unix::fs::chown(folder(), Some(300_000), Some(300_000)).expect("an owner");
            sys::fd_passing::send(&ours, b"x", &[]).expect("a word");
            assert_eq!(sys::pidfd::wait(pidfd.as_fd()).expect("an exit"), sys::pidfd::Exit::Code(0));
        }
    }
}

fn privileged_an_ordinary_user_runs_containers() {
    as_ordinary_user(|| {
        let mut container = Container::shell(
            "id -u; touch /new; stat -c %t:%T /dev/null; hostname; grep -c Seccomp:.2 /proc/self/status",
        );
        container.userxattr = true;
        assert_eq!(container.output(), "0\n1:3\ninside\n1\n");
        container.user.user = "web".into();
        container.process().args = vec!["id".into()];
        assert_eq!(container.output(), "uid=33(web) gid=33(web) groups=27(video),33(web)\n");
        container.terminal = true;
        container.process().args = vec!["stat".into(), "-c".into(), "%t:%T".into(), "/dev/console".into()];
        assert_eq!(container.output().trim_end(), "88:0");
    });
}

fn privileged_an_ordinary_user_shares_namespaces_of_the_host() {
    as_ordinary_user(|| {
        let mut container =
            Container::shell("test -d /sys/class && test -d /proc/1 && ! touch /sys/x 2>/dev/null && echo fine");
        container.userxattr = true;
        container.linux().namespaces.retain(|namespace| !matches!(namespace.kind.as_str(), "network" | "pid" | "ipc"));
        container.linux().sysctl.clear();
        assert_eq!(container.output(), "fine\n");
    });
}

fn privileged_an_ordinary_user_keeps_his_id() {
    as_ordinary_user(|| {
        let mut container =
            Container::shell("id -u; cat /proc/self/uid_map | wc -l; touch /home/web/x && stat -c %u /home/web/x");
        container.userxattr = true;
        container.process().user.uid = 1000;
        let map = |container_id, host_id, size| IdMapping { container_id, host_id, size };
        let maps = vec![map(0, 1, 1000), map(1000, 0, 1), map(1001, 1001, 60000)];
        let linux = container.linux();
        linux.namespaces.push(Namespace { kind: "user".into(), path: None });
        (linux.uid_mappings, linux.gid_mappings) = (maps.clone(), maps);
        assert_eq!(container.output(), "1000\n3\n1000\n");
    });
}
