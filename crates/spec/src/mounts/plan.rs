//! All mounts of a container: the default set, the engine's files, the user's, the image's volumes, by depth.

use super::{
    ImageVolume, MountFlag, Mounts, NamedVolume, OverlayVolume, ResolvedMount, Source, options,
    volume_flag::clean_destination,
};
use crate::{Defaults, Invalid, namespaces::NsMode, network::ResolvedNetwork, resolved::ResolvedNamespaces};
use oci::{image::ContainerConfig, runtime::Mount};

/// What decides about the default set.
pub(crate) struct Situation<'a> {
    pub rootless: bool,
    /// A user namespace of its own.
    pub new_userns: bool,
    pub privileged: bool,
    pub read_only: bool,
    /// With `read_only`: /tmp, /run and /var/tmp are writable.
    pub read_write_tmpfs: bool,
    pub namespaces: &'a ResolvedNamespaces,
    pub network: &'a ResolvedNetwork,
    /// Group 5 (tty) is mapped.
    pub has_group_5: bool,
    pub procfs_opts: &'a [String],
    pub localtime: bool,
    pub image_volume_mode: &'a str,
}

impl Situation<'_> {
    /// A fresh sysfs shows the network namespace it is mounted in, and only that one's owner may mount it.
    pub(crate) fn shares_sys(&self) -> bool {
        let in_userns = self.rootless || self.new_userns;
        in_userns && !self.network.mode.is_new()
    }

    fn shares_proc(&self) -> bool {
        (self.rootless || self.new_userns) && !self.namespaces.pid.is_new()
    }

    fn shares_mqueue(&self) -> bool {
        (self.rootless || self.new_userns) && !self.namespaces.ipc.is_new()
    }
}

/// Devices that are bind mounts come in as `devices`.
pub(crate) fn resolve(
    mounts: &Mounts,
    image: &ContainerConfig,
    defaults: &Defaults,
    devices: Vec<ResolvedMount>,
    situation: &Situation<'_>,
) -> Result<Vec<ResolvedMount>, Invalid> {
    if !mounts.volumes_from.is_empty() {
        return Err(Invalid::new("--volumes-from is not supported yet"));
    }
    let mut asked = asked(mounts)?;
    add_missing(&mut asked, configured(defaults)?);
    add_missing(&mut asked, image_volumes(image, situation)?);
    let mut all: Vec<ResolvedMount> = standard(situation);
    all.extend(devices);
    all.extend(files(situation));
    all.retain(|mount| !is_covered(mount, &asked));
    if situation.read_only {
        make_read_only(&mut all, situation);
        if situation.read_write_tmpfs {
            add_missing(&mut asked, writable_tmpfs());
        }
    }
    all.extend(asked);
    // Stable: mounts of the same depth stay in order.
    all.sort_by_key(|mount| depth(&mount.destination));
    Ok(all)
}

fn depth(path: &str) -> usize {
    path.split('/').filter(|part| !part.is_empty()).count()
}

fn add_missing(asked: &mut Vec<ResolvedMount>, more: Vec<ResolvedMount>) {
    for mount in more {
        if !asked.iter().any(|known| known.destination == mount.destination) {
            asked.push(mount);
        }
    }
}

/// What the user mounts at the same place wins. Below a folder of the user's there is no place for the engine's:
/// making a mount point there would write into the host's folder.
fn is_covered(mount: &ResolvedMount, asked: &[ResolvedMount]) -> bool {
    let over = |user: &ResolvedMount| {
        let below = |folder: &str| user.destination == folder && mount.destination.starts_with(&format!("{folder}/"));
        let is_folder = matches!(user.source, Source::Bind(_) | Source::Volume { .. });
        user.destination == mount.destination
            || is_folder && mount.destination != "/dev/shm" && below("/dev")
            || is_folder && below("/run")
    };
    asked.iter().any(over)
}

fn kernel(destination: &str, kind: &str, options: &[&str]) -> ResolvedMount {
    ResolvedMount {
        destination: destination.to_owned(),
        source: Source::Kernel(kind.to_owned()),
        options: options.iter().map(|option| option.to_string()).collect(),
        ..ResolvedMount::default()
    }
}

fn host_folder(path: &str, options: &[&str]) -> ResolvedMount {
    ResolvedMount { source: Source::Bind(path.to_owned()), ..kernel(path, "", options) }
}

