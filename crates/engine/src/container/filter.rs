//! `ps --filter`: same keys are alternatives, different keys must all hold.

use super::resolve_name;
use crate::state::containers::Container;
use crate::{Engine, Error};
use jiff::Timestamp;

/// States a container can be in, as Podman names them.
pub(super) const STATES: &[&str] = &[
    "created",
    "initialized",
    "running",
    "paused",
    "exited",
    "stopped",
    "stopping",
    "removing",
    "unknown",
    "restarting",
];

/// Parsed filters.
#[derive(Debug, Default)]
pub(super) struct Filters {
    list: Vec<(String, Filter)>,
}

#[derive(Debug)]
enum Filter {
    Id(String),
    Name(regex_lite::Regex),
    Label(String, Option<String>),
    NoLabel(String, Option<String>),
    Status(String),
    Exited(i32),
    /// Image name or id.
    Ancestor(String),
    /// Nanoseconds since 1970.
    Before(i64),
    Since(i64),
    Volume(String),
    Network(String),
    Pod(String),
    Health(String),
    /// The program that was started, without its arguments.
    Command(regex_lite::Regex),
    /// The policy's name.
    Restart(String),
}

/// What `--restart` takes.
const POLICIES: &[&str] = &["no", "always", "on-failure", "unless-stopped"];

impl Filters {
    /// An unknown key or a wrong value is an error.
    pub(super) fn parse(engine: &Engine, filters: &[(String, String)]) -> Result<Filters, Error> {
        let mut list = Vec::new();
        for (key, value) in filters {
            list.push((key.clone(), parse(engine, key, value)?));
        }
        Ok(Filters { list })
    }

    /// A state was asked for: not only running ones are listed.
    pub(super) fn asks_for_state(&self) -> bool {
        self.list.iter().any(|(key, _)| matches!(key.as_str(), "status" | "exited" | "health"))
    }

    /// Whether this container is wanted; `policy` reads its restart policy, which isn't in the row.
    pub(super) fn hold(&self, row: &Container, status: &str, policy: &dyn Fn() -> String) -> bool {
        self.list.iter().all(|(key, _)| {
            // Label filters must hold each, others of one key one at least.
            let mut same = self.list.iter().filter(|(other, _)| other == key).map(|(_, filter)| filter);
            if key.starts_with("label") {
                same.all(|f| f.holds(row, status, policy))
            } else {
                same.any(|f| f.holds(row, status, policy))
            }
        })
    }
}

fn parse(engine: &Engine, key: &str, value: &str) -> Result<Filter, Error> {
    let label = || match value.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (value.to_owned(), None),
    };
    let pattern =
        || regex_lite::Regex::new(value).map_err(|error| Error::Invalid(format!("filter {key}=\"{value}\": {error}")));
    let created = |name: &str| -> Result<i64, Error> {
        let id = resolve_name(engine, name)?;
        let row = engine.database()?.container(&id)?;
        row.map(|row| row.created).ok_or_else(|| Error::NoSuchContainer(name.to_owned()))
    };
    Ok(match key {
        "id" => Filter::Id(value.to_owned()),
        "name" => Filter::Name(pattern()?),
        "command" => Filter::Command(pattern()?),
        "restart-policy" if POLICIES.contains(&value) => Filter::Restart(value.to_owned()),
        "restart-policy" => return Err(Error::Invalid(format!("{value} invalid restart policy"))),
        "label" => {
            let (name, value) = label();
            Filter::Label(name, value)
        }
        "label!" => {
            let (name, value) = label();
            Filter::NoLabel(name, value)
        }
        "status" if STATES.contains(&value) => Filter::Status(value.to_owned()),
        "status" => return Err(Error::Invalid(format!("unknown container state: {value}: invalid argument"))),
        "exited" => Filter::Exited(
            value
                .parse()
                .map_err(|_| Error::Invalid(format!("exited code out of range \"{value}\": invalid argument")))?,
        ),
        "ancestor" => Filter::Ancestor(value.to_owned()),
        "before" => Filter::Before(created(value)?),
        "since" => Filter::Since(created(value)?),
        "until" => Filter::Before(until(value)?),
        "volume" => Filter::Volume(value.to_owned()),
        "network" => Filter::Network(value.to_owned()),
        "pod" => Filter::Pod(value.to_owned()),
        "health" => Filter::Health(value.to_owned()),
        _ => return Err(Error::Invalid(format!("{key} is an invalid filter"))),
    })
}

/// A time, a day or time of the local clock, seconds since 1970, or a duration back from now (`10m`, `1h30m`).
pub(crate) fn until(text: &str) -> Result<i64, Error> {
    let nanoseconds = |time: Timestamp| i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX);
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(nanoseconds(time));
    }
    let local = text.parse::<jiff::civil::DateTime>().ok();
    if let Some(time) = local.and_then(|time| time.to_zoned(jiff::tz::TimeZone::system()).ok()) {
        return Ok(nanoseconds(time.timestamp()));
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(seconds.saturating_mul(1_000_000_000));
    }
    let back = spec::duration::parse(text)
        .map_err(|_| Error::Invalid(format!("unable to parse \"{text}\" as a time or duration")))?;
    let back = i64::try_from(back.as_nanos()).unwrap_or(i64::MAX);
    Ok(nanoseconds(Timestamp::now()).saturating_sub(back))
}

impl Filter {
    fn holds(&self, row: &Container, status: &str, policy: &dyn Fn() -> String) -> bool {
        let has = |name: &String, value: &Option<String>| {
            row.summary.labels.get(name).is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
        };
        match self {
            Filter::Id(prefix) => row.id.starts_with(prefix.as_str()),
            Filter::Name(pattern) => pattern.is_match(&row.name),
            Filter::Label(name, value) => has(name, value),
            Filter::NoLabel(name, value) => !has(name, value),
            Filter::Status(wanted) => status == wanted || (wanted == "stopped" && status == "exited"),
            Filter::Exited(code) => {
                matches!(status, "exited" | "stopped") && !row.last.finished.is_empty() && row.last.exit_code == *code
            }
            Filter::Ancestor(image) => is_image(row, image),
            Filter::Before(time) => row.created < *time,
            Filter::Since(time) => row.created > *time,
            Filter::Volume(volume) => row.summary.volumes.iter().any(|v| v == volume),
            Filter::Network(network) => row.summary.networks.iter().any(|n| n == network),
            Filter::Pod(pod) => row.summary.pod == *pod,
            // Without a health check there is no status.
            Filter::Health(wanted) => wanted == "none",
            Filter::Command(pattern) => row.summary.command.first().is_some_and(|program| pattern.is_match(program)),
            Filter::Restart(wanted) => policy() == *wanted,
        }
    }
}

/// By id, beginning of an id, full name, or the name without registry or tag.
fn is_image(row: &Container, wanted: &str) -> bool {
    let wanted_id = wanted.strip_prefix("sha256:").unwrap_or(wanted);
    if wanted_id.len() >= 3 && row.image_id.starts_with(wanted_id) {
        return true;
    }
    let name = row.image_name.as_str();
    let bare = name.strip_suffix(":latest").unwrap_or(name);
    [name, bare].into_iter().any(|name| name == wanted || name.ends_with(&format!("/{wanted}")))
}
