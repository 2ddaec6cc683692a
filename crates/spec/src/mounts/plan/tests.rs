//! Expectations are podman 5.8's config.json for the same flags.

use super::*;
use crate::namespaces::Namespace;
use std::path::Path;

struct Case {
    mounts: Mounts,
    image: ContainerConfig,
    namespaces: ResolvedNamespaces,
    network: ResolvedNetwork,
    rootless: bool,
    privileged: bool,
    read_only: Option<bool>,
}

impl Case {
    fn new(volumes: &[&str]) -> Self {
        let mut mounts = Mounts::default();
        volumes.iter().for_each(|text| mounts.add_volume(text, Path::new("/")).unwrap());
        let private = Namespace::of(NsMode::Private);
        let namespaces = ResolvedNamespaces {
            pid: private.clone(),
            uts: private.clone(),
            ipc: Namespace::of(NsMode::Shareable),
            cgroup: private,
            user: Namespace::of(NsMode::Host),
        };
        let network = ResolvedNetwork {
            mode: Namespace::of(NsMode::Bridge),
            write_hosts: true,
            write_resolv_conf: true,
            write_hostname: true,
            ..ResolvedNetwork::default()
        };
        let image = ContainerConfig::default();
        Self { mounts, image, namespaces, network, rootless: false, privileged: false, read_only: None }
    }

    fn resolve(&self) -> Result<Vec<ResolvedMount>, String> {
        let situation = Situation {
            rootless: self.rootless,
            own_userns: false,
            privileged: self.privileged,
            read_only: self.read_only.is_some(),
            read_write_tmpfs: self.read_only.unwrap_or(true),
            namespaces: &self.namespaces,
            network: &self.network,
            has_group_5: true,
            procfs_opts: &[],
            localtime: false,
            image_volume_mode: "",
        };
        resolve(&self.mounts, &self.image, &Defaults::default(), Vec::new(), &situation).map_err(|e| e.message)
    }

    /// `destination options`, by destination.
    fn line(&self, destination: &str) -> Option<String> {
        let all = self.resolve().unwrap();
        all.iter().find(|mount| mount.destination == destination).map(|mount| {
            let source = match &mount.source {
                Source::Kernel(kind) => kind.clone(),
                Source::Bind(path) => path.clone(),
                Source::Volume { name, .. } => format!("volume {name}"),
                Source::Shm => "shm".into(),
                Source::File => "file".into(),
                other => format!("{other:?}"),
            };
            format!("{source} {}", mount.options.join(","))
        })
    }
}

