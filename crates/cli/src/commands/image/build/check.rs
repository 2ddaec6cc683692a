//! `--check` and `--call`: what a Containerfile says is looked at, and nothing is built.

use super::contexts::Input;
use super::flags;
use crate::context::Context;
use crate::error::Failure;
use crate::flags::platform;
use crate::output::stream;
use crate::syntax::matches::Matches;
use build::language::{self, Containerfile};
use build::lint::{self, Facts, Options, Warning};
use build::plan::{Arguments, Plan, Wishes};
use oci::Platform;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

/// Does that, if it is asked for; the exit code.
pub(super) fn instead(context: &Context, matches: &Matches, input: &Input<'_>) -> Result<Option<i32>, Failure> {
    let call = if matches.bool("check") { "check" } else { matches.text("call").unwrap_or("build") };
    match call {
        "build" => Ok(None),
        "targets" => {
            stream::bytes(lint::call(&parsed(input)?).as_bytes())?;
            Ok(Some(0))
        }
        "check" | "lint" => check(context, matches, input).map(Some),
        other => Err(Failure::new(format!("--call {other}: there are build, check and targets"))),
    }
}

fn check(context: &Context, matches: &Matches, input: &Input<'_>) -> Result<i32, Failure> {
    let file = parsed(input)?;
    let given = flags::arguments(matches)?;
    let options = options(&file, input, &given)?;
    let warnings = find(context, matches, input, (&file, &options))?;
    stream::bytes(lint::print(&input.file, &input.text, &warnings).as_bytes())?;
    let platform = platform::wanted(matches)?.unwrap_or_else(Platform::host);
    let wishes = Wishes {
        arguments: given,
        build_platform: Platform::host(),
        platform,
        target: matches.text("target").map(str::to_owned),
        contexts: input.contexts.names(),
        first_base: matches.text("from").map(str::to_owned),
    };
    Plan::new(file, &wishes).map_err(|fault| fault_of(input, &fault))?;
    if options.error && !warnings.is_empty() {
        return Err(Failure::new(lint::violation(&warnings)).code(1));
    }
    Ok(i32::from(!warnings.is_empty()))
}

/// The warnings of a build; an error if the file wants that of them.
pub(super) fn before(context: &Context, matches: &Matches, input: &Input<'_>) -> Result<Vec<Warning>, Failure> {
    // A mistake is told by the build itself.
    let Ok(file) = language::parse(&input.text) else { return Ok(Vec::new()) };
    let options = options(&file, input, &flags::arguments(matches)?)?;
    if !options.error && (matches.bool("quiet") || !std::io::stderr().is_terminal()) {
        return Ok(Vec::new());
    }
    let warnings = find(context, matches, input, (&file, &options))?;
    match options.error && !warnings.is_empty() {
        true => Err(Failure::new(format!("{}\n{}", lint::violation(&warnings), lint::summary(&warnings).trim_end()))),
        false => Ok(warnings),
    }
}

/// Behind a build, where somebody looks.
pub(super) fn tell(warnings: &[Warning]) {
    if !warnings.is_empty() {
        drop(std::io::stderr().lock().write_all(lint::summary(warnings).as_bytes()));
    }
}

fn parsed(input: &Input<'_>) -> Result<Containerfile, Failure> {
    language::parse(&input.text).map_err(|fault| fault_of(input, &fault))
}

fn options(file: &Containerfile, input: &Input<'_>, given: &BTreeMap<String, String>) -> Result<Options, Failure> {
    lint::options(file, given.get(lint::ARGUMENT).map(String::as_str)).map_err(|fault| fault_of(input, &fault))
}

fn fault_of(input: &Input<'_>, fault: &language::Fault) -> Failure {
    Failure::new(build::Error::fault(fault, &input.file, &input.text).to_string())
}

fn find(
    context: &Context,
    matches: &Matches,
    input: &Input<'_>,
    (file, options): (&Containerfile, &Options),
) -> Result<Vec<Warning>, Failure> {
    let engine = context.engine()?;
    let platform = platform::wanted(matches)?.unwrap_or_else(Platform::host);
    let target = matches.text("target").unwrap_or("default");
    let arguments = Arguments::new(&BTreeMap::new(), &Platform::host(), &platform, target);
    // Nothing is fetched for that: of images that aren't here nothing is known.
    let variables_of = |name: &str| engine::build::variables_of(engine, name);
    let facts = Facts { arguments: &arguments, ignore: &input.contexts.ignore, variables_of: &variables_of };
    Ok(lint::lint(file, &facts, options))
}
