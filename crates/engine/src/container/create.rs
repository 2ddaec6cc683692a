//! `create`: image, resolved spec, record, root folders.

use super::facts;
use super::id_range::{self, Claim};
use super::joined_users;
use crate::image::RegistryOptions;
use crate::state::containers::{New, Summary};
use crate::state::names;
use crate::undo::Undo;
use crate::{Engine, Error};
use ::image::{Progress, PullPolicy};
use oci::{Digest, Platform};
use spec::mounts::Source;
use spec::namespaces::{Namespace, NsMode};
use spec::{ContainerSpec, Defaults, ResolvedSpec};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// How to create.
pub struct CreateOptions<'a> {
    /// `--pull`.
    pub pull: PullPolicy,
    /// `--platform`, `--arch`, `--os`.
    pub platform: Option<Platform>,
    /// Credentials and TLS of a pull.
    pub registry: RegistryOptions,
    /// Of a pull.
    pub progress: &'a dyn Progress,
    /// `--cidfile`: gets the id, whatever it held before.
    pub cidfile: Option<PathBuf>,
    /// `--replace`: removes a container of the same name first.
    pub replace: bool,
    /// Called with each warning as soon as it is known.
    pub warn: &'a dyn Fn(&str),
    /// argv, shown by `inspect`.
    pub create_command: Vec<String>,
}

/// A new container.
#[derive(Debug, Clone)]
pub struct Created {
    /// 64 hex digits.
    pub id: String,
    /// Given or random.
    pub name: String,
}

/// A new container with all that a start needs.
pub(crate) struct Made {
    pub(crate) created: Created,
    pub(crate) spec: ResolvedSpec,
    pub(crate) layers: Vec<Digest>,
    pub(crate) image_id: String,
    pub(crate) image_name: String,
    /// Held lock of its run folder, when it is to be started at once.
    pub(crate) lock: Option<OwnedFd>,
}

/// Makes a container without starting it.
pub fn create(engine: &Engine, spec: ContainerSpec, options: &CreateOptions<'_>) -> Result<Created, Error> {
    make(engine, spec, options, false).map(|made| made.created)
}

/// `start`: its run folder is made before anybody can know of it, so that a killed `run` is found by its lock.
pub(crate) fn make(
    engine: &Engine,
    mut spec: ContainerSpec,
    options: &CreateOptions<'_>,
    start: bool,
) -> Result<Made, Error> {
    if spec.identity.create_command.is_empty() {
        spec.identity.create_command.clone_from(&options.create_command);
    }
    check_input(engine, &spec)?;
    let image = crate::image::pull(
        engine,
        &spec.rootfs.image,
        options.pull,
        options.platform.as_ref(),
        &options.registry,
        options.progress,
    )?;
    if options.replace && !spec.identity.name.is_empty() {
        let remove = super::RemoveOptions { force: true, ignore: true, ..Default::default() };
        super::remove(engine, &spec.identity.name, &remove)?;
    }
    let id = names::id();
    let wanted_name = spec.identity.name.clone();
    let (mut resolved, claim) = resolve(engine, spec, &image)?;
    for warning in &resolved.warnings {
        (options.warn)(warning);
    }
    check_sources(&resolved)?;
    check_namespaces(&resolved)?;
    crate::network::check(engine, &resolved)?;
    let needs = join(engine, &mut resolved)?;
    let volumes = name_volumes(&mut resolved);
    let summary = summarise(&resolved, options.cidfile.as_deref());

    // Either keeps others from starting what isn't whole yet: if it then failed, it would be taken away from under them. Held
    // until that is done.
    let (lock, _transition) = match start {
        true => (engine.runs().create(&id)?, None),
        false => (None, Some(engine.runs().transition(&id)?)),
    };
    let mut undo = Undo::default();
    if start {
        undo.push(|| drop(engine.runs().remove(&id)));
    }
    let boot = boot_id();
    let layers = image.image.layers.clone();
    let new = New {
        id: &id,
        name: (!wanted_name.is_empty()).then_some(&wanted_name),
        image_id: image.image.id.hex(),
        image_name: &image.name,
        summary: &summary,
        spec: &resolved,
        layers: &layers,
        boot: (start && resolved.remove).then_some(&boot),
        volumes: &volumes,
        needs: &needs,
        range: claim.as_ref().map(|claim| (claim.range.uid, claim.range.size)),
    };
    let name = insert(engine, &new)?;
    drop(claim);
    undo.push(|| {
        let _ = engine.database().and_then(|database| database.delete(&id, &database.own_volumes(&id)?));
    });
    for (volume, _) in &volumes {
        engine.store().create_volume_dir(volume)?;
    }
    undo.push(|| drop(engine.store().remove_root(&id)));
    engine.store().create_root(&id, &layers)?;
    if let Some(path) = &options.cidfile {
        write_cidfile(path, &id)?;
    }
    undo.keep();
    let image_id = image.image.id.hex().to_owned();
    Ok(Made { created: Created { id, name }, spec: resolved, layers, image_id, image_name: image.name, lock })
}

fn check_input(engine: &Engine, spec: &ContainerSpec) -> Result<(), Error> {
    let name = &spec.identity.name;
    if !name.is_empty() && !names::is_valid(name) {
        return Err(Error::Invalid(format!(
            "invalid container name \"{name}\": names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument"
        )));
    }
    match crate::working::id_of_name(engine, name)? {
        Some(id) => Err(Error::NameInUse { name: name.clone(), id }),
        None => Ok(()),
    }
}