/// proc, /dev and what is in it, sysfs, cgroup.
fn standard(situation: &Situation<'_>) -> Vec<ResolvedMount> {
    let access = if situation.privileged { "rw" } else { "ro" };
    let mut pts = vec!["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
    if situation.has_group_5 {
        pts.push("gid=5");
    }
    let mut mounts = vec![
        proc(situation),
        kernel("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        kernel("/dev/pts", "devpts", &pts),
    ];
    let safe = ["nosuid", "noexec", "nodev"];
    mounts.push(if situation.shares_mqueue() {
        host_folder("/dev/mqueue", &["bind", "nosuid", "noexec", "nodev"])
    } else {
        kernel("/dev/mqueue", "mqueue", &safe)
    });
    mounts.extend(shm(situation));
    if situation.shares_sys() {
        mounts.push(host_folder("/sys", &["rprivate", "nosuid", "noexec", "nodev", access, "rbind"]));
    } else {
        mounts.push(kernel("/sys", "sysfs", &["nosuid", "noexec", "nodev", access]));
    }
    mounts.push(kernel("/sys/fs/cgroup", "cgroup", &["rprivate", "nosuid", "noexec", "nodev", "relatime", access]));
    mounts
}

fn proc(situation: &Situation<'_>) -> ResolvedMount {
    if situation.shares_proc() {
        return host_folder("/proc", &["rbind", "nosuid", "noexec", "nodev", "rprivate"]);
    }
    let mut options = vec!["nosuid", "noexec", "nodev"];
    options.extend(situation.procfs_opts.iter().map(String::as_str));
    kernel("/proc", "proc", &options)
}

fn shm(situation: &Situation<'_>) -> Option<ResolvedMount> {
    match situation.namespaces.ipc.mode {
        NsMode::None => None,
        NsMode::Host => Some(host_folder("/dev/shm", &["bind", "rprivate", "nosuid", "noexec", "nodev"])),
        _ => Some(ResolvedMount { source: Source::Shm, ..kernel("/dev/shm", "", &["nosuid", "noexec", "nodev"]) }),
    }
}

fn files(situation: &Situation<'_>) -> Vec<ResolvedMount> {
    let network = situation.network;
    let joined = network.mode.mode == NsMode::Container;
    let places = [
        ("/etc/hosts", network.write_hosts || joined),
        ("/etc/resolv.conf", network.write_resolv_conf || joined),
        ("/etc/hostname", network.write_hostname),
        ("/run/.containerenv", true),
        ("/etc/localtime", situation.localtime),
    ];
    let file = |place: &str| ResolvedMount { source: Source::File, ..kernel(place, "", &["bind", "rprivate"]) };
    places.iter().filter(|(_, wanted)| *wanted).map(|(place, _)| file(place)).collect()
}

fn make_read_only(mounts: &mut [ResolvedMount], situation: &Situation<'_>) {
    for mount in mounts {
        let words: &[&str] = match (&mount.source, mount.destination.as_str()) {
            (Source::File, _) => &["ro", "nosuid", "noexec", "nodev"],
            (_, "/dev") | (Source::Shm, _) if !situation.read_write_tmpfs => &["ro"],
            _ => continue,
        };
        mount.options.extend(words.iter().map(|word| word.to_string()));
    }
}

fn writable_tmpfs() -> Vec<ResolvedMount> {
    let tmpfs = |place: &str| kernel(place, "tmpfs", &["rw", "rprivate", "nosuid", "nodev", "tmpcopyup"]);
    ["/tmp", "/run", "/var/tmp"].map(tmpfs).into()
}

/// The user's, each destination once.
fn asked(mounts: &Mounts) -> Result<Vec<ResolvedMount>, Invalid> {
    let mut all: Vec<ResolvedMount> = Vec::new();
    let flags = (mounts.mounts.iter().cloned().map(MountFlag::Mount))
        .chain(mounts.volumes.iter().cloned().map(MountFlag::Volume))
        .chain(mounts.overlay_volumes.iter().cloned().map(MountFlag::Overlay))
        .chain(mounts.image_volumes.iter().cloned().map(MountFlag::Image));
    for flag in flags {
        let mount = one(flag)?;
        if all.iter().any(|known| known.destination == mount.destination) {
            return Err(Invalid::new(format!("{}: duplicate mount destination", mount.destination)));
        }
        all.push(mount);
    }
    Ok(all)
}

fn configured(defaults: &Defaults) -> Result<Vec<ResolvedMount>, Invalid> {
    defaults.mounts.iter().cloned().map(one).collect()
}

fn one(flag: MountFlag) -> Result<ResolvedMount, Invalid> {
    match flag {
        MountFlag::Mount(mount) => plain(mount),
        MountFlag::Volume(volume) => named(volume),
        MountFlag::Overlay(OverlayVolume { destination, .. }) => {
            Err(Invalid::new(format!("{destination}: overlay volumes (`:O`) are not supported yet")))
        }
        MountFlag::Image(ImageVolume { destination, .. }) => {
            Err(Invalid::new(format!("{destination}: mounts of type image are not supported yet")))
        }
    }
}

fn plain(mount: Mount) -> Result<ResolvedMount, Invalid> {
    let kind = mount.kind.as_deref().unwrap_or("bind");
    let destination = clean_destination(&mount.destination)?;
    let mut sorted = options::sort(&mount.options);
    let source = match kind {
        "bind" => {
            let source = mount.source.as_deref().unwrap_or_default();
            if !source.starts_with('/') {
                return Err(Invalid::new(format!(
                    "source {source:?} of the bind mount at {destination} must be an absolute path"
                )));
            }
            options::check(&mount.options)?;
            options::finish_bind(&mut sorted.kernel, false);
            Source::Bind(source.to_owned())
        }
        "tmpfs" => {
            options::finish_tmpfs(&mut sorted.kernel);
            Source::Kernel("tmpfs".into())
        }
        "ramfs" | "devpts" | "mqueue" | "proc" | "sysfs" => Source::Kernel(kind.to_owned()),
        other => return Err(Invalid::new(format!("invalid filesystem type {other:?}"))),
    };
    finish(destination, source, sorted)
}

fn named(volume: NamedVolume) -> Result<ResolvedMount, Invalid> {
    options::check(&volume.options)?;
    let destination = clean_destination(&volume.dest)?;
    let mut sorted = options::sort(&volume.options);
    let copy = sorted.copy.unwrap_or(true);
    options::finish_bind(&mut sorted.kernel, true);
    let anonymous = volume.is_anonymous || volume.name.is_empty();
    let source = Source::Volume { name: volume.name, anonymous, sub_path: volume.sub_path };
    Ok(ResolvedMount { copy_up: copy, ..finish(destination, source, sorted)? })
}

fn finish(destination: String, source: Source, sorted: options::Sorted) -> Result<ResolvedMount, Invalid> {
    let mut options = sorted.kernel;
    match sorted.idmap.as_deref() {
        None => {}
        Some("idmap") => options.push("idmap".into()),
        Some(other) => {
            return Err(Invalid::new(format!(
                "{destination}: {other:?}: mappings of a single mount are not supported yet"
            )));
        }
    }
    Ok(ResolvedMount {
        destination,
        source,
        options,
        chown: sorted.chown,
        relabel: sorted.relabel,
        idmap: sorted.idmap,
        asked: true,
        ..ResolvedMount::default()
    })
}

/// VOLUMEs of the image: anonymous volumes, or tmpfs, or nothing.
fn image_volumes(image: &ContainerConfig, situation: &Situation<'_>) -> Result<Vec<ResolvedMount>, Invalid> {
    let mode = situation.image_volume_mode;
    let mut mounts = Vec::new();
    for place in image.volumes.keys() {
        let dest = clean_destination(place).map_err(|e| Invalid::new(format!("the image's volume {place:?}: {e}")))?;
        let mount = match mode {
            "" | "anonymous" | "bind" => named(NamedVolume { dest, is_anonymous: true, ..NamedVolume::default() })?,
            "tmpfs" => plain(Mount { destination: dest, kind: Some("tmpfs".into()), ..Mount::default() })?,
            "ignore" => continue,
            other => {
                return Err(Invalid::new(format!(
                    "invalid image volume mode {other:?} required value: anonymous, tmpfs, ignore"
                )));
            }
        };
        mounts.push(mount);
    }
    Ok(mounts)
}

#[cfg(test)]
mod tests {
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
                new_userns: false,
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
        assert_eq!(case.line("/dev/mqueue").unwrap(), "/dev/mqueue bind,nosuid,noexec,nodev");
        assert_eq!(case.line("/dev/shm").unwrap(), "/dev/shm bind,rprivate,nosuid,noexec,nodev");
    }

    #[test]
    fn image_volumes_give_way() {
        let mut case = Case::new(&["/tmp:/data"]);
        case.image.volumes =
            [("/data".to_owned(), Default::default()), ("/cache/".to_owned(), Default::default())].into();
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
}
