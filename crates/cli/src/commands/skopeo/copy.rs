//! `skopeo copy`.

use super::access::{self, AUTHFILE, BOTH, DESTINATION, PLACES, RETRY, SOURCE};
use super::{failed, global, location};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::registry::{DECRYPTION, retry};
use crate::flags::signing::{self, Signing};
use crate::output::progress::Reporter;
use crate::output::quote;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use image::{Algorithm, Copied, Format, Hooks, Instances, Layers, Location, Options};

/// `skopeo copy`
pub static COMMAND: Command = Command {
    usage: "[options] SOURCE-IMAGE DESTINATION-IMAGE",
    summary: "Copy an image from one place to another",
    details: "Copies an image without keeping it here. Places are docker://, oci:, oci-archive:, docker-archive:, dir:,\n\
              docker-daemon: and containers-storage:.",
    examples: &["skopeo copy docker://quay.io/podman/hello oci:hello:latest"],
    flags: &[
        FLAGS,
        signing::ENCRYPTION,
        signing::SIGNATURES,
        DECRYPTION,
        AUTHFILE,
        SOURCE,
        DESTINATION,
        BOTH,
        PLACES,
        RETRY,
        global::FLAGS,
    ],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::list("additional-tag", "strings", "More names of the image in a docker-archive:"),
    Flag::bool("all", "All images of an index, and the index").short('a'),
    Flag::bool("dest-compress", "Compress layers"),
    Flag::text("dest-compress-format", "FORMAT", "How layers are compressed: gzip, zstd, zstd:chunked"),
    Flag::int("dest-compress-level", "The compression's level"),
    Flag::bool("dest-decompress", "Decompress layers"),
    Flag::bool("dest-force-compress-format", "Compress anew what is compressed otherwise"),
    Flag::bool("dest-oci-accept-uncompressed-layers", "Leave plain layers plain"),
    Flag::bool("dest-precompute-digests", "Compress to a file first, so that what is there already isn't uploaded"),
    Flag::text("digestfile", "string", "Write the digest of what was written to this file"),
    Flag::text("format", "string", "The manifest's format: oci, v2s1, v2s2 (else the source's)").short('f'),
    Flag::uint("image-parallel-copies", "Layers that are copied at a time"),
    Flag::text("multi-arch", "string", "What of an index: system, all, index-only"),
    Flag::bool("preserve-digests", "Fail rather than change a digest"),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
    Flag::bool("remove-signatures", "Leave signatures behind"),
    Flag::text("sign-identity", "REFERENCE", "The name that is signed (else the destination's)"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [source, destination] = matches.arguments.as_slice() else {
        return Err(Failure::new("Exactly two arguments expected"));
    };
    let source = location(source, "Invalid source name")?;
    let destination = location(destination, "Invalid destination name")?;
    check_places(matches, &source, &destination)?;
    access::warn_of_old(matches);
    let from = access::options(matches, "src-")?;
    let to = RegistryOptions {
        additional_names: additional_names(matches)?,
        precompute_digests: matches.bool("dest-precompute-digests"),
        ..access::options(matches, "dest-")?
    };
    let progress = Reporter::new(matches.bool("quiet"));
    let signing = Signing::of(matches)?;
    let signers = signing.signers();
    let hooks = Hooks { signers: &signers, encrypt: signing.encrypt(), ..Hooks::default() };
    let options = Options { hooks, ..options(matches, &progress)? };
    let copied =
        engine::image::copy(context.engine()?, (&source, &from), (&destination, &to), &options).map_err(failed)?;
    progress.finish();
    write_digest(matches, &copied)?;
    Ok(0)
}

/// A flag for one transport says nothing to the others.
fn check_places(matches: &Matches, source: &Location, destination: &Location) -> Result<(), Failure> {
    let is_layout = |place: &Location| matches!(place, Location::Oci { .. });
    let is_archive = matches!(destination, Location::DockerArchive { .. });
    let given = |flag| matches.text(flag).is_some();
    let wrong = match () {
        () if !matches.list("additional-tag").is_empty() && !is_archive => "--additional-tag is for docker-archive:",
        () if given("dest-shared-blob-dir") && !is_layout(destination) => "--dest-shared-blob-dir is for oci:",
        () if given("src-shared-blob-dir") && !is_layout(source) => "--src-shared-blob-dir is for oci:",
        () => return Ok(()),
    };
    Err(Failure::new(format!("{wrong} only")))
}

fn options<'a>(matches: &Matches, progress: &'a Reporter) -> Result<Options<'a>, Failure> {
    let compression = matches.text("dest-compress-format").map(str::parse::<Algorithm>).transpose();
    let compression = compression.map_err(|error| Failure::new(error.to_string()))?;
    let force = matches.bool("dest-force-compress-format");
    if force && compression.is_none() {
        return Err(Failure::new("--dest-force-compress-format needs --dest-compress-format"));
    }
    Ok(Options {
        platform: global::platform(matches)?,
        instances: instances(matches)?,
        format: matches.text("format").map(format).transpose()?,
        layers: layers(matches)?,
        compression,
        level: matches.number("dest-compress-level"),
        force_compression: force,
        retry: retry(matches, access::TIMES)?.unwrap_or_default(),
        preserve_digests: matches.bool("preserve-digests"),
        remove_signatures: matches.bool("remove-signatures"),
        parallel: matches.number("image-parallel-copies"),
        ..Options::new(progress)
    })
}