/// The name may belong to a `--rm` container whose monitor was killed: clean up and try once more.
fn insert(engine: &Engine, new: &New<'_>) -> Result<String, Error> {
    match engine.database()?.insert(new) {
        Err(Error::NameInUse { name, id }) => {
            super::cleanup::reconcile(engine, Some(&id));
            if engine.database()?.container(&id)?.is_some() {
                return Err(Error::NameInUse { name, id });
            }
            engine.database()?.insert(new)
        }
        result => result,
    }
}

/// Every default is decided; `auto` gets its range of ids.
fn resolve(
    engine: &Engine,
    spec: ContainerSpec,
    image: &::image::Resolved,
) -> Result<(ResolvedSpec, Option<Claim>), Error> {
    let defaults = Defaults::from_conf(engine.config())?;
    let wish = spec.users.auto_request(&defaults);
    let claim = wish.map(|wish| id_range::choose(engine, &wish, image, &spec.process.user)).transpose()?;
    let joined = spec.users.joined(&defaults).map(|namespace| joined_users::maps(engine, namespace)).transpose()?;
    let users =
        facts::Outside { auto_range: claim.as_ref().map(|claim| claim.range), joined_maps: joined.unwrap_or_default() };
    let facts = facts::host(engine, &spec, &defaults, users)?;
    let resolved = spec.resolve(&image.config, &defaults, &facts)?;
    Ok((resolved, claim))
}

/// Bind mounts need something to mount.
fn check_sources(resolved: &ResolvedSpec) -> Result<(), Error> {
    for mount in &resolved.mounts {
        let Source::Bind(path) = &mount.source else { continue };
        if Path::new(path).is_absolute() {
            rustix::fs::statfs(path.as_str())
                .map_err(|error| Error::Invalid(format!("statfs {path}: {}", lower(error.into()))))?;
        }
    }
    Ok(())
}

/// Namespaces given by their files, but for the user's, which was opened before.
fn check_namespaces(resolved: &ResolvedSpec) -> Result<(), Error> {
    let spaces = &resolved.namespaces;
    let all = [
        ("network", &resolved.network.mode),
        ("PID", &spaces.pid),
        ("UTS", &spaces.uts),
        ("IPC", &spaces.ipc),
        ("cgroup", &spaces.cgroup),
    ];
    for (what, namespace) in all.into_iter().filter(|(_, namespace)| namespace.mode == NsMode::Path) {
        find_namespace(what, &namespace.value)?;
    }
    Ok(())
}

/// An error unless the file is there.
pub(super) fn find_namespace(what: &str, path: &str) -> Result<(), Error> {
    let found = rustix::fs::stat(path).map_err(|error| {
        let why = lower(error.into());
        Error::Invalid(format!("cannot find specified {what} namespace path: {path}: {why}"))
    });
    found.map(drop)
}

/// The kernel's words as Go prints them.
fn lower(error: std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// The id of the container whose namespace is to be joined.
pub(super) fn partner(engine: &Engine, what: &str, name: &str) -> Result<String, Error> {
    let id = super::resolve_name(engine, name);
    id.map_err(|error| {
        Error::Invalid(format!("looking up container to share {what} namespace with: {}", error.chain()))
    })
}

/// Names of containers whose namespaces are joined become ids; returns those.
fn join(engine: &Engine, resolved: &mut ResolvedSpec) -> Result<Vec<String>, Error> {
    let spaces = &mut resolved.namespaces;
    let joined: [(&str, &mut Namespace); 6] = [
        ("net", &mut resolved.network.mode),
        ("pid", &mut spaces.pid),
        ("uts", &mut spaces.uts),
        ("ipc", &mut spaces.ipc),
        ("cgroup", &mut spaces.cgroup),
        ("user", &mut spaces.user),
    ];
    let mut ids = Vec::new();
    for (what, namespace) in joined.into_iter().filter(|(_, namespace)| namespace.mode == NsMode::Container) {
        namespace.value = partner(engine, what, &namespace.value)?;
        ids.push(namespace.value.clone());
    }
    for needed in &resolved.spec.identity.dependencies {
        ids.push(super::resolve_name(engine, needed)?);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Anonymous volumes get their names; returns all volumes: name, anonymous.
fn name_volumes(resolved: &mut ResolvedSpec) -> Vec<(String, bool)> {
    let mut volumes = Vec::new();
    for mount in &mut resolved.mounts {
        if let Source::Volume { name, anonymous, .. } = &mut mount.source {
            if name.is_empty() {
                *name = names::id();
                *anonymous = true;
            }
            volumes.push((name.clone(), *anonymous));
        }
    }
    volumes
}

fn summarise(resolved: &ResolvedSpec, cidfile: Option<&Path>) -> Summary {
    let asked = || resolved.mounts.iter().filter(|mount| mount.asked);
    let source = |mount: &spec::mounts::ResolvedMount| match &mount.source {
        Source::Volume { name, .. } => Some(name.clone()),
        Source::Bind(path) => Some(path.clone()),
        _ => None,
    };
    Summary {
        command: resolved.command.clone(),
        labels: resolved.labels.clone(),
        ports: resolved.network.ports.iter().map(crate::network::port).collect(),
        exposed: resolved.network.exposed.clone(),
        mounts: asked().map(|mount| mount.destination.clone()).collect(),
        volumes: asked().filter_map(source).chain(asked().map(|mount| mount.destination.clone())).collect(),
        networks: resolved.network.networks.iter().map(|(name, _)| name.clone()).collect(),
        cidfile: cidfile
            .and_then(|path| std::path::absolute(path).ok())
            .map_or(String::new(), |p| p.display().to_string()),
        pod: String::new(),
    }
}

fn write_cidfile(path: &Path, id: &str) -> Result<(), Error> {
    std::fs::write(path, id).map_err(|source| Error::io("write container id file", path, source))
}

/// Differs after each boot.
pub(crate) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}
