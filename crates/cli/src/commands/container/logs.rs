//! `logs`: what containers wrote.

use super::select::{LATEST, latest};
use crate::context::Context;
use crate::error::Failure;
use crate::output::duration;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{LogLine, LogOptions, Stream, logs};
use jiff::Timestamp;
use std::io::{self, Write};

/// `logs`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Show what containers wrote",
    details: "Prints what containers wrote to their standard output and standard error, each to its own stream.",
    examples: &["logs web", "logs --follow --tail 10 web", "logs --since 10m --timestamps web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("follow", "Go on until the container ends").short('f'),
    LATEST,
    Flag::bool("names", "With several containers: put the name before each line, not the id").short('n'),
    Flag::text("since", "string", "Only lines since this time (RFC 3339, seconds, or a duration before now)"),
    Flag::int("tail", "Only that many last lines; -1: all").default("-1"),
    Flag::bool("timestamps", "Put the time before each line").short('t'),
    Flag::text("until", "string", "Only lines before this time (also a duration from now)"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let names = match (matches.bool("latest"), matches.arguments.is_empty()) {
        (true, true) => vec![latest(context)?],
        (true, false) => return Err(Failure::new("--latest and containers cannot be used together")),
        (false, true) => return Err(Failure::new("specify at least one container name or ID to log")),
        (false, false) => matches.arguments.clone(),
    };
    let options = LogOptions {
        follow: matches.bool("follow"),
        tail: matches.number::<i64>("tail").and_then(|n| usize::try_from(n).ok()),
        since: matches.text("since").map(|text| moment(text, "since", -1)).transpose()?,
        until: matches.text("until").map(|text| moment(text, "until", 1)).transpose()?,
    };
    let engine = context.engine()?;
    for name in &names {
        engine::container::resolve_name(engine, name)?;
    }
    for name in &names {
        let id = engine::container::resolve_name(engine, name)?;
        // With one container there is nothing to tell apart.
        let label = if names.len() > 1 { label(&id, name, matches.bool("names")) } else { String::new() };
        let mut printer = Printer { label, timestamps: matches.bool("timestamps"), continues: [false; 2] };
        logs(engine, name, &options, &mut |line| printer.print(line))?;
    }
    Ok(0)
}

fn label(id: &str, name: &str, by_name: bool) -> String {
    if by_name { format!("{name} ") } else { format!("{} ", &id[..id.len().min(12)]) }
}

struct Printer {
    label: String,
    timestamps: bool,
    /// Whether the last piece of this stream left its line open.
    continues: [bool; 2],
}

impl Printer {
    fn print(&mut self, line: &LogLine) -> io::Result<()> {
        let continues = &mut self.continues[usize::from(line.stream == Stream::Stderr)];
        let mut text = Vec::with_capacity(line.text.len() + 64);
        if !*continues {
            text.extend_from_slice(self.label.as_bytes());
            if self.timestamps {
                text.extend_from_slice(stamp(line.time).as_bytes());
            }
        }
        text.extend_from_slice(&line.text);
        if !line.partial {
            text.push(b'\n');
        }
        *continues = line.partial;
        match line.stream {
            Stream::Stdout => write(io::stdout().lock(), &text),
            Stream::Stderr => write(io::stderr().lock(), &text),
        }
    }
}

fn write(mut out: impl Write, text: &[u8]) -> io::Result<()> {
    out.write_all(text)?;
    out.flush()
}

/// In the local zone, nine digits, as Podman.
fn stamp(time: Timestamp) -> String {
    let zoned = time.to_zoned(jiff::tz::TimeZone::system());
    let text = zoned.strftime("%Y-%m-%dT%H:%M:%S.%9f%:z ").to_string();
    text.replace("+00:00 ", "Z ")
}

/// RFC 3339 (also a bare date, or without zone: local time), seconds since 1970 (with fraction), or a duration from now
/// (`direction` 1: `--until 10s` is in ten seconds, as Podman's) or before now (-1).
fn moment(text: &str, flag: &str, direction: i128) -> Result<Timestamp, Failure> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>()
        && let Ok(zoned) = civil.to_zoned(jiff::tz::TimeZone::system())
    {
        return Ok(zoned.timestamp());
    }
    let nanoseconds = match text.parse::<f64>() {
        Ok(seconds) => Some((seconds * 1e9) as i128),
        Err(_) => duration::parse(text).map(|span| Timestamp::now().as_nanosecond() + direction * span),
    };
    nanoseconds.and_then(|ns| Timestamp::from_nanosecond(ns).ok()).ok_or_else(|| {
        Failure::new(format!("parsing --{flag} {text:?}: failed to parse time/duration"))
            .hint("use 2026-11-23T20:19:10Z, seconds since 1970, or a duration such as 10m")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!(moment("1970-01-01T00:00:10Z", "since", -1).unwrap().as_second(), 10);
        assert_eq!(moment("10.5", "since", -1).unwrap().as_millisecond(), 10_500);
        let ago = Timestamp::now().as_second() - moment("1m", "since", -1).unwrap().as_second();
        assert!((60..=61).contains(&ago));
        assert!(moment("1m", "until", 1).unwrap() > Timestamp::now());
        assert!(moment("yesterday", "since", -1).is_err());
    }
}
