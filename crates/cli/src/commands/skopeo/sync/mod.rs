//! `skopeo sync`.

mod list;

use super::access::{self, AUTHFILE, BOTH, DESTINATION, RETRY, SOURCE};
use super::{copy, failed, global};
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::flags::registry::retry;
use crate::flags::signing::{self, Signing};
use crate::output::progress::Reporter;
use crate::output::{logger, quote};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use engine::image::sync::{Event, Naming, Origin, Repository, Summary, Sync, TagFilter, Tags, Target};
use image::{Hooks, Instances, Options};
use oci::Platform;
use std::io::Write;

/// `skopeo sync`
pub static COMMAND: Command = Command {
    usage: "[options] --src TRANSPORT --dest TRANSPORT SOURCE DESTINATION",
    summary: "Copy many images from one place to another, again and again",
    details: "Copies the images of a repository (--src docker), a folder (--src dir) or a list (--src yaml) to a registry\n\
              (--dest docker) or a folder (--dest dir). What is there already isn't copied again. Patterns of tags are\n\
              those of a shell.",
    examples: &[
        "skopeo sync --src docker --dest dir registry.example.com/busybox /media/usb",
        "skopeo sync --src docker --dest docker --all --include-tags '1.*' --delete-missing quay.io/a/b mirror.example.com/a",
    ],
    flags: &[FLAGS, OWN, signing::SIGNATURES, AUTHFILE, SOURCE, DESTINATION, BOTH, RETRY, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All images of an index, and the index").short('a'),
    Flag::text("append-suffix", "string", "Put this behind each tag at the destination"),
    Flag::text("dest", "string", "The destination's transport: docker, dir").short('d'),
    Flag::text("digestfile", "string", "Write digests and names of what is at the destination to this file"),
    Flag::bool("dry-run", "Only say what would be done"),
    Flag::text("format", "string", "The manifest's format: oci, v2s1, v2s2 (else the source's)").short('f'),
    Flag::bool("keep-going", "Go on after an image that can't be copied"),
    Flag::bool("preserve-digests", "Fail rather than change a digest"),
    Flag::bool("remove-signatures", "Leave signatures behind"),
    Flag::bool("scoped", "Name images at the destination by the whole name of the source"),
    Flag::text("src", "string", "The source's transport: docker, dir, yaml").short('s'),
];

/// What Skopeo hasn't got.
static OWN: &[Flag] = &[
    Flag::bool("delete-missing", "Delete tags at the destination that are gone at the source"),
    Flag::list("exclude-tags", "PATTERN", "Leave out tags that look so"),
    Flag::list("include-tags", "PATTERN", "Only tags that look so"),
    Flag::list("platform", "OS/ARCH[/VARIANT]", "Only the images of an index for these platforms"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [source, destination] = matches.arguments.as_slice() else {
        return Err(Failure::new("Exactly two arguments expected"));
    };
    access::warn_of_old(matches);
    let (from, target) = ends(matches, source, destination)?;
    let progress = Reporter::new(false);
    let signing = Signing::of(matches)?;
    let signers = signing.signers();
    let options = Options { hooks: Hooks { signers: &signers, ..Hooks::default() }, ..options(matches, &progress)? };
    let to = access::options(matches, "dest-")?;
    let sync = Sync { from, target, to: &to, ..sync(matches, &to)? };
    if sync.dry_run {
        logger::line("warning", "Running in dry-run mode");
    }
    let mut digests = if sync.dry_run { None } else { digest_file(matches)? };
    let mut written = Ok(());
    let summary = engine::image::sync::sync(context.engine()?, &sync, &options, &mut |event| {
        if let (Event::Done { digest, to, .. }, Some(file)) = (&event, &mut digests)
            && written.is_ok()
        {
            written = writeln!(file, "{digest} {to}");
        }
        tell(&event, sync.dry_run);
    })
    .map_err(failed)?;
    progress.finish();
    written.map_err(|error| Failure::new(format!("Failed to write digest to file: {error}")))?;
    end(&sync, summary)
}

fn end(sync: &Sync<'_>, summary: Summary) -> Result<i32, Failure> {
    let Summary { images, sources, failures } = summary;
    let words = if sync.dry_run { "Would have synced" } else { "Synced" };
    logger::line("info", &format!("{words} {images} images from {sources} sources"));
    match failures {
        0 => Ok(0),
        _ => Err(Failure::new("Sync failed due to previous reported error(s) for one or more images")),
    }
}

/// Both ends, by their transports.
fn ends(matches: &Matches, source: &str, destination: &str) -> Result<(Vec<Origin>, Target), Failure> {
    let (src, dest) = (matches.text("src").unwrap_or_default(), matches.text("dest").unwrap_or_default());
    match (src, dest) {
        ("", _) => return Err(Failure::new("A source transport must be specified")),
        ("docker" | "dir" | "yaml", "") => return Err(Failure::new("A destination transport must be specified")),
        ("dir", "dir") => {
            return Err(Failure::new("sync from 'dir' to 'dir' not implemented, consider using rsync instead"));
        }
        ("docker" | "dir" | "yaml", "docker" | "dir") => {}
        ("docker" | "dir" | "yaml", other) => {
            return Err(Failure::new(format!("{} is not a valid destination transport", quote(other))));
        }
        (other, _) => return Err(Failure::new(format!("{} is not a valid source transport", quote(other)))),
    }
    let from = match src {
        "docker" => vec![repository(matches, source)?],
        "dir" => vec![Origin::Folder(source.into())],
        _ => list::read(source, matches)?,
    };
    let target = match dest {
        "docker" => Target::Registry(destination.to_owned()),
        _ => Target::Folder(destination.into()),
    };
    Ok((from, target))
}

fn repository(matches: &Matches, name: &str) -> Result<Origin, Failure> {
    let parsed: oci::reference::Name =
        name.parse().map_err(|error| Failure::new(format!("Cannot obtain a valid image reference: {error}")))?;
    if (parsed.tag.is_some() || parsed.digest.is_some()) && matches.bool("delete-missing") {
        return Err(Failure::new("--delete-missing needs a whole repository as source, not one image"));
    }
    let repositories = vec![Repository { name: name.to_owned(), tags: Tags::All }];
    let options = Box::new(access::options(matches, "src-")?);
    Ok(Origin::Registry { options, repositories, lenient: false })
}

fn sync<'a>(matches: &Matches, to: &'a RegistryOptions) -> Result<Sync<'a>, Failure> {
    Ok(Sync {
        from: Vec::new(),
        target: Target::Registry(String::new()),
        to,
        naming: Naming {
            scoped: matches.bool("scoped"),
            suffix: matches.text("append-suffix").unwrap_or_default().to_owned(),
        },
        filter: TagFilter::new(matches.list("include-tags"), matches.list("exclude-tags"))?,
        keep_going: matches.bool("keep-going"),
        dry_run: matches.bool("dry-run"),
        delete_missing: matches.bool("delete-missing"),
    })
}

