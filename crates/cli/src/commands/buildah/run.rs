//! `buildah run`: a command in a working container.

use super::{adds_history, isolation, settings};
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::flags::mounts;
use crate::flags::process::variables;
use crate::output::logger;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use build::working::{CacheMount, cache_mount};
use engine::Engine;
use engine::working::{self, Working};
use oci::image::{ContainerConfig, ImageConfig};
use spec::ContainerSpec;
use std::io::IsTerminal;

/// `buildah run`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER COMMAND [ARG...]",
    summary: "Run a command in a working container",
    details: "What the command changes stays in the working container. Its exit code is the command's.",
    examples: &["buildah run alpine-working-container apk add nginx", "buildah run -t web -- sh"],
    flags: &[FLAGS, settings::FLAGS],
    stops: true,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("add-history", "Note the command in the image's history (else BUILDAH_HISTORY)"),
    Flag::array("env", "stringArray", "Set a variable (NAME=value), or copy the caller's (NAME)").short('e'),
    Flag::text("hostname", "string", "Host name inside"),
    Flag::array(
        "mount",
        "stringArray",
        "Mount something (type=bind|cache|image|tmpfs|volume,source=…,destination=…,…)",
    ),
    Flag::bool("no-hostname", "Leave /etc/hostname as the container has it"),
    Flag::bool("no-hosts", "Leave /etc/hosts as the container has it"),
    Flag::bool("terminal", "Give it a terminal (else if standard input is one)").short('t').alias(&["tty"]),
    Flag::text("user", "user[:group]", "User to run as"),
    Flag::text("workingdir", "string", "Working folder inside"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let Some((name, command)) = matches.arguments.split_first() else {
        return Err(Failure::new("container ID must be specified"));
    };
    // As flags end before the container, this is the only place for it.
    let command = command.strip_prefix(&["--".to_owned()]).unwrap_or(command);
    if command.is_empty() {
        return Err(Failure::new("command must be specified"));
    }
    let found = super::find(context, name)?;
    let mut spec = spec(matches, &found)?;
    let engine = context.engine()?;
    let _caches = caches(engine, matches, (&found, &mut spec))?;
    let config = ImageConfig { config: Some(config(matches, &found, command)?), ..ImageConfig::default() };
    let code = working::run(engine, &found, (spec, &config), &mut |warning| logger::line("warning", warning))?;
    if code != 0 {
        let failure = Failure::new(format!("while running runtime: exit status {code}"));
        return Err(failure.code(code));
    }
    if adds_history(matches) {
        let line = format!("/bin/sh -c {}", command.join(" "));
        working::change(engine, &found.id, |working| {
            working.note(line);
            Ok::<_, Failure>(())
        })?;
    }
    Ok(0)
}

/// The container's own settings, and what the flags say on top.
fn spec(matches: &Matches, working: &Working) -> Result<ContainerSpec, Failure> {
    let mut spec = working.spec.clone();
    settings::apply(matches, &mut spec)?;
    let word = match matches.text("isolation") {
        None if !working.isolation.is_empty() => working.isolation.clone(),
        given => isolation::chosen(given)?,
    };
    isolation::apply(&word, &mut spec);
    if matches.given("no-hosts") {
        spec.network.use_image_hosts = matches.maybe_bool("no-hosts");
    }
    spec.network.use_image_hostname |= matches.bool("no-hostname");
    if let Some(hostname) = matches.text("hostname") {
        spec::identity::check_hostname(hostname)?;
    }
    let terminal = matches.maybe_bool("terminal").unwrap_or_else(|| std::io::stdin().is_terminal());
    (spec.process.terminal, spec.process.stdin) = (terminal, terminal);
    spec.process.env = variables(matches)?;
    spec.log.set_driver("passthrough")?;
    spec.rootfs.image_volume_mode = "ignore".to_owned();
    spec.life.remove = true;
    let own = working.settings().hostname;
    let hostname = match matches.text("hostname") {
        Some(given) => given,
        None if !own.is_empty() => &own,
        None => working.id.get(..12).unwrap_or(&working.id),
    };
    // Who shares the host's name can't have another.
    if spec.namespaces.uts.mode != spec::namespaces::NsMode::Host {
        hostname.clone_into(&mut spec.identity.hostname);
    }
    Ok(spec)
}

/// Mounts what `--mount` asks for; caches are held as long as the result lives.
fn caches(
    engine: &Engine,
    matches: &Matches,
    (working, spec): (&Working, &mut ContainerSpec),
) -> Result<Vec<CacheMount>, Failure> {
    let is_cache = |text: &&String| text.split(',').any(|field| field == "type=cache");
    let (caches, others): (Vec<_>, Vec<_>) = matches.list("mount").iter().partition(is_cache);
    mounts::mounts(&others.into_iter().cloned().collect::<Vec<_>>(), spec)?;
    let workdir = working.settings().working_dir;
    let mut held = Vec::new();
    for text in caches {
        let cache = cache_mount(engine, text, &workdir).map_err(|error| Failure::new(chain(&error)))?;
        let mode = if cache.readonly { "ro" } else { "rw" };
        spec.mounts.mounts.push(oci::runtime::Mount {
            destination: cache.target.clone(),
            kind: Some("bind".to_owned()),
            source: Some(cache.path.display().to_string()),
            options: ["rbind", "rprivate", mode].map(str::to_owned).to_vec(),
            ..Default::default()
        });
        held.push(cache);
    }
    Ok(held)
}

/// Entry points are for containers of the image.
fn config(matches: &Matches, working: &Working, command: &[String]) -> Result<ContainerConfig, Failure> {
    let own = working.settings();
    Ok(ContainerConfig {
        env: own.env,
        user: matches.text("user").map_or(own.user, str::to_owned),
        working_dir: matches.text("workingdir").map_or(own.working_dir, str::to_owned),
        cmd: command.to_vec(),
        ..ContainerConfig::default()
    })
}
