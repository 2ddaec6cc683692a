//! `build`: an image from a Containerfile.

mod caching;
mod check;
mod contexts;
mod display;
pub mod flags;
mod image_flags;
mod isolation;
mod log;
mod outputs;
mod platforms;
mod preprocess;
mod report;
mod secrets;
mod tail;

use crate::context::Context;
use crate::error::Failure;
use crate::flags::{image, mounts, network, registry, resources, security};
use crate::output::progress::Reporter;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use build::execute::{self, Images, Request, Settings};
use build::plan::Wishes;
use log::Log;
use oci::Platform;
use report::{Form, Report};
use spec::ContainerSpec;
use std::time::Duration;

/// `build`
pub static COMMAND: Command = Command {
    usage: "[options] [CONTEXT]",
    summary: "Build an image from a Containerfile",
    details: "Does what the file Containerfile (or Dockerfile) in the context says, or the one named by --file, and prints \
              the new image's id. Stages that don't depend on each other are built side by side, and steps that were \
              done before with the same inputs aren't done again.",
    examples: &[
        "build .",
        "build -t mine:1 -f Containerfile.dev --build-arg VERSION=2 .",
        "build --target test --no-cache .",
    ],
    flags: &[
        flags::FLAGS,
        flags::COMMANDS,
        caching::FLAGS,
        image_flags::FLAGS,
        isolation::FLAGS,
        platforms::FLAGS,
        registry::FLAGS,
        registry::RETRY,
        registry::POLICY,
        registry::DECRYPTION,
    ],
    stops: false,
    arguments: Arguments::Between(0, 1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    flags::check(matches)?;
    let input = contexts::read(context, matches)?;
    if let Some(code) = check::instead(context, matches, &input)? {
        return Ok(code);
    }
    let warnings = check::before(context, matches, &input)?;
    let container = container(matches)?;
    engine::build::check(context.engine()?, container.clone())?;
    if let Some(path) = matches.text("iidfile") {
        check_writable(path)?;
    }
    let log = Log::wanted(matches)?;
    let form = Form::wanted(matches)?;
    let progress = Reporter::new(form == Form::Quiet);
    let platforms = platforms::wanted(matches)?;
    let outputs = outputs::read(matches, platforms::are_several(&platforms))?;
    let time = flags::time(matches)?;
    let result = image_flags::wanted(matches, &outputs, &time)?;
    let names = outputs.names;
    let request = Request {
        file: &input.file,
        text: &input.text,
        wishes: Wishes {
            arguments: flags::arguments(matches)?,
            build_platform: Platform::host(),
            platform: Platform::default(),
            target: matches.text("target").map(str::to_owned),
            contexts: input.contexts.names(),
            first_base: matches.text("from").map(str::to_owned),
        },
        platforms,
        contexts: input.contexts.clone(),
        images: Images {
            pull: image::policy(matches.text("pull"))?,
            registry: registry::options(matches)?,
            progress: &progress,
        },
        caches: caching::shared(matches)?,
        settings: Settings {
            cache: caching::is_used(matches)?,
            remember: matches.maybe_bool("layers").unwrap_or(true),
            uncached_stages: caching::uncached_stages(matches),
            oldest: caching::oldest(matches)?,
            explain: matches.bool("why"),
            shell_on_error: flags::shell_on_error(matches)?,
            tick: (form == Form::Terminal).then_some(Duration::from_millis(100)),
            jobs: jobs(matches),
            times: time.times,
            all_stages: !matches.maybe_bool("skip-unused-stages").unwrap_or(true),
            container,
            stdin: matches.bool("stdin"),
            secrets: secrets::secrets(matches)?,
            agents: secrets::agents(matches)?,
            allow_insecure: flags::allows_insecure(matches)?,
        },
        result,
        outputs: outputs.written,
    };
    let mut report = Report::new(form, &names, log.as_ref());
    let built = execute::build(context.engine()?, &request, &mut |event| {
        // Transfers are over when steps begin, and two can't draw on one terminal.
        progress.finish();
        report.tell(&event);
    });
    progress.finish();
    report.close();
    check::tell(&warnings);
    // Without one only the steps count.
    let built = built.map_err(failure)?;
    let Some(id) = built.id() else { return Ok(0) };
    if let Some(path) = matches.text("iidfile") {
        std::fs::write(path, id.as_str())
            .map_err(|error| Failure::new(format!("write image id file {path}: {error}")))?;
    }
    report.end(id.hex());
    report.line(None, id.hex())?;
    Ok(0)
}

/// What couldn't be written in the end is an error at the beginning.
fn check_writable(path: &str) -> Result<(), Failure> {
    let is_new = !std::path::Path::new(path).exists();
    let opened = std::fs::File::options().append(true).create(true).open(path);
    opened.map_err(|error| Failure::new(format!("write image id file {path}: {error}")))?;
    if is_new {
        drop(std::fs::remove_file(path));
    }
    Ok(())
}

/// A failed command's code is the build's, as Podman's.
fn failure(error: build::Error) -> Failure {
    let code = match &error {
        build::Error::Command { code, .. } => Some(*code),
        build::Error::Interrupted(signal) => Some(128 + signal),
        _ => None,
    };
    let failure = match error {
        build::Error::Engine(error) => error.into(),
        other => Failure::new(crate::error::chain(&other)),
    };
    code.map_or(failure.clone(), |code| failure.code(code))
}

/// `--jobs`; 0 is as many as one likes, and without it there is one for each processor.
fn jobs(matches: &Matches) -> usize {
    match matches.number::<usize>("jobs") {
        Some(0) => usize::MAX,
        Some(jobs) => jobs,
        None => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    }
}

/// What the build's commands have in common.
fn container(matches: &Matches) -> Result<ContainerSpec, Failure> {
    let mut spec = ContainerSpec::default();
    network::apply(matches, &mut spec)?;
    resources::apply(matches, &mut spec)?;
    security::apply(matches, &mut spec)?;
    mounts::apply(matches, &mut spec)?;
    isolation::apply(matches, &mut spec)?;
    spec.process.http_proxy = matches.maybe_bool("http-proxy");
    spec.network.use_image_hostname = matches.bool("no-hostname");
    Ok(spec)
}