#[test]
fn the_default_set_is_podmans() {
    let case = Case::new(&[]);
    let destinations: Vec<_> = case.resolve().unwrap().into_iter().map(|mount| mount.destination).collect();
    assert_eq!(
        destinations,
        [
            "/proc",
            "/dev",
            "/sys",
            "/dev/pts",
            "/dev/mqueue",
            "/dev/shm",
            "/etc/hosts",
            "/etc/resolv.conf",
            "/etc/hostname",
            "/run/.containerenv",
            "/sys/fs/cgroup"
        ]
    );
    assert_eq!(case.line("/sys").unwrap(), "sysfs nosuid,noexec,nodev,ro");
    assert_eq!(case.line("/etc/hosts").unwrap(), "file bind,rprivate");
    assert_eq!(case.line("/dev/pts").unwrap(), "devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
}

#[test]
fn privileged_may_write_sys() {
    let case = Case { privileged: true, ..Case::new(&[]) };
    assert_eq!(case.line("/sys").unwrap(), "sysfs nosuid,noexec,nodev,rw");
    assert_eq!(case.line("/sys/fs/cgroup").unwrap(), "cgroup rprivate,nosuid,noexec,nodev,relatime,rw");
}

#[test]
fn the_users_mounts_win() {
    let case = Case::new(&["/tmp:/proc", "/tmp:/etc/hosts:ro", "vol:/y", "/dev:/dev"]);
    assert_eq!(case.line("/proc").unwrap(), "/tmp rprivate,rbind");
    assert_eq!(case.line("/etc/hosts").unwrap(), "/tmp ro,rprivate,rbind");
    assert_eq!(case.line("/y").unwrap(), "volume vol rprivate,nosuid,nodev,rbind");
    assert_eq!(case.line("/dev/pts"), None);
    assert_eq!(case.line("/dev/shm").unwrap(), "shm nosuid,noexec,nodev");
    assert_eq!(Case::new(&["/tmp:/run"]).line("/run/.containerenv"), None);
}

#[test]
fn one_mount_a_destination() {
    let case = Case::new(&["/tmp:/x", "n1:/x/"]);
    assert_eq!(case.resolve().unwrap_err(), "/x: duplicate mount destination");
}

#[test]
fn deep_mounts_come_last() {
    let all = Case::new(&["/var:/x/y/z", "/tmp:/x"]).resolve().unwrap();
    let at = |place: &str| all.iter().position(|mount| mount.destination == place).unwrap();
    assert!(at("/x") < at("/x/y/z"));
}

#[test]
fn read_only_roots_have_writable_tmpfs() {
    let case = Case { read_only: Some(true), ..Case::new(&["/tmp:/tmp"]) };
    assert_eq!(case.line("/run").unwrap(), "tmpfs rw,rprivate,nosuid,nodev,tmpcopyup");
    assert_eq!(case.line("/tmp").unwrap(), "/tmp rprivate,rbind");
    assert_eq!(case.line("/etc/hosts").unwrap(), "file bind,rprivate,ro,nosuid,noexec,nodev");
    assert_eq!(case.line("/run/.containerenv").unwrap(), "file bind,rprivate,ro,nosuid,noexec,nodev");
    let case = Case { read_only: Some(false), ..Case::new(&[]) };
    assert_eq!(case.line("/dev").unwrap(), "tmpfs nosuid,strictatime,mode=755,size=65536k,ro");
    assert_eq!(case.line("/run"), None);
}

#[test]
fn shared_namespaces_without_privilege_share_their_file_systems() {
    let mut case = Case { rootless: true, ..Case::new(&[]) };
    case.network.mode = Namespace::of(NsMode::Host);
    case.namespaces.pid = Namespace::of(NsMode::Host);
    case.namespaces.ipc = Namespace::of(NsMode::Host);
    assert_eq!(case.line("/sys").unwrap(), "/sys rprivate,nosuid,noexec,nodev,ro,rbind");
    assert_eq!(case.line("/proc").unwrap(), "/proc rbind,nosuid,noexec,nodev,rprivate");
    assert_eq!(case.line("/dev/mqueue").unwrap(), "mqueue nosuid,noexec,nodev");
    assert_eq!(case.line("/dev/shm").unwrap(), "/dev/shm bind,rprivate,nosuid,noexec,nodev");
}

#[test]
fn image_volumes_give_way() {
    let mut case = Case::new(&["/tmp:/data"]);
    case.image.volumes = [("/data".to_owned(), Default::default()), ("/cache/".to_owned(), Default::default())].into();
    assert_eq!(case.line("/data").unwrap(), "/tmp rprivate,rbind");
    assert_eq!(case.line("/cache").unwrap(), "volume  rprivate,nosuid,nodev,rbind");
}

#[test]
fn own_words_are_taken_out() {
    let all = Case::new(&["/tmp:/x:U,z", "v:/y:nocopy,idmap"]).resolve().unwrap();
    let find = |place: &str| all.iter().find(|mount| mount.destination == place).unwrap();
    assert_eq!((find("/x").chown, find("/x").relabel, find("/x").copy_up), (true, Some('z'), false));
    assert_eq!(find("/y").options.join(","), "rprivate,nosuid,nodev,rbind,idmap");
    assert!(!find("/y").copy_up);
}
