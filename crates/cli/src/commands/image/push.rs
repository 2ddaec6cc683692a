//! `push`: a stored image to a registry, an archive or a folder.

use crate::context::Context;
use crate::error::Failure;
use crate::flags::signing::Signing;
use crate::flags::{compression, registry, signing};
use crate::output::progress::Reporter;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::{Copied, Destination, Format, Hooks, Layers, Location, Options};

/// `push`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [DESTINATION]",
    summary: "Copy a stored image to a registry",
    details: "Layers that the registry has, or can take over from another of its repositories, are not sent. Without \
              DESTINATION the image's own name is where it goes. DESTINATION may also be docker://NAME, \
              oci:PATH[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME] or dir:PATH.",
    examples: &["push alpine registry.example.com/alpine:3", "push alpine oci-archive:alpine.tar:alpine"],
    flags: &[
        FLAGS,
        signing::ENCRYPTION,
        signing::SIGNATURES,
        compression::FLAGS,
        registry::FLAGS,
        registry::RETRY,
        registry::CONTENT_TRUST,
    ],
    stops: false,
    arguments: Arguments::Between(1, 2),
    needs: Needs::Store,
    run,
};

/// Its own flags.
pub static FLAGS: &[Flag] = &[
    Flag::bool("compress", "Compress layers on their way into a folder"),
    Flag::text("digestfile", "string", "Write the pushed manifest's digest into this file"),
    Flag::text("format", "string", "The manifest's format (oci, v2s2)").short('f'),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
    Flag::bool("remove-signatures", "Leave signatures behind"),
];

/// Does it.
pub fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let progress = Reporter::new(matches.bool("quiet"));
    let registry = registry::options(matches)?;
    let wish = compression::wish(matches)?;
    let signing = Signing::of(matches)?;
    let signers = signing.signers();
    let usual = Options::new(&progress);
    let options = Options {
        format: matches.text("format").map(format).transpose()?,
        layers: compress(matches)?,
        compression: wish.algorithm,
        level: wish.level,
        force_compression: wish.force,
        remove_signatures: matches.bool("remove-signatures"),
        hooks: Hooks { signers: &signers, encrypt: signing.encrypt(), ..Hooks::default() },
        retry: registry.retry.unwrap_or(usual.retry),
        ..usual
    };
    let destination = matches.arguments.get(1).map_or(Destination::OwnName, |text| Destination::Typed(text));
    let engine = context.engine()?;
    let copied = engine::image::push(engine, &matches.arguments[0], destination, &registry, &options)?;
    progress.finish();
    write_digest(matches, &copied)?;
    Ok(0)
}

/// `--digestfile`.
pub fn write_digest(matches: &Matches, copied: &Copied) -> Result<(), Failure> {
    let Some(file) = matches.text("digestfile") else { return Ok(()) };
    std::fs::write(file, copied.written.digest.as_str())
        .map_err(|error| Failure::new(format!("write digest to `{file}`: {error}")))
}

/// `--format`.
pub fn format(text: &str) -> Result<Format, Failure> {
    match text {
        "oci" => Ok(Format::Oci),
        "v2s2" | "docker" => Ok(Format::Docker),
        "v2s1" => {
            Err(Failure::new("--format v2s1 is not supported: registries refuse such manifests").hint("use v2s2"))
        }
        other => {
            let other = crate::output::quote(other);
            Err(Failure::new(format!("unknown format {other}. Choose one of the supported formats: 'oci' or 'v2s2'")))
        }
    }
}

/// Everywhere but in folders layers are compressed, or can't be.
fn compress(matches: &Matches) -> Result<Option<Layers>, Failure> {
    if matches.bool("disable-compression") {
        return Ok(Some(Layers::Keep));
    }
    if !matches.bool("compress") {
        return Ok(None);
    }
    match matches.arguments.get(1).and_then(|text| Location::unless_name(text)).transpose() {
        Ok(Some(Location::DockerArchive { .. })) => {
            Err(Failure::new("--compress: layers of a docker-archive are not compressed"))
        }
        Ok(_) => Ok(Some(Layers::Compress)),
        Err(error) => Err(Failure::new(error.to_string())),
    }
}
