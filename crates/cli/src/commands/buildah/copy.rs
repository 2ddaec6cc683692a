//! `buildah copy` and `buildah add`: files into a working container.

use super::adds_history;
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::flags::registry;
use crate::output::progress::Reporter;
use crate::output::{quote, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use build::files::ignore::Ignore;
use build::plan::Origin;
use build::steps::path::join;
use build::steps::{Copy, Source};
use build::working::{Copying, From, copy as put, source};
use engine::working::{self, Working};
use std::path::PathBuf;

/// `buildah copy`
pub static COPY: Command = Command {
    usage: "[options] CONTAINER SOURCE [SOURCE...] [DESTINATION]",
    summary: "Copy files into a working container",
    details: "Copies files and the content of folders to DESTINATION, or to the container's working folder, and prints a digest \
              of what was copied. Sources are paths of this machine, of the folder of --contextdir, or of the image or working \
              container of --from.",
    examples: &["buildah copy web site/ /srv/", "buildah copy --from alpine web /bin/busybox /bin/"],
    flags: &[FLAGS, PARENTS, registry::FLAGS, registry::RETRY],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run: |context, matches| run(context, matches, false),
};

/// `buildah add`
pub static ADD: Command = Command {
    summary: "Add files, archives and what is fetched to a working container",
    details: "As copy; an archive of this machine is unpacked, and SOURCE may be a http address or a git repository.",
    examples: &["buildah add web site.tar.gz /srv/", "buildah add web https://example.com/file /srv/file"],
    flags: &[FLAGS, registry::FLAGS, registry::RETRY],
    run: |context, matches| run(context, matches, true),
    ..COPY
};

static FLAGS: &[Flag] = &[
    Flag::bool("add-history", "Note it in the image's history (else BUILDAH_HISTORY)"),
    Flag::text("checksum", "string", "Digest that a http address, or commit that a repository must have"),
    Flag::text("chmod", "string", "Mode of all files: octal, or as chmod(1) has it"),
    Flag::text("chown", "string", "Owner of all files (user[:group])"),
    Flag::text("contextdir", "string", "Look for sources in this folder, which they can't leave"),
    Flag::array("exclude", "stringArray", "Leave out what matches this pattern"),
    Flag::text("from", "string", "Look for sources in this image or working container"),
    Flag::text("ignorefile", "string", "File that says what to leave out of the folder of --contextdir"),
    Flag::bool("link", "Don't follow links of the container to what is made on the way"),
    Flag::bool("quiet", "Print no digest").short('q'),
    Flag::uint("timestamp", "Time of all files, in seconds since 1970 (else their own)"),
];

static PARENTS: &[Flag] = &[Flag::bool("parents", "Keep the folders that sources are in")];

fn run(context: &Context, matches: &Matches, is_add: bool) -> Result<i32, Failure> {
    let Some((name, rest)) = matches.arguments.split_first() else {
        return Err(Failure::new("container ID must be specified"));
    };
    let (sources, destination) = match rest {
        [] => return Err(Failure::new("src must be specified")),
        [only] => (std::slice::from_ref(only), None),
        [sources @ .., destination] => (sources, Some(destination.as_str())),
    };
    let found = super::find(context, name)?;
    let copy = described(matches, &found, (sources, destination), is_add)?;
    let ignore = ignore(matches)?;
    let engine = context.engine()?;
    let from = from(context, matches)?;
    engine::build::own_mounts()?;
    let adding = |error| Failure::new(format!("adding content to container {}: {}", quote(name), chain(&error)));
    let copied =
        put(engine, &found, &from, &Copying { copy: &copy, ignore: &ignore, time: matches.number("timestamp") })
            .map_err(adding)?;
    if adds_history(matches) {
        let keyword = if is_add { "ADD" } else { "COPY" };
        let line = format!("/bin/sh -c #(nop) {keyword} {}:{}", copied.kind, copied.digest.hex());
        working::change(engine, &found.id, |working| {
            working.note(line);
            Ok::<_, Failure>(())
        })?;
    }
    if !matches.bool("quiet") {
        stream::line(copied.digest.hex())?;
    }
    Ok(0)
}

fn described(
    matches: &Matches,
    working: &Working,
    (sources, destination): (&[String], Option<&str>),
    is_add: bool,
) -> Result<Copy, Failure> {
    let folder = working.settings().working_dir;
    let mut copy = Copy {
        is_add,
        from: Origin::Context,
        sources: sources.iter().map(|text| one_source(matches, text, is_add)).collect::<Result<_, _>>()?,
        // Without one it is a folder.
        destination: join(&join("/", &folder), destination.unwrap_or(".")),
        owner: matches.text("chown").map(str::to_owned),
        mode: matches.text("chmod").map(|text| text.parse().map_err(Failure::new)).transpose()?,
        link: matches.bool("link"),
        parents: matches.bool("parents"),
        exclude: matches.list("exclude").to_vec(),
        checksum: matches.text("checksum").map(str::to_owned),
        keep_git: None,
        unpack: None,
    };
    if let Some(checksum) = copy.checksum.clone() {
        check_content(&mut copy, checksum)?;
    }
    Ok(copy)
}

fn check_content(copy: &mut Copy, checksum: String) -> Result<(), Failure> {
    match &mut copy.sources[..] {
        [Source::Url(_)] => {
            checksum.parse::<oci::Digest>().map_err(|error| Failure::new(format!("--checksum: {error}")))?;
        }
        [Source::Git(repository)] => repository.checksum = Some(checksum),
        [_] => return Err(Failure::new("checksum flag is not supported for local sources")),
        _ => return Err(Failure::new("--checksum is for one source")),
    }
    Ok(())
}

/// Paths of this machine are those that the caller means: from the folder in which it was called.
fn one_source(matches: &Matches, text: &str, is_add: bool) -> Result<Source, Failure> {
    if is_add && !matches.given("from") {
        match source(text).map_err(|why| Failure::new(format!("{text}: {why}")))? {
            Source::Path(_) => {}
            remote => return Ok(remote),
        }
    }
    if matches.given("from") || matches.given("contextdir") {
        return Ok(Source::Path(text.to_owned()));
    }
    let here = std::env::current_dir().map_err(|error| Failure::new(format!("find the working folder: {error}")))?;
    let clean = join(&here.display().to_string(), text);
    Ok(Source::Path(clean))
}

fn ignore(matches: &Matches) -> Result<Ignore, Failure> {
    let Some(file) = matches.text("ignorefile") else { return Ok(Ignore::default()) };
    if !matches.given("contextdir") {
        let why = "--ignorefile option requires that you specify a context dir using --contextdir";
        return Err(Failure::new(why));
    }
    let text = std::fs::read_to_string(file).map_err(|error| Failure::new(format!("read {file}: {error}")))?;
    Ignore::parse(&text).map_err(|error| Failure::new(format!("{file}: {error}")))
}

/// A working container of that name comes before an image.
fn from(context: &Context, matches: &Matches) -> Result<From, Failure> {
    let engine = context.engine()?;
    match (matches.text("from"), matches.text("contextdir")) {
        (Some(_), Some(_)) => Err(Failure::new("--from and --contextdir cannot be used together")),
        (Some(name), None) => match working::find(engine, name) {
            Ok(other) => Ok(From::Container(Box::new(other))),
            Err(engine::Error::NotWorking(_)) => {
                let progress = Reporter::new(matches.bool("quiet"));
                let (policy, registry) = (image::PullPolicy::Missing, registry::options(matches)?);
                let pulled = engine::image::pull(engine, name, policy, None, &registry, &progress);
                progress.finish();
                Ok(From::Layers(pulled?.image.layers))
            }
            Err(error) => Err(error.into()),
        },
        (None, Some(folder)) => Ok(From::Folder(PathBuf::from(folder))),
        (None, None) => Ok(From::Folder(PathBuf::from("/"))),
    }
}
