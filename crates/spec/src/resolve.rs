//! From a wish to a decision: defaults are filled in, contradictions refused. The order of what wins: the user, the image,
//! containers.conf, podman's built-in defaults. Each concern decides in its own file; this one puts them together.

use crate::{
    ContainerSpec, Defaults, HostFacts, Invalid, ResolvedSpec, devices, env, identity,
    mounts::{
        ResolvedMount,
        plan::{self, Situation},
    },
    namespaces::{Namespace, NsMode},
    network::{self, ResolvedNetwork},
    process,
    resolved::ResolvedNamespaces,
    resources,
    security::rights,
    signal,
    users::{self, IdRange},
};
use oci::{
    image::{ContainerConfig, ImageConfig},
    runtime::{DeviceRule, Resources},
};
use std::collections::BTreeMap;

pub(crate) fn resolve(
    mut spec: ContainerSpec,
    image: &ImageConfig,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<ResolvedSpec, Invalid> {
    let empty = ContainerConfig::default();
    let image = image.config.as_ref().unwrap_or(&empty);
    let mut warnings = Vec::new();
    spec.namespaces.cgroups_mode = own_or(&spec.namespaces.cgroups_mode, &defaults.cgroups_mode);
    check(&spec)?;

    let privileged = spec.security.privileged.unwrap_or(defaults.privileged);
    let network = network::plan::resolve(&spec.network, image, defaults, host, &mut warnings)?;
    let users = users::resolve(&spec.users, defaults, host)?;
    let namespaces = resolve_namespaces(&spec, users.namespace.clone(), defaults, host)?;
    let hostname = hostname(&spec, &namespaces, &network, defaults, host)?;
    let shm_size = shm_size(&spec, &namespaces, defaults)?;

    let (entrypoint, command) = process::command(&spec.process, image)?;
    let cwd = process::work_dir(&spec.process, image);
    let user = user(&spec, image, users.own);
    let (passwd_line, group_line) = account_lines(&spec, &user, &cwd, users.own, host);
    let timezone = own_or(&spec.process.timezone, &defaults.timezone);

    let own_userns = !users.uid_map.is_empty();
    let read_only = spec.rootfs.read_only_filesystem.unwrap_or(defaults.read_only);
    let mut devices = devices::resolve(&spec.devices, privileged, own_userns, defaults, host)?;
    let situation = Situation {
        rootless: host.rootless,
        own_userns,
        privileged,
        read_only,
        read_write_tmpfs: spec.rootfs.read_write_tmpfs.unwrap_or(true),
        namespaces: &namespaces,
        network: &network,
        has_group_5: has_group(5, &users.gid_map, host),
        procfs_opts: &spec.security.procfs_opts,
        localtime: !timezone.is_empty(),
        image_volume_mode: &own_or(&spec.rootfs.image_volume_mode, &defaults.image_volume_mode),
    };
    let shares_sys = situation.shares_sys();
    let mounts = plan::resolve(&spec.mounts, image, defaults, std::mem::take(&mut devices.mounts), &situation)?;

    check_selinux(&spec, &mounts, host, &mut warnings)?;
    let capabilities = rights::capability_sets(&spec.security, privileged, process::is_root(&user), defaults)?;
    let (masked_paths, readonly_paths) = rights::paths(&spec.security, privileged, shares_sys);
    let resources = limits(&spec, devices.rules, defaults, host, &mut warnings)?;
    let oom_score_adj = resources::oom_score(&spec.resources, defaults, host, &mut warnings)?;

    let mut sysctl = resources::sysctls(&spec.resources, defaults, &namespaces.ipc, &network.mode)?;
    // Who has the right to ping is a range of groups that must be mapped, and the default is group 0.
    if !spec.resources.sysctl.contains_key(PING_GROUPS) && !has_group(0, &users.gid_map, host) {
        sysctl.remove(PING_GROUPS);
    }
    Ok(ResolvedSpec {
        args: [entrypoint.as_slice(), &command].concat(),
        entrypoint,
        command,
        env: env::resolve(&spec.process, &image.env, defaults, &host.env),
        cwd,
        groups: spec.process.groups.clone(),
        passwd_line,
        group_line,
        terminal: spec.process.terminal,
        stdin: spec.process.stdin,
        init: init(&spec, &namespaces, defaults)?,
        umask: umask(&spec, defaults)?,
        timezone,
        hostname,
        labels: merged(&image.labels, &spec.identity.labels),
        annotations: merged(&defaults.annotations, &spec.identity.annotations),
        stop_signal: stop_signal(&spec, image)?,
        stop_timeout: spec.life.stop_timeout.unwrap_or(defaults.stop_timeout),
        restart: spec.life.restart()?,
        remove: spec.life.remove,
        seccomp: rights::seccomp(&spec.security, privileged, &capabilities.bounding, defaults, host)?,
        apparmor_profile: rights::apparmor(&spec.security, privileged, host)?,
        capabilities,
        no_new_privileges: spec.security.no_new_privileges,
        masked_paths,
        readonly_paths,
        privileged,
        rlimits: resources::rlimits(&spec.resources, defaults, host)?,
        sysctl,
        oom_score_adj,
        devices: devices.nodes,
        resources,
        log: spec.log.resolve(defaults)?,
        uid_map: users.uid_map,
        gid_map: users.gid_map,
        user,
        namespaces,
        network,
        read_only,
        mounts,
        shm_size,
        warnings,
        spec,
    })
}

/// Labels aren't set yet. Where SELinux is off they mean nothing, to podman too; where it is on, say so.
fn check_selinux(
    spec: &ContainerSpec,
    mounts: &[ResolvedMount],
    host: &HostFacts,
    warnings: &mut Vec<String>,
) -> Result<(), Invalid> {
    if !host.selinux {
        return Ok(());
    }
    if let Some(option) = spec.security.selinux_opts.iter().find(|option| *option != "disable") {
        return Err(Invalid::new(format!("--security-opt label={option}: SELinux labels are not supported yet")));
    }
    if let Some(mount) = mounts.iter().find(|mount| mount.relabel.is_some()) {
        warnings.push(format!("SELinux labels are not supported yet: {} keeps the label it has", mount.destination));
    }
    Ok(())
}

/// Control groups with device rules; none at all where there is no group to hold them.
fn limits(
    spec: &ContainerSpec,
    device_rules: Vec<DeviceRule>,
    defaults: &Defaults,
    host: &HostFacts,
    warnings: &mut Vec<String>,
) -> Result<Resources, Invalid> {
    if spec.namespaces.cgroups_mode == "disabled" {
        if spec.resources.limits.as_ref().is_some_and(|limits| *limits != Resources::default()) {
            return Err(Invalid::new("cannot set resource limits when cgroups are disabled"));
        }
        return Ok(Resources::default());
    }
    let mut limits = resources::resolve(&spec.resources, defaults, host, warnings)?;
    if host.cgroup_limits {
        limits.devices = device_rules;
    }
    Ok(limits)
}

/// What doesn't depend on image, configuration or host. API clients come past the flag parsers, so names are checked here.
fn check(spec: &ContainerSpec) -> Result<(), Invalid> {
    if !spec.identity.name.is_empty() {
        identity::check_name(&spec.identity.name)?;
    }
    identity::check_hostname(&spec.identity.hostname)?;
    if !spec.identity.pod.is_empty() {
        return Err(Invalid::new(format!("no pod with name or ID {} found: no such pod", spec.identity.pod)));
    }
    check_supported(spec)?;
    if spec.resources.oom_score_adj.is_some_and(|value| !(-1000..=1000).contains(&value)) {
        return Err(Invalid::new("--oom-score-adj must be from -1000 to 1000"));
    }
    spec.life.check()
}

/// Fields that libpod has and this engine doesn't yet: an error, so that nobody believes they work.
fn check_supported(spec: &ContainerSpec) -> Result<(), Invalid> {
    let process = &spec.process;
    let wishes = [
        (!spec.rootfs.rootfs.is_empty(), "--rootfs"),
        (!process.init_path.is_empty(), "--init-path"),
        (!matches!(process.systemd.as_str(), "" | "false" | "true"), "--systemd=always"),
        (
            !matches!(process.sdnotify.as_str(), "" | "container" | "ignore"),
            "--sdnotify other than container and ignore",
        ),
        (!process.passwd_entry.is_empty(), "--passwd-entry"),
        (!process.group_entry.is_empty(), "--group-entry"),
        (spec.life.remove_image, "--rmi"),
        (spec.namespaces.cgroups_mode == "split", "--cgroups=split"),
        (spec.security.label_nested, "--security-opt label=nested"),
    ];
    match wishes.iter().find(|(wished, _)| *wished) {
        Some((_, name)) => Err(Invalid::new(format!("{name} is not supported yet"))),
        None => check_cgroups_mode(&spec.namespaces.cgroups_mode),
    }
}

fn check_cgroups_mode(mode: &str) -> Result<(), Invalid> {
    if matches!(mode, "" | "enabled" | "disabled" | "no-conmon") {
        return Ok(());
    }
    Err(Invalid::new(format!("invalid cgroup mode {mode:?}: invalid argument")))
}

fn resolve_namespaces(
    spec: &ContainerSpec,
    user: Namespace,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<ResolvedNamespaces, Invalid> {
    // As podman: on v1 a new cgroup namespace would hide where limits are.
    let cgroup = if host.cgroup_v2 { NsMode::Private } else { NsMode::Host };
    let wish = &spec.namespaces;
    Ok(ResolvedNamespaces {
        pid: wish.pid.or(&defaults.pid, NsMode::Private)?,
        uts: wish.uts.or(&defaults.uts, NsMode::Private)?,
        ipc: wish.ipc.or(&defaults.ipc, NsMode::Shareable)?,
        cgroup: wish.cgroup.or(&defaults.cgroup, cgroup)?,
        user,
    })
}

/// It reaps as pid 1 only.
fn init(spec: &ContainerSpec, namespaces: &ResolvedNamespaces, defaults: &Defaults) -> Result<bool, Invalid> {
    match (spec.process.init, namespaces.pid.is_new()) {
        (Some(true), false) => Err(Invalid::new("cannot add init binary as PID 1 (PID namespace isn't private)")),
        (asked, own) => Ok(asked.unwrap_or(defaults.init && own)),
    }
}

/// Empty: by the id, at each start.
fn hostname(
    spec: &ContainerSpec,
    namespaces: &ResolvedNamespaces,
    network: &ResolvedNetwork,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<String, Invalid> {
    let asked = &spec.identity.hostname;
    if namespaces.uts.mode != NsMode::Private {
        if !asked.is_empty() {
            let space = namespaces.uts.mode.name();
            return Err(Invalid::new(format!(
                "invalid config provided: cannot set hostname when running in the {space} UTS namespace: invalid configuration"
            )));
        }
        return Ok(if namespaces.uts.mode == NsMode::Host { host.hostname.clone() } else { String::new() });
    }
    if !asked.is_empty() {
        return Ok(asked.clone());
    }
    if network.mode.mode == NsMode::Host {
        return Ok(host.hostname.clone());
    }
    Ok(if defaults.name_as_hostname { identity::hostname_of(&spec.identity.name) } else { String::new() })
}

fn shm_size(spec: &ContainerSpec, namespaces: &ResolvedNamespaces, defaults: &Defaults) -> Result<i64, Invalid> {
    match spec.mounts.shm_size {
        None => Ok(defaults.shm_size),
        Some(_) if !namespaces.ipc.is_new() || namespaces.ipc.mode == NsMode::None => Err(Invalid::new(format!(
            "invalid config provided: cannot set shmsize when running in the {} IPC Namespace",
            namespaces.ipc.mode.name()
        ))),
        Some(size) if size < 0 => Err(Invalid::new(format!("invalid size of /dev/shm: {size}"))),
        Some(size) => Ok(size),
    }
}

fn user(spec: &ContainerSpec, image: &ContainerConfig, own: Option<(u32, u32)>) -> String {
    match (spec.process.user.as_str(), own) {
        ("", Some((uid, gid))) => format!("{uid}:{gid}"),
        ("", None) => image.user.clone(),
        (asked, _) => asked.to_owned(),
    }
}

/// Lines that give the process's user a name inside. With an ordinary user's `keep-id` it is the caller's.
fn account_lines(
    spec: &ContainerSpec,
    user: &str,
    cwd: &str,
    own: Option<(u32, u32)>,
    host: &HostFacts,
) -> (Option<String>, Option<String>) {
    if spec.process.manage_passwd == Some(false) {
        return (None, None);
    }
    let Some((uid, gid)) = own.filter(|own| host.rootless && own.0 != 0 && !host.user_name.is_empty()) else {
        return process::account_lines(user, cwd);
    };
    let (name, group) = (&host.user_name, &host.group_name);
    let passwd = format!("{name}:*:{uid}:{gid}:{name}:{cwd}:/bin/sh");
    (Some(passwd), (!group.is_empty()).then(|| format!("{group}:x:{gid}:{name}")))
}

fn umask(spec: &ContainerSpec, defaults: &Defaults) -> Result<u32, Invalid> {
    match spec.process.umask.as_str() {
        "" => Ok(defaults.umask),
        text => process::parse_umask(text),
    }
}

fn stop_signal(spec: &ContainerSpec, image: &ContainerConfig) -> Result<i32, Invalid> {
    const SIGTERM: i32 = 15;
    match (spec.life.stop_signal, image.stop_signal.as_str()) {
        (Some(number @ 1..=64), _) => Ok(number),
        (Some(_), _) => Err(Invalid::new("valid signals are 1 through 64")),
        (None, "") => Ok(SIGTERM),
        (None, text) => signal::parse(text).map_err(|e| Invalid::new(format!("the image's stop signal: {e}"))),
    }
}

const PING_GROUPS: &str = "net.ipv4.ping_group_range";

fn has_group(gid: u32, gid_map: &[IdRange], host: &HostFacts) -> bool {
    let map = if gid_map.is_empty() { &host.gid_map } else { gid_map };
    // Facts that nobody filled in mean a host without mapping.
    let holds = |r: &IdRange| gid.checked_sub(r.container_id).is_some_and(|offset| offset < r.size);
    map.is_empty() || map.iter().any(holds)
}

fn own_or(own: &str, configured: &str) -> String {
    if own.is_empty() { configured.to_owned() } else { own.to_owned() }
}

fn merged(base: &BTreeMap<String, String>, over: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = base.clone();
    all.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
    all
}

#[cfg(test)]
mod tests;
