//! From a [`ResolvedSpec`] to config.json for one start.

use crate::{
    ResolvedSpec, RunFacts,
    facts::{MountedFile, OverlayDirs},
    mounts::{ResolvedMount, Source},
    namespaces::{Namespace, NsMode},
    security::{
        SeccompChoice,
        seccomp::{self, Target},
    },
    users::IdRange,
};
use oci::runtime as rt;
use std::path::Path;

impl ResolvedSpec {
    /// config.json for one start. Pure; infallible since everything was checked before. A mount whose file or folder
    /// the facts don't name is left out.
    pub fn to_oci(&self, facts: &RunFacts) -> rt::Spec {
        let hostname = self.hostname_for(&facts.id);
        rt::Spec {
            oci_version: rt::VERSION.into(),
            process: Some(self.process(facts, &hostname)),
            root: Some(rt::Root { path: text(&facts.root), readonly: self.read_only }),
            hostname: (self.namespaces.uts.mode == NsMode::Private).then(|| hostname.clone()),
            domainname: None,
            mounts: self.mounts.iter().flat_map(|mount| lower_mounts(self, mount, facts)).collect(),
            hooks: None,
            annotations: self.run_annotations(),
            linux: Some(self.linux(facts)),
        }
    }

    /// The name the container sees: as asked, or the first 12 digits of its id.
    pub fn hostname_for(&self, id: &str) -> String {
        if self.hostname.is_empty() { id.chars().take(12).collect() } else { self.hostname.clone() }
    }

    fn process(&self, facts: &RunFacts, hostname: &str) -> rt::Process {
        let mut env = self.env.clone();
        // A joined uts namespace has a name this start doesn't know.
        let known = !matches!(self.namespaces.uts.mode, NsMode::Container | NsMode::Path);
        if known && !env.iter().any(|variable| variable.starts_with("HOSTNAME=")) {
            env.push(format!("HOSTNAME={hostname}"));
        }
        rt::Process {
            terminal: self.terminal,
            console_size: facts.terminal_size.map(|(height, width)| rt::ConsoleSize { height, width }),
            user: rt::User { umask: Some(self.umask), ..rt::User::default() },
            args: self.args.clone(),
            env,
            cwd: self.cwd.clone(),
            capabilities: Some(self.capabilities.clone()),
            rlimits: self.rlimits.clone(),
            no_new_privileges: self.no_new_privileges,
            apparmor_profile: self.apparmor_profile.clone(),
            oom_score_adj: self.oom_score_adj,
            selinux_label: facts.selinux.as_ref().map(|labels| labels.0.clone()),
            ..rt::Process::default()
        }
    }

    /// What tools look for in a running container's config.
    fn run_annotations(&self) -> std::collections::BTreeMap<String, String> {
        let mut all = self.annotations.clone();
        let own = [
            ("io.container.manager", "libpod".to_owned()),
            ("org.opencontainers.image.stopSignal", self.stop_signal.to_string()),
        ];
        for (key, value) in own {
            all.entry(key.to_owned()).or_insert(value);
        }
        all
    }

    fn linux(&self, facts: &RunFacts) -> rt::Linux {
        rt::Linux {
            namespaces: self.linux_namespaces(facts),
            uid_mappings: lower_map(&self.uid_map),
            gid_mappings: lower_map(&self.gid_map),
            devices: self.devices.clone(),
            cgroups_path: facts.cgroups_path.clone(),
            rootfs_propagation: self.propagation(),
            masked_paths: self.masked_paths.clone(),
            readonly_paths: self.readonly_paths.clone(),
            mount_label: facts.selinux.as_ref().map(|labels| labels.1.clone()),
            personality: self.spec.process.personality.clone(),
            sysctl: self.sysctl.clone(),
            seccomp: self.seccomp_filter(),
            resources: Some(self.resources.clone()),
            ..rt::Linux::default()
        }
    }

    fn linux_namespaces(&self, facts: &RunFacts) -> Vec<rt::Namespace> {
        let spaces = &self.namespaces;
        let mut all: Vec<rt::Namespace> = [
            ("pid", "pid", &spaces.pid),
            ("network", "net", &self.network.mode),
            ("ipc", "ipc", &spaces.ipc),
            ("uts", "uts", &spaces.uts),
            ("user", "user", &spaces.user),
            ("cgroup", "cgroup", &spaces.cgroup),
        ]
        .into_iter()
        // One without maps is our own, which the kernel refuses to join.
        .filter(|(kind, ..)| *kind != "user" || !self.uid_map.is_empty())
        .filter_map(|(kind, file, namespace)| lower_namespace(kind, file, namespace, facts))
        .collect();
        all.push(rt::Namespace { kind: "mount".into(), path: None });
        if let Some(netns) = &facts.netns {
            all.retain(|namespace| namespace.kind != "network");
            all.push(rt::Namespace { kind: "network".into(), path: Some(text(netns)) });
        }
        all
    }

    fn seccomp_filter(&self) -> Option<rt::Seccomp> {
        match &self.seccomp {
            SeccompChoice::Unconfined => None,
            SeccompChoice::Profile(profile) => Some((**profile).clone()),
            SeccompChoice::Default => {
                Some(seccomp::builtin(Target { capabilities: &self.capabilities.bounding, arch: "", kernel: (0, 0) }))
            }
        }
    }

