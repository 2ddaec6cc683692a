//! What a `RUN` gets beside its files: mounts, secrets, agents, a network, rights.

use super::run::{Seen, context};
use super::schedule::Schedule;
use super::secret;
use crate::error::Error;
use crate::files::ignore::Ignore;
use crate::files::{self, Choice, Pattern};
use crate::language::instruction::Network;
use crate::plan::Origin;
use crate::steps::Run;
use crate::steps::mount::{Cache, Kind, Mount, Owner, Sharing};
use engine::Engine;
use engine::build::{CacheFolder, Draft, Mounted, Use};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// What must last as long as the command.
#[derive(Default)]
pub(super) struct Kept {
    mounts: Vec<Mounted>,
    caches: Vec<CacheFolder>,
}

/// What a command's container is given, beside its files.
pub(super) fn prepare(
    schedule: &Schedule<'_>,
    draft: &Draft<'_>,
    run: &Run,
    seen: &[Seen],
) -> Result<(spec::ContainerSpec, Kept), Error> {
    let spec = schedule.request.settings.container.clone();
    let mut prepared = Prepared { schedule, draft, seen, spec, kept: Kept::default() };
    prepared.prepare(run)?;
    Ok((prepared.spec, prepared.kept))
}

struct Prepared<'p> {
    schedule: &'p Schedule<'p>,
    draft: &'p Draft<'p>,
    seen: &'p [Seen],
    spec: spec::ContainerSpec,
    kept: Kept,
}

impl Prepared<'_> {
    fn prepare(&mut self, run: &Run) -> Result<(), Error> {
        let invalid = |invalid: spec::Invalid| Error::Missing(invalid.message);
        self.spec.log.set_driver("passthrough").map_err(invalid)?;
        self.spec.rootfs.image_volume_mode = "ignore".to_owned();
        self.spec.life.remove = true;
        self.spec.process.env.extend(run.proxies.iter().cloned());
        // What tells a program that it is in a container is no part of a build, with BuildKit and Buildah alike.
        if !run.env.iter().any(|pair| pair.starts_with("container=")) {
            self.spec.process.unset_env.push("container".to_owned());
        }
        match run.network {
            Some(Network::None) => self.spec.network.set_networks(&["none".to_owned()]).map_err(invalid)?,
            Some(Network::Host) => self.spec.network.set_networks(&["host".to_owned()]).map_err(invalid)?,
            Some(Network::Default) | None => {}
        }
        if run.insecure {
            if !self.schedule.request.settings.allow_insecure {
                let why = "RUN --security=insecure is not allowed: say --allow security.insecure";
                return Err(Error::Missing(why.to_owned()));
            }
            self.spec.security.privileged = Some(true);
        }
        for device in &run.devices {
            self.spec.devices.add(device).map_err(invalid)?;
        }
        if let Some(script) = &run.script {
            let file = self.memory("script")?.join("script");
            write(&file, script.content.as_bytes(), Owner { uid: 0, gid: 0, mode: 0o755 })?;
            self.bind(&file, &script.path, false);
        }
        for (number, (mount, origin)) in run.mounts.iter().enumerate() {
            self.mount(number, mount, origin)?;
        }
        Ok(())
    }

    fn bind(&mut self, source: &Path, target: &str, writable: bool) {
        let mode = if writable { "rw" } else { "ro" };
        self.spec.mounts.mounts.push(oci::runtime::Mount {
            destination: target.to_owned(),
            kind: Some("bind".to_owned()),
            source: Some(source.display().to_string()),
            options: ["rbind", "rprivate", mode].map(str::to_owned).to_vec(),
            ..Default::default()
        });
    }

    fn mount(&mut self, number: usize, mount: &Mount, origin: &Origin) -> Result<(), Error> {
        let target = &mount.target;
        match &mount.kind {
            Kind::Bind { source, writable, .. } => {
                let mut path = self.source(number, origin, source)?;
                let seen = self.seen.iter().find(|seen| seen.mount == number).and_then(|seen| seen.chosen.first());
                let omitted = seen.map_or(&[][..], |chosen| &chosen.omitted[..]);
                if path.is_dir() && (*writable || !omitted.is_empty()) {
                    path = self.keep(Mounted::changed(self.draft, &path, &format!("changed-{number}"), omitted)?);
                }
                self.bind(&path, target, *writable);
            }
            Kind::Cache(cache) => {
                let path = self.cache(number, cache, origin)?;
                self.bind(&path, target, !cache.readonly);
            }
            Kind::Tmpfs { size } => {
                let size = size.map(|size| format!(",size={size}")).unwrap_or_default();
                // As any folder for temporary files.
                let text = format!("{target}:mode=1777{size}");
                self.spec.mounts.add_tmpfs(&text).map_err(|invalid| Error::Missing(invalid.message))?;
            }
            Kind::Secret { id, required, env, file, owner } => {
                let secrets = &self.schedule.request.settings.secrets;
                let content = match secret(secrets, id)? {
                    Some(content) => content,
                    None if !required => return Ok(()),
                    None => {
                        let why = format!("secret {id} is required: give it with --secret id={id},src=…");
                        return Err(Error::Missing(why));
                    }
                };
                if let Some(name) = env {
                    let text = String::from_utf8(content.clone());
                    let text = text.map_err(|_| Error::Missing(format!("secret {id} is no text for a variable")))?;
                    self.spec.process.env.insert(name.clone(), text);
                }
                if *file {
                    let path = self.memory(&format!("secret-{number}"))?.join("secret");
                    write(&path, &content, *owner)?;
                    self.bind(&path, target, false);
                }
            }
            Kind::Ssh { id, required, .. } => {
                let Some(socket) = self.schedule.request.settings.agents.get(id).cloned() else {
                    return match required {
                        true => Err(Error::Missing(format!("unset ssh forward key {id}: give it with --ssh"))),
                        false => Ok(()),
                    };
                };
                self.bind(&socket, target, true);
                self.spec.process.env.entry("SSH_AUTH_SOCK".to_owned()).or_insert_with(|| target.clone());
            }
        }
        Ok(())
    }

    /// Where the files of a mount are held, whatever becomes of their names. Links are followed as if what they are in were `/`.
    fn source(&mut self, number: usize, origin: &Origin, source: &str) -> Result<PathBuf, Error> {
        let root = match self.schedule.layers_of(origin) {
            Some(layers) => {
                let view = Mounted::layers(self.schedule.engine, self.draft, &layers, &format!("mount-{number}"))?;
                let root = File::open(self.keep(view)).map(OwnedFd::from);
                root.map_err(Error::io("open the source of a mount"))?
            }
            None => context(self.schedule, origin)?,
        };
        let inside = crate::steps::path::join("/", source);
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
        let found = sys::path::open(&root, Path::new(&inside), flags, 0);
        let found = found.map_err(Error::io(format!("find the source {source} of a mount")))?;
        Ok(self.keep(Mounted::opened(self.draft, &found, &format!("source-{number}"))?))
    }

    fn memory(&mut self, name: &str) -> Result<PathBuf, Error> {
        Ok(self.keep(Mounted::memory(self.draft, name)?))
    }

    /// Until the command has ended. Where it is.
    fn keep(&mut self, mounted: Mounted) -> PathBuf {
        let path = mounted.path().to_owned();
        self.kept.mounts.push(mounted);
        path
    }

    fn cache(&mut self, number: usize, cache: &Cache, origin: &Origin) -> Result<PathBuf, Error> {
        let engine = self.schedule.engine;
        let folder = cache_folder(engine, cache, &mut || self.source(number, origin, &cache.source))?;
        let path = folder.path();
        self.kept.caches.push(folder);
        Ok(path)
    }
}

