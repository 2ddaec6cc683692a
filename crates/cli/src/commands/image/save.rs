//! `save`: stored images to an archive or a folder.

use crate::context::Context;
use crate::error::Failure;
use crate::output::progress::Reporter;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::{Layers, Output, SaveFormat, Saving};
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::Path;

/// `save`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [IMAGE...]",
    summary: "Write images to an archive",
    details: "Writes a docker-archive, which load and docker load read, to a file or standard output. With one archive \
              for one image, further arguments are more names for it.",
    examples: &[
        "save -o alpine.tar alpine",
        "save alpine | ssh host minke load",
        "save -m -o two.tar alpine busybox",
        "save --format oci-dir -o alpine alpine",
    ],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("compress", "Compress layers (docker-dir only)"),
    Flag::text("format", "string", "docker-archive, oci-archive, oci-dir or docker-dir").default("docker-archive"),
    Flag::bool("multi-image-archive", "All arguments are images of one archive").short('m'),
    Flag::text("output", "string", "Write here instead of standard output").short('o'),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
    Flag::bool("uncompressed", "Don't compress layers (oci-archive, oci-dir)"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let format = format(matches.text("format").unwrap_or("docker-archive"))?;
    let several = matches.bool("multi-image-archive");
    if several && format != SaveFormat::DockerArchive {
        return Err(Failure::new("several images can be saved as docker-archive only"));
    }
    let stream;
    let output = match matches.text("output") {
        Some(path) => Output::Path(Path::new(path)),
        None => {
            stream = standard_output(format)?;
            Output::Stream(&stream)
        }
    };
    let saving = Saving { format, output, several, layers: layers(matches, format)? };
    let progress = Reporter::new(matches.bool("quiet"));
    engine::image::save(context.engine()?, &matches.arguments, &saving, &progress)?;
    progress.finish();
    Ok(0)
}

fn format(text: &str) -> Result<SaveFormat, Failure> {
    match text {
        "docker-archive" => Ok(SaveFormat::DockerArchive),
        "oci-archive" => Ok(SaveFormat::OciArchive),
        "oci-dir" => Ok(SaveFormat::OciDir),
        "docker-dir" => Ok(SaveFormat::DockerDir),
        _ => Err(Failure::new("format value must be one of oci-dir oci-archive docker-dir docker-archive")),
    }
}

fn standard_output(format: SaveFormat) -> Result<File, Failure> {
    if !matches!(format, SaveFormat::DockerArchive | SaveFormat::OciArchive) {
        return Err(Failure::new("a folder can't be written to standard output").hint("give --output"));
    }
    if std::io::stdout().is_terminal() {
        return Err(Failure::new("refusing to save to terminal. Use -o flag or redirect"));
    }
    let stream = std::io::stdout().as_fd().try_clone_to_owned();
    stream.map(File::from).map_err(|error| Failure::new(format!("standard output: {error}")))
}

fn layers(matches: &Matches, format: SaveFormat) -> Result<Option<Layers>, Failure> {
    let is_oci = matches!(format, SaveFormat::OciArchive | SaveFormat::OciDir);
    match (matches.bool("compress"), matches.bool("uncompressed")) {
        (true, _) if format != SaveFormat::DockerDir => {
            Err(Failure::new("--compress can only be set when --format is 'docker-dir'"))
        }
        (_, true) if !is_oci => {
            Err(Failure::new("--uncompressed can only be set when --format is 'oci-archive' or 'oci-dir'"))
        }
        (true, _) => Ok(Some(Layers::Compress)),
        (_, true) => Ok(Some(Layers::Keep)),
        _ => Ok(None),
    }
}
