//! All mounts of a container: the default set, the engine's files, the user's, the image's volumes, by depth.

use super::{
    ImageVolume, MountFlag, Mounts, NamedVolume, OverlayVolume, ResolvedMount, Source, Upper, artifact, duplicate,
    options, volume_flag::clean_destination,
};
use crate::{Defaults, Invalid, namespaces::NsMode, network::ResolvedNetwork, resolved::ResolvedNamespaces};
use oci::{image::ContainerConfig, runtime::Mount};

/// What decides about the default set.
pub(crate) struct Situation<'a> {
    pub rootless: bool,
    /// In another user namespace than the engine's.
    pub own_userns: bool,
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
        let in_userns = self.rootless || self.own_userns;
        in_userns && !self.network.mode.is_new()
    }

    fn shares_proc(&self) -> bool {
        (self.rootless || self.own_userns) && self.namespaces.pid.mode == NsMode::Host
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
    mounts.push(kernel("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"]));
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

/// The user's, each destination once: the same thing may be asked for twice.
fn asked(mounts: &Mounts) -> Result<Vec<ResolvedMount>, Invalid> {
    let mut all: Vec<ResolvedMount> = Vec::new();
    let flags = (mounts.mounts.iter().cloned().map(MountFlag::Mount))
        .chain(mounts.volumes.iter().cloned().map(MountFlag::Volume))
        .chain(mounts.overlay_volumes.iter().cloned().map(MountFlag::Overlay))
        .chain(mounts.image_volumes.iter().cloned().map(MountFlag::Image))
        .chain(mounts.artifact_volumes.iter().cloned().map(MountFlag::Artifact));
    for flag in flags {
        let mount = one(flag)?;
        match all.iter().find(|known| known.destination == mount.destination) {
            None => all.push(mount),
            Some(known) if *known == mount => {}
            Some(_) => return Err(duplicate(&mount.destination)),
        }
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
        MountFlag::Overlay(volume) => overlay(volume),
        MountFlag::Image(volume) => image(volume),
        MountFlag::Artifact(volume) => artifact::resolve(volume),
    }
}

/// `:O`: of a folder, or of a volume, which stays as it is.
fn overlay(volume: OverlayVolume) -> Result<ResolvedMount, Invalid> {
    let destination = clean_destination(&volume.destination)?;
    let place = |key: &str| -> Result<String, Invalid> {
        let path = volume.options.iter().find_map(|word| word.strip_prefix(key)).unwrap_or_default();
        match path.is_empty() || path.starts_with('/') {
            true => Ok(path.to_owned()),
            false => Err(Invalid::new(format!("{destination}: {key}{path} must be an absolute path"))),
        }
    };
    let upper = Upper { upper: place("upperdir=")?, work: place("workdir=")? };
    if upper.upper.is_empty() != upper.work.is_empty() {
        return Err(Invalid::new("must set both `upperdir` and `workdir`"));
    }
    let is_volume = !volume.source.starts_with('/');
    let source = match is_volume {
        true => Source::Volume { name: volume.source, anonymous: false },
        false => Source::Bind(volume.source),
    };
    let mut sorted = options::Sorted { chown: volume.options.iter().any(|word| word == "U"), ..Default::default() };
    options::finish_bind(&mut sorted.kernel, is_volume);
    Ok(ResolvedMount { overlay: Some(upper), ..finish(destination, source, sorted)? })
}

fn image(volume: ImageVolume) -> Result<ResolvedMount, Invalid> {
    let mut sorted = options::Sorted::default();
    sorted.kernel.push(if volume.read_write { "rw" } else { "ro" }.to_owned());
    options::finish_bind(&mut sorted.kernel, false);
    let destination = clean_destination(&volume.destination)?;
    let mount = finish(destination, Source::Image(volume.source), sorted)?;
    Ok(ResolvedMount { overlay: Some(Upper::default()), sub_path: volume.sub_path, ..mount })
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
            sorted.kernel.iter().try_for_each(|option| options::check_tmpfs(option))?;
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
    let source = Source::Volume { name: volume.name, anonymous };
    Ok(ResolvedMount { copy_up: copy, sub_path: volume.sub_path, ..finish(destination, source, sorted)? })
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
mod tests;