fn additional_names(matches: &Matches) -> Result<Vec<String>, Failure> {
    let full = |text: &String| {
        let name: oci::reference::Name =
            text.parse().map_err(|error| Failure::new(format!("error parsing additional-tag '{text}': {error}")))?;
        match name.tag.is_some() && name.digest.is_none() {
            true => Ok(name.in_registry("docker.io").to_string()),
            false => Err(Failure::new(format!("additional-tag '{text}' must be a tagged reference"))),
        }
    };
    matches.list("additional-tag").iter().map(full).collect()
}

fn instances(matches: &Matches) -> Result<Instances, Failure> {
    match (matches.text("multi-arch"), matches.bool("all")) {
        (Some(_), true) => Err(Failure::new("Cannot use --all and --multi-arch flags together")),
        (Some("all"), false) | (None, true) => Ok(Instances::All),
        (Some("system"), false) | (None, false) => Ok(Instances::Suiting),
        (Some("index-only"), false) => Ok(Instances::IndexOnly),
        (Some(other), false) => Err(Failure::new(format!(
            "unknown multi-arch option {}. Choose one of the supported options: 'system', 'all', or 'index-only'",
            quote(other)
        ))),
    }
}

/// The manifest's format.
pub fn format(text: &str) -> Result<Format, Failure> {
    match text {
        "oci" => Ok(Format::Oci),
        "v2s1" => Ok(Format::DockerV1),
        "v2s2" => Ok(Format::Docker),
        _ => Err(Failure::new(format!(
            "unknown format {}. Choose one of the supported formats: 'oci', 'v2s1', or 'v2s2'",
            quote(text)
        ))),
    }
}

fn layers(matches: &Matches) -> Result<Option<Layers>, Failure> {
    let wish =
        ["dest-compress", "dest-decompress", "dest-oci-accept-uncompressed-layers"].map(|name| matches.bool(name));
    match wish {
        [false, false, false] => Ok(None),
        [true, false, false] => Ok(Some(Layers::Compress)),
        [false, true, false] => Ok(Some(Layers::Decompress)),
        [false, false, true] => Ok(Some(Layers::Keep)),
        _ => Err(Failure::new(
            "of --dest-compress, --dest-decompress and --dest-oci-accept-uncompressed-layers only one can be given",
        )),
    }
}

fn write_digest(matches: &Matches, copied: &Copied) -> Result<(), Failure> {
    let Some(file) = matches.text("digestfile") else { return Ok(()) };
    std::fs::write(file, copied.written.digest.as_str())
        .map_err(|error| Failure::new(format!("Failed to write digest to file {}: {error}", quote(file))))
}