    /// Mounts can only be shared or slave with the host's if the root is.
    fn propagation(&self) -> Option<String> {
        if !self.spec.rootfs.rootfs_propagation.is_empty() {
            return Some(self.spec.rootfs.rootfs_propagation.clone());
        }
        let has = |words: [&str; 2]| {
            self.mounts.iter().any(|mount| mount.options.iter().any(|option| words.contains(&option.as_str())))
        };
        if has(["shared", "rshared"]) {
            Some("rshared".into())
        } else if has(["slave", "rslave"]) {
            Some("rslave".into())
        } else {
            None
        }
    }
}

/// `None`: the engine's own namespace.
fn lower_namespace(kind: &str, file: &str, namespace: &Namespace, facts: &RunFacts) -> Option<rt::Namespace> {
    let path = match namespace.mode {
        NsMode::Host => return None,
        NsMode::Path => Some(namespace.value.clone()),
        // The engine refuses to start a container whose partner isn't running, so the pid is there.
        NsMode::Container => facts.joined.get(&namespace.value).map(|pid| format!("/proc/{pid}/ns/{file}")),
        _ => None,
    };
    Some(rt::Namespace { kind: kind.to_owned(), path })
}

fn lower_map(map: &[IdRange]) -> Vec<rt::IdMapping> {
    let one = |r: &IdRange| rt::IdMapping { container_id: r.container_id, host_id: r.host_id, size: r.size };
    map.iter().map(one).collect()
}

/// Mostly one.
fn lower_mounts(spec: &ResolvedSpec, mount: &ResolvedMount, facts: &RunFacts) -> Vec<rt::Mount> {
    match (&mount.source, facts.artifacts.get(&mount.destination)) {
        (Source::Artifact(_), Some(files)) => files.iter().map(|file| lower_file(mount, file, files.len())).collect(),
        _ => lower_mount(spec, mount, facts).into_iter().collect(),
    }
}

/// The place of a lone file depends on what is there, see [`crate::mounts::Source::Artifact`].
fn lower_file(mount: &ResolvedMount, file: &MountedFile, count: usize) -> rt::Mount {
    let destination = match count {
        1 => mount.destination.clone(),
        _ => format!("{}/{}", mount.destination, file.name),
    };
    let (kind, source) = bind(text(&file.path));
    rt::Mount {
        destination,
        kind: Some(kind),
        source: Some(source),
        options: mount.options.clone(),
        ..rt::Mount::default()
    }
}

fn lower_mount(spec: &ResolvedSpec, mount: &ResolvedMount, facts: &RunFacts) -> Option<rt::Mount> {
    let mut options = mount.options.clone();
    let (kind, source) = match &mount.source {
        _ if mount.overlay.is_some() => {
            options.extend(overlay_words(facts.overlays.get(&mount.destination)?));
            ("overlay".into(), "overlay".into())
        }
        // Always an overlay; files that the facts don't name.
        Source::Image(_) | Source::Artifact(_) => return None,
        Source::Kernel(kind) => (kind.clone(), kind.clone()),
        Source::Bind(path) => bind(path.clone()),
        Source::Volume { name, .. } => bind(text(facts.volumes.get(name)?)),
        Source::Shm => match &facts.shm {
            Some(path) => {
                options.splice(0..0, ["bind".to_owned(), "rprivate".to_owned()]);
                bind(text(path))
            }
            None => {
                options.extend(["mode=1777".to_owned(), format!("size={}", spec.shm_size)]);
                ("tmpfs".into(), "shm".into())
            }
        },
        Source::File => bind(text(file(&mount.destination, facts)?)),
    };
    Some(rt::Mount {
        destination: mount.destination.clone(),
        kind: Some(kind),
        source: Some(source),
        options,
        ..rt::Mount::default()
    })
}

fn bind(source: String) -> (String, String) {
    ("bind".into(), source)
}

/// One lower folder a word, so that nothing needs escaping.
fn overlay_words(dirs: &OverlayDirs) -> Vec<String> {
    let lower = dirs.lower.iter().map(|folder| format!("lowerdir+={}", text(folder)));
    let folders = [format!("upperdir={}", text(&dirs.upper)), format!("workdir={}", text(&dirs.work))];
    let flags = [("userxattr", dirs.userxattr), ("volatile", dirs.volatile)];
    let flags = flags.into_iter().filter(|(_, wanted)| *wanted).map(|(word, _)| word.to_owned());
    lower.chain(folders).chain(flags).collect()
}

fn file<'a>(destination: &str, facts: &'a RunFacts) -> Option<&'a Path> {
    let file = match destination {
        "/etc/hosts" => &facts.files.hosts,
        "/etc/resolv.conf" => &facts.files.resolv_conf,
        "/etc/hostname" => &facts.files.hostname,
        "/run/.containerenv" => &facts.files.containerenv,
        "/etc/localtime" => &facts.localtime,
        _ => &None,
    };
    file.as_deref()
}

/// Paths of the engine's own folders are text; others can't come in.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
