//! `RUN`: a command in the layer that it makes.

use super::inputs::Inputs;
use super::memory::{Fresh, remembered};
use super::schedule::{Schedule, failure};
use super::worker::{Failure, Outcome};
use super::{Secret, layer_of};
use crate::error::Error;
use crate::files::ignore::Ignore;
use crate::files::{self, Choice, Chosen, Listing, Pattern};
use crate::language::instruction::Network;
use crate::plan::Origin;
use crate::steps::Run;
use crate::steps::mount::{Cache, Kind, Mount, Owner, Sharing};
use engine::build::{CacheFolder, Draft, Mounted, Use};
use oci::Digest;
use oci::image::{ContainerConfig, ImageConfig};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

pub(super) fn run(schedule: &Schedule<'_>, below: &[Digest], run: &Run) -> Result<Outcome, Failure> {
    let mut code = 0;
    let mut warnings = Vec::new();
    let mut seen = Vec::new();
    let outcome = inputs(schedule, below, run, &mut seen).and_then(|inputs| {
        remembered(schedule, inputs, None, || {
            let layer = execute(schedule, below, run, (&mut code, &mut warnings))?;
            let is_of_inputs = seen.iter().all(|(root, chosen)| files::are_unchanged(root, chosen));
            Ok(Fresh { layer, is_of_inputs })
        })
    });
    match outcome {
        Err(_) if code != 0 => Err(Failure { code: Some(code), why: String::new() }),
        Err(error) => Err(failure(&error)),
        Ok(outcome) => Ok(Outcome { warnings, ..outcome }),
    }
}

/// Files of a context as they were looked at.
type Seen = (OwnedFd, Vec<Chosen>);

fn inputs(schedule: &Schedule<'_>, below: &[Digest], run: &Run, seen: &mut Vec<Seen>) -> Result<Inputs, Error> {
    let mut inputs = Inputs::new("run")
        .over(below)
        .json("command", &run.argv)
        .json("environment", &run.env)
        .json("arguments", &run.arguments)
        .with("script", run.script.as_ref().map(|script| script.content.clone()).unwrap_or_default())
        .with("user", &run.user)
        .with("workdir", &run.workdir)
        .with("network", format!("{:?}", run.network))
        .with("insecure", run.insecure.to_string())
        .json("devices", &run.devices)
        .json("container", &schedule.request.settings.container);
    for (number, (mount, origin)) in run.mounts.iter().enumerate() {
        let name = format!("mount {number}");
        inputs = inputs.with(&name, format!("{mount:?}"));
        if let Kind::Bind { source, .. } = &mount.kind {
            inputs = inputs.with(&format!("{name} files"), mounted_content(schedule, origin, source, seen)?);
        }
    }
    Ok(inputs)
}

/// What a bind mount shows: layers by name, a context's files by content.
fn mounted_content(
    schedule: &Schedule<'_>,
    origin: &Origin,
    source: &str,
    seen: &mut Vec<Seen>,
) -> Result<String, Error> {
    if let Some(layers) = schedule.layers_of(origin) {
        return Ok(serde_json::to_string(&layers).unwrap_or_default());
    }
    let root = context(schedule, origin)?;
    let nothing = Ignore::default();
    let ignore = if *origin == Origin::Context { &schedule.request.contexts.ignore } else { &nothing };
    let pattern = Pattern { text: source, parents: false };
    let chosen = files::select(&root, pattern, Choice { ignore, exclude: &nothing })?;
    let content = files::content(&root, &chosen, true, &mut Listing::default())?;
    seen.push((root, chosen));
    Ok(content.to_string())
}

fn context(schedule: &Schedule<'_>, origin: &Origin) -> Result<OwnedFd, Error> {
    let contexts = &schedule.request.contexts;
    match origin {
        Origin::Named(name) => contexts.open(Some(name)),
        _ => contexts.open(None),
    }
}

fn execute(
    schedule: &Schedule<'_>,
    below: &[Digest],
    run: &Run,
    (code, warnings): (&mut i32, &mut Vec<String>),
) -> Result<Option<(Digest, u64)>, Error> {
    let draft = Draft::begin(schedule.engine, below)?;
    let mut step =
        Prepared { schedule, draft: &draft, spec: schedule.request.settings.container.clone(), kept: Kept::default() };
    step.prepare(run)?;
    let Prepared { spec, kept, .. } = step;
    let config = ImageConfig {
        config: Some(ContainerConfig {
            env: run.env.clone(),
            user: run.user.clone(),
            working_dir: run.workdir.clone(),
            cmd: run.argv.clone(),
            ..ContainerConfig::default()
        }),
        ..ImageConfig::default()
    };
    *code = draft.run(spec.clone(), &config, &mut |warning| warnings.push(warning.to_owned()))?;
    if *code != 0 {
        let failure = Failure { code: Some(*code), why: String::new() };
        if let Some(here) = schedule.here().filter(|_| schedule.request.settings.shell_on_error)
            && here.voice.ask(&failure)
        {
            show(&draft, spec, config)?;
        }
    }
    drop(kept);
    if *code != 0 {
        return Err(Error::Missing(String::new()));
    }
    Ok(layer_of(draft.finish(schedule.request.settings.latest)?))
}