/// The folder of a cache mount; a new one has what `from` tells, where that is asked for.
pub(crate) fn cache_folder(
    engine: &Engine,
    cache: &Cache,
    from: &mut dyn FnMut() -> Result<PathBuf, Error>,
) -> Result<CacheFolder, Error> {
    let how = match cache.sharing {
        Sharing::Shared => Use::Shared,
        Sharing::Private => Use::OwnOne,
        Sharing::Locked => Use::Alone,
    };
    let folder = engine::build::cache_folder(engine, &cache.id, how)?;
    if !folder.is_new() {
        return Ok(folder);
    }
    let path = folder.path();
    let Owner { mut uid, mut gid, mut mode } = cache.owner;
    let failed = || Error::io(format!("make the cache folder {}", cache.id));
    let single_id = engine::build::has_single_id(engine);
    if cache.from.is_some() {
        let from = from()?;
        fill(&from, &path, single_id)?;
        // It is the folder that was asked for: what else is said of a new one doesn't count.
        let own = std::fs::metadata(&from).map_err(failed())?;
        (uid, gid, mode) = (own.uid(), own.gid(), own.mode() & 0o7777);
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).map_err(failed())?;
    if !single_id {
        chown(&path, Some(uid), Some(gid)).map_err(failed())?;
    }
    folder.begun().map_err(engine::Error::from)?;
    Ok(folder)
}

/// What a new cache has at first.
fn fill(from: &Path, to: &Path, single_id: bool) -> Result<(), Error> {
    let open = |path: &Path| File::open(path).map(OwnedFd::from).map_err(Error::io(format!("open {}", path.display())));
    let (source, root) = (open(from)?, open(to)?);
    let nothing = Ignore::default();
    let pattern = Pattern { text: "/", parents: false, exact: true };
    let chosen = files::select(&source, pattern, Choice { ignore: &nothing, exclude: &nothing })?;
    let placing = files::Placing {
        root: &root,
        destination: "/",
        owner: None,
        mode: None,
        keeps_names: false,
        disowns_parents: false,
        is_archive: false,
        single_id,
    };
    Ok(files::place(&placing, &source, &chosen)?)
}

fn write(path: &Path, content: &[u8], owner: Owner) -> Result<(), Error> {
    let failed = || Error::io("write a file for a step");
    std::fs::write(path, content).map_err(failed())?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(owner.mode)).map_err(failed())?;
    if (owner.uid, owner.gid) != (0, 0) {
        chown(path, Some(owner.uid), Some(owner.gid)).map_err(failed())?;
    }
    Ok(())
}