fn options<'a>(matches: &Matches, progress: &'a Reporter) -> Result<Options<'a>, Failure> {
    let platforms: Vec<Platform> = matches
        .list("platform")
        .iter()
        .map(|text| text.parse::<Platform>().map_err(|error| Failure::new(error.to_string())))
        .collect::<Result<_, _>>()?;
    let all = matches.bool("all");
    if all && !platforms.is_empty() {
        return Err(Failure::new("--all and --platform can't be used together"));
    }
    let usual = Options {
        platform: global::platform(matches)?,
        format: matches.text("format").map(copy::format).transpose()?,
        retry: retry(matches, access::TIMES)?.unwrap_or_default(),
        preserve_digests: matches.bool("preserve-digests"),
        remove_signatures: matches.bool("remove-signatures"),
        instances: if all { Instances::All } else { Instances::Suiting },
        ..Options::new(progress)
    };
    Ok(match platforms.as_slice() {
        [] => usual,
        [one] => Options { platform: Some(one.clone()), ..usual },
        _ => Options { instances: Instances::Chosen, platforms, ..usual },
    })
}

fn digest_file(matches: &Matches) -> Result<Option<std::fs::File>, Failure> {
    let Some(path) = matches.text("digestfile") else { return Ok(None) };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.map(Some).map_err(|error| Failure::new(format!("Error creating digest file {}: {error}", quote(path))))
}

fn tell(event: &Event<'_>, dry_run: bool) {
    match event {
        Event::Copying { at, of, from, to } => {
            let words = if dry_run { "Would have copied" } else { "Copying" };
            let places = [("from", from.to_string()), ("to", to.to_string())];
            let places: Vec<_> = places.iter().map(|(name, place)| (*name, place.as_str())).collect();
            logger::event("info", &format!("{words} image ref {at}/{of}"), &places);
        }
        Event::Done { to, unchanged: true, .. } => {
            logger::event("info", "Unchanged", &[("to", &to.to_string())]);
        }
        Event::Done { .. } => {}
        Event::Failed { from, error } => {
            let message = format!("Error copying ref {}", quote(&from.to_string()));
            logger::event("error", &message, &[("error", &chain(error))]);
        }
        Event::NoRepository { name, error } => {
            logger::event("error", "Error processing repo, skipping", &[("repo", name), ("error", &chain(error))]);
        }
        Event::NoTags { name, count } => {
            logger::event("error", &format!("{name}: {count} of the listed tags can't be tags: passed over"), &[]);
        }
        Event::Passed { name, why } => logger::event("warning", &format!("{name} stays: {why}"), &[]),
        Event::Deleted { place } => {
            let words = if dry_run { "Would have deleted" } else { "Deleted" };
            logger::event("info", words, &[("image", &place.to_string())]);
        }
    }
}