/// A shell in the failed command's container, on the terminal.
fn show(draft: &Draft<'_>, mut spec: spec::ContainerSpec, mut config: ImageConfig) -> Result<(), Error> {
    spec.log.set_driver("none").map_err(|invalid| Error::Missing(invalid.message))?;
    (spec.process.terminal, spec.process.stdin) = (true, true);
    if let Some(config) = &mut config.config {
        config.cmd = vec!["/bin/sh".to_owned()];
    }
    Ok(draft.run(spec, &config, &mut |_| {}).map(drop)?)
}

/// In bytes: it is kept in memory.
const LONGEST_SECRET: u64 = 16 << 20;

/// What must last as long as the command.
#[derive(Default)]
struct Kept {
    mounts: Vec<Mounted>,
    caches: Vec<CacheFolder>,
}

struct Prepared<'p> {
    schedule: &'p Schedule<'p>,
    draft: &'p Draft<'p>,
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
                if *writable && path.is_dir() {
                    path = self.keep(Mounted::writable(self.draft, &path, &format!("writable-{number}"))?);
                }
                self.bind(&path, target, *writable);
            }
            Kind::Cache(cache) => {
                let path = self.cache(number, cache, origin)?;
                self.bind(&path, target, !cache.readonly);
            }
            Kind::Tmpfs { size } => {
                let size = size.map(|size| format!(":size={size}")).unwrap_or_default();
                let text = format!("{target}{size}");
                self.spec.mounts.add_tmpfs(&text).map_err(|invalid| Error::Missing(invalid.message))?;
            }
            Kind::Secret { id, required, env, file, owner } => {
                let Some(content) = self.secret(id, *required)? else { return Ok(()) };
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
        let how = match cache.sharing {
            Sharing::Shared => Use::Shared,
            Sharing::Private => Use::OwnOne,
            Sharing::Locked => Use::Alone,
        };
        let folder = engine::build::cache_folder(self.schedule.engine, &cache.id, how)?;
        let path = folder.path();
        if folder.is_new() {
            let Owner { uid, gid, mode } = cache.owner;
            let failed = || Error::io(format!("make the cache folder {}", cache.id));
            let single_id = engine::build::has_single_id(self.schedule.engine);
            if cache.from.is_some() {
                let from = self.source(number, origin, &cache.source)?;
                fill(&from, &path, single_id)?;
            }
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).map_err(failed())?;
            if !single_id {
                chown(&path, Some(uid), Some(gid)).map_err(failed())?;
            }
            folder.begun().map_err(engine::Error::from)?;
        }
        self.kept.caches.push(folder);
        Ok(path)
    }

    fn secret(&self, id: &str, required: bool) -> Result<Option<Vec<u8>>, Error> {
        match self.schedule.request.settings.secrets.get(id) {
            Some(Secret::File(path)) => {
                let mut content = Vec::new();
                let read = File::open(path).and_then(|file| file.take(LONGEST_SECRET + 1).read_to_end(&mut content));
                read.map_err(Error::io(format!("read the secret {id}")))?;
                match content.len() as u64 > LONGEST_SECRET {
                    true => Err(Error::Missing(format!("the secret {id} has more than {LONGEST_SECRET} bytes"))),
                    false => Ok(Some(content)),
                }
            }
            Some(Secret::Env(name)) => match std::env::var(name) {
                Ok(value) => Ok(Some(value.into_bytes())),
                Err(_) => Err(Error::Missing(format!("the secret {id} is in the variable {name}, which isn't set"))),
            },
            None if required => {
                Err(Error::Missing(format!("secret {id} is required: give it with --secret id={id},src=…")))
            }
            None => Ok(None),
        }
    }
}

/// What a new cache has at first.
fn fill(from: &Path, to: &Path, single_id: bool) -> Result<(), Error> {
    let open = |path: &Path| File::open(path).map(OwnedFd::from).map_err(Error::io(format!("open {}", path.display())));
    let (source, root) = (open(from)?, open(to)?);
    let nothing = Ignore::default();
    let pattern = Pattern { text: "/", parents: false };
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
