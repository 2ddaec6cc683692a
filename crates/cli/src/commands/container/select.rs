//! Which containers a command is about: names, `--all`, `--latest`, `--cidfile`, `--filter`.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{ContainerSummary, ListOptions, list, resolve_name};

/// `--latest`.
pub const LATEST: Flag = Flag::bool("latest", "Take the container that was made last").short('l');

/// Splits `key=value` filters.
pub fn filters(matches: &Matches) -> Result<Vec<(String, String)>, Failure> {
    let split = |text: &String| match text.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
        None => Err(Failure::new(format!("invalid filter {}", crate::output::quote(text)))),
    };
    matches.list("filter").iter().map(split).collect()
}

/// The id of the container that was made last.
pub fn latest(context: &Context) -> Result<String, Failure> {
    let options = ListOptions { all: true, last: Some(1), ..ListOptions::default() };
    let newest = list(context.engine()?, &options)?.into_iter().next();
    newest.map(|c| c.id).ok_or_else(|| Failure::new("no containers to take the latest of: no such container"))
}

/// Ids read from `--cidfile`s. With `ignore` a missing file is none.
pub fn from_files(matches: &Matches, ignore: bool) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    for file in matches.list("cidfile") {
        match std::fs::read_to_string(file) {
            Ok(text) => ids.push(text.lines().next().unwrap_or_default().to_owned()),
            Err(error) if ignore && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::new(format!("reading CIDFile: open {file}: {error}"))),
        }
    }
    Ok(ids)
}

/// Names from arguments, `--latest`, `--cidfile`, or all that `--all` means to this command (`wanted`).
///
/// # Errors
/// Arguments beside `--all` or `--latest`, or nothing at all (then `missing` is said).
pub fn several(
    context: &Context,
    matches: &Matches,
    missing: &str,
    wanted: fn(&ContainerSummary) -> bool,
) -> Result<Vec<String>, Failure> {
    let (all, latest_one) = (matches.bool("all"), matches.bool("latest"));
    let filters = filters(matches)?;
    let mut names = matches.arguments.clone();
    if all && latest_one {
        return Err(Failure::new("--all and --latest cannot be used together"));
    }
    if !names.is_empty() && (all || latest_one) {
        let flag =
            if all { "no arguments are needed with --all" } else { "--latest and containers cannot be used together" };
        return Err(Failure::new(flag));
    }
    names.extend(from_files(matches, matches.bool("ignore"))?);
    if latest_one {
        return Ok(vec![latest(context)?]);
    }
    if is_listed(matches) {
        let options = ListOptions { all: true, filters, ..ListOptions::default() };
        let containers = list(context.engine()?, &options)?;
        return Ok(containers.into_iter().filter(|c| !all || wanted(c)).map(|c| c.id).collect());
    }
    if names.is_empty() && !matches.given("cidfile") {
        return Err(Failure::new(missing));
    }
    Ok(names)
}

/// Whether [`several`] has the ids from a list (`--all`, `--filter`): each may be gone or have ended since.
pub fn is_listed(matches: &Matches) -> bool {
    matches.bool("all") || !matches.list("filter").is_empty()
}

/// All names that were typed are looked up before anything is done to any; with `--ignore` those that mean nothing are left
/// out.
pub fn known(context: &Context, matches: &Matches, names: Vec<String>) -> Result<Vec<String>, Failure> {
    if is_listed(matches) {
        return Ok(names);
    }
    let (engine, ignore) = (context.engine()?, matches.bool("ignore"));
    let mut known = Vec::new();
    for name in names {
        match resolve_name(engine, &name) {
            Err(engine::Error::NoSuchContainer(_)) if ignore => {}
            found => found.map(|_| known.push(name))?,
        }
    }
    Ok(known)
}

/// The one container a command is about: its first argument, or the latest. The other arguments follow.
pub fn one(context: &Context, matches: &Matches, missing: &str) -> Result<(String, Vec<String>), Failure> {
    if matches.bool("latest") {
        return Ok((latest(context)?, matches.arguments.clone()));
    }
    match matches.arguments.split_first() {
        Some((name, rest)) => Ok((name.clone(), rest.to_vec())),
        None => Err(Failure::new(missing)),
    }
}

/// Does something to each; prints what it returns, goes on after errors, and fails at the end with the last one.
pub fn each(names: &[String], mut action: impl FnMut(&str) -> Result<Option<String>, Failure>) -> Result<i32, Failure> {
    let mut last: Option<Failure> = None;
    for name in names {
        match action(name) {
            Ok(Some(text)) => crate::output::stream::line(&text)?,
            Ok(None) => {}
            Err(failure) => {
                if let Some(earlier) = last.replace(failure) {
                    earlier.print();
                }
            }
        }
    }
    last.map_or(Ok(0), Err)
}
