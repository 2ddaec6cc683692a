//! `search`: repositories of registries, or the tags of one repository.

use super::access::images;
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::flags::registry;
use crate::output::report::{Report, is_json};
use crate::output::template::Types;
use crate::output::{json, quote, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::{Matches, parse_bool};
use image::search::{Found, search, split_term, tags};
use serde_json::{Value, json};

/// `search`
pub static COMMAND: Command = Command {
    usage: "[options] TERM",
    summary: "Search registries for images",
    details: "Lists repositories whose names contain TERM, in the registries that short names are searched in, or in\n\
              that of REGISTRY/TERM. --list-tags lists the tags of one repository instead.",
    examples: &["search alpine", "search quay.io/podman", "search --list-tags quay.io/podman/stable"],
    flags: &[FLAGS, registry::FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("compatible", "Also show stars and who made it, as Docker does"),
    Flag::array("filter", "stringArray", "Only what matches (stars=N, is-official, is-automated)").short('f'),
    Flag::text("format", "string", "Show by a Go template, or json"),
    Flag::int("limit", "At most so many results (25, tags: all)"),
    Flag::bool("list-tags", "List the tags of a repository"),
    Flag::bool("no-trunc", "Don't shorten"),
];

const HEADERS: &[(&str, &str)] = &[
    ("Index", "INDEX"),
    ("Name", "NAME"),
    ("Description", "DESCRIPTION"),
    ("Stars", "STARS"),
    ("Official", "OFFICIAL"),
    ("Automated", "AUTOMATED"),
    ("Tag", "TAG"),
];

const TYPES: Types = Types { root: "types.ImageSearchReport", ..Types::NONE };

/// How many results a registry is asked for.
const USUAL_LIMIT: usize = 25;

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let filters = parse_filters(matches)?;
    let limit = match matches.number::<i64>("limit") {
        None | Some(0) => None,
        Some(limit) => Some(usize::try_from(limit).map_err(|_| Failure::new("--limit can't be negative"))?),
    };
    let options = registry::options(matches)?;
    let images = image::Context { credentials: options.credentials, ..images(context, matches) };
    let term = &matches.arguments[0];
    match matches.bool("list-tags") {
        true if !filters.is_empty() => Err(Failure::new("filters are not applicable to list tags result")),
        true => show_tags(&images, term, limit, matches),
        false => show_found(&images, term, limit.unwrap_or(USUAL_LIMIT), &filters, matches),
    }
}

fn show_tags(images: &image::Context, term: &str, limit: Option<usize>, matches: &Matches) -> Result<i32, Failure> {
    let (name, mut tags) = tags(images, term)
        .map_err(|error| Failure::new(format!("1 error occurred:\n\t* getting repository tags: {}", chain(&error))))?;
    tags.truncate(limit.unwrap_or(usize::MAX));
    let format = matches.text("format").unwrap_or("table {{.Name}}\t{{.Tag}}");
    if is_json(format) {
        stream::line(&json::pretty(&vec![json!({ "Name": name, "Tags": tags })], "    ")?)?;
        return Ok(0);
    }
    let row = |tag: &String| json!({ "Index": "", "Name": name, "Description": "", "Stars": 0, "Official": "", "Automated": "", "Tag": tag });
    print(format, tags.iter().map(row).collect())
}

fn show_found(
    images: &image::Context,
    term: &str,
    limit: usize,
    filters: &[Filter],
    matches: &Matches,
) -> Result<i32, Failure> {
    let (registry, term) = split_term(term);
    let registries = match registry {
        Some(registry) => vec![registry.to_owned()],
        None => images.registries.get().map_err(|e| Failure::new(chain(&e)))?.unqualified_search.clone(),
    };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for registry in registries {
        match search(images, &registry, term, limit) {
            Ok(results) => found.extend(results),
            Err(error) => failures.push(format!("couldn't search registry {}: {}", quote(&registry), chain(&error))),
        }
    }
    found.retain(|one| filters.iter().all(|filter| filter.holds(one)));
    if found.is_empty() && !failures.is_empty() {
        return Err(several(&failures));
    }
    failures.iter().for_each(|failure| log::warn!("{failure}"));
    let columns = match matches.bool("compatible") {
        true => "table {{.Name}}\t{{.Description}}\t{{.Stars}}\t{{.Official}}\t{{.Automated}}",
        false => "table {{.Name}}\t{{.Description}}",
    };
    let format = matches.text("format").unwrap_or(columns);
    let full = matches.bool("no-trunc") || is_json(format);
    let rows: Vec<Value> = found.iter().map(|one| row(one, full)).collect();
    if is_json(format) {
        stream::line(&json::pretty(&rows, "    ")?)?;
        return Ok(0);
    }
    if rows.is_empty() { Ok(0) } else { print(format, rows) }
}

fn print(format: &str, rows: Vec<Value>) -> Result<i32, Failure> {
    Report { name: "search", format, headers: HEADERS, noheading: false, types: TYPES }.print(rows)?;
    Ok(0)
}

fn several(failures: &[String]) -> Failure {
    let count = if failures.len() == 1 { "1 error".to_owned() } else { format!("{} errors", failures.len()) };
    let lines: Vec<String> = failures.iter().map(|line| format!("\n\t* {line}")).collect();
    Failure::new(format!("{count} occurred:{}", lines.concat()))
}

fn row(found: &Found, full: bool) -> Value {
    let mark = |yes: bool| if yes { "[OK]" } else { "" };
    let description = found.hit.description.as_deref().unwrap_or_default();
    json!({
        "Index": found.index, "Name": found.name, "Description": shortened(description, full),
        "Stars": found.hit.stars, "Official": mark(found.hit.official), "Automated": mark(found.hit.automated),
        "Tag": "",
    })
}

fn shortened(text: &str, full: bool) -> String {
    const LONGEST: usize = 44;
    if full || text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain("...".chars()).collect()
}

enum Filter {
    Stars(i64),
    Official(bool),
    Automated(bool),
}

impl Filter {
    fn holds(&self, found: &Found) -> bool {
        match self {
            Filter::Stars(stars) => found.hit.stars >= *stars,
            Filter::Official(wanted) => found.hit.official == *wanted,
            Filter::Automated(wanted) => found.hit.automated == *wanted,
        }
    }
}

fn parse_filters(matches: &Matches) -> Result<Vec<Filter>, Failure> {
    matches.list("filter").iter().map(|text| parse_filter(text)).collect()
}

/// A switch without a value means yes.
fn parse_filter(text: &str) -> Result<Filter, Failure> {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
    let yes = || value.is_none_or(|value| parse_bool(value) == Some(true));
    match key {
        "stars" => {
            let value = value.unwrap_or_default();
            let why = || {
                format!("incorrect value type for stars filter: strconv.Atoi: parsing {}: invalid syntax", quote(value))
            };
            value.parse().map(Filter::Stars).map_err(|_| Failure::new(why()))
        }
        "is-official" => Ok(Filter::Official(yes())),
        "is-automated" => Ok(Filter::Automated(yes())),
        _ => Err(Failure::new(format!("invalid filter type {}", quote(text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_shortened() {
        assert_eq!(shortened(&"x".repeat(44), false).len(), 44);
        assert_eq!(shortened(&"x".repeat(45), false).len(), 47);
        assert_eq!(shortened(&"x".repeat(45), true).len(), 45);
        assert!(matches!(parse_filter("is-official").ok(), Some(Filter::Official(true))));
        assert!(matches!(parse_filter("is-official=false").ok(), Some(Filter::Official(false))));
    }
}
