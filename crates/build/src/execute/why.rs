//! Why a step has to be done: which of its inputs is another than when the same instruction was done last. Pure.

use engine::build::Cached;
use oci::Digest;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of former builds.
pub(super) enum Former {
    /// It isn't asked for.
    Unwanted,
    /// The same was done too long ago.
    TooOld,
    /// All that is remembered.
    Records(Vec<(Digest, Cached)>),
}

/// In words, one for each input. The first `first` layers of what the step stands on are its stage's base.
pub(super) fn reasons(former: &Former, key: &Digest, now: &Cached, first: usize) -> Vec<String> {
    let records = match former {
        Former::Unwanted => return vec!["what was made before isn't to be used".to_owned()],
        Former::TooOld => return vec!["it was made longer ago than --cache-ttl".to_owned()],
        Former::Records(records) => records,
    };
    if records.iter().any(|(known, _)| known == key) {
        return vec!["what it made is gone".to_owned()];
    }
    let same =
        records.iter().map(|(_, record)| record).filter(|record| record.step == now.step && !now.step.is_empty());
    let nearest = same.min_by_key(|record| (changed(now, record).len(), std::cmp::Reverse(record.made)));
    match nearest {
        Some(record) => {
            let names = changed(now, record);
            names.into_iter().flat_map(|name| explain(name, now, record, first)).collect()
        }
        None => vec!["never built".to_owned()],
    }
}

/// Names of inputs that differ.
fn changed<'r>(now: &'r Cached, then: &'r Cached) -> Vec<&'r str> {
    let names: BTreeSet<&String> = now.inputs.keys().chain(then.inputs.keys()).collect();
    names.into_iter().filter(|name| now.inputs.get(*name) != then.inputs.get(*name)).map(String::as_str).collect()
}

fn explain(name: &str, now: &Cached, then: &Cached, first: usize) -> Vec<String> {
    let [new, old] = [now, then].map(|record| record.inputs.get(name).map_or("", String::as_str));
    match name {
        "base" => vec![base(new, old, first)],
        "files" => files(&now.files, &then.files),
        "environment" => environment(new, old, now),
        "arguments" => Vec::new(),
        "container" => vec!["flags of the build for its commands changed".to_owned()],
        "kind" => vec!["it was made by another version of minke".to_owned()],
        _ if is_long(new) || is_long(old) => vec![format!("{name} changed")],
        _ => vec![format!("{name} was {}, is {}", shown(old), shown(new))],
    }
}

fn base(new: &str, old: &str, first: usize) -> String {
    let layers = |text: &str| serde_json::from_str::<Vec<Digest>>(text).unwrap_or_default();
    let (new, old) = (layers(new), layers(old));
    match old.get(..first) == new.get(..first) && first > 0 {
        true => "a step before it has made something else".to_owned(),
        false => "base image changed".to_owned(),
    }
}

/// `2 files changed: a.c, b.c`
fn files(new: &BTreeMap<String, String>, old: &BTreeMap<String, String>) -> Vec<String> {
    let of = |names: Vec<&String>, one: &str, many: &str| match names.as_slice() {
        [] => None,
        [only] => Some(format!("{one}: {only}")),
        all => Some(format!("{} {many}: {}", all.len(), list(all))),
    };
    let both = new.keys().filter(|name| old.get(*name).is_some_and(|digest| *digest != new[*name])).collect();
    let fresh = new.keys().filter(|name| !old.contains_key(*name)).collect();
    let gone = old.keys().filter(|name| !new.contains_key(*name)).collect();
    let all = [
        of(both, "1 file changed", "files changed"),
        of(fresh, "1 file is new", "files are new"),
        of(gone, "1 file is gone", "files are gone"),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    if all.is_empty() { vec!["the files changed".to_owned()] } else { all }
}

/// So many are named.
const MOST_NAMES: usize = 5;

fn list(names: &[&String]) -> String {
    let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(|name| name.as_str()).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn environment(new: &str, old: &str, now: &Cached) -> Vec<String> {
    let parse = |text: &str| serde_json::from_str::<Vec<String>>(text).ok();
    let (Some(new), Some(old)) = (parse(new), parse(old)) else { return vec!["environment changed".to_owned()] };
    let arguments = now.inputs.get("arguments").and_then(|text| parse(text)).unwrap_or_default();
    let pairs = |list: Vec<String>| -> BTreeMap<String, String> {
        let pair = |text: String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        list.into_iter().filter_map(pair).collect()
    };
    let (new, old) = (pairs(new), pairs(old));
    let names: BTreeSet<&String> = new.keys().chain(old.keys()).collect();
    let differing = names.into_iter().filter(|name| new.get(*name) != old.get(*name));
    let one = |name: &String| {
        let what = if arguments.contains(name) { "build argument" } else { "variable" };
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => format!("{what} {name} was {}, is {}", shown(old), shown(new)),
            (Some(_), None) => format!("{what} {name} is gone"),
            _ => format!("{what} {name} is new"),
        }
    };
    let all: Vec<String> = differing.map(one).collect();
    if all.is_empty() { vec!["the environment's order changed".to_owned()] } else { all }
}

/// Longer values aren't told, in characters.
const LONGEST: usize = 60;

fn is_long(value: &str) -> bool {
    value.len() > LONGEST || value.starts_with("sha256:")
}

fn shown(value: &str) -> String {
    match value {
        "" => "empty".to_owned(),
        value if value.chars().count() > LONGEST => {
            let start: String = value.chars().take(LONGEST).collect();
            format!("{start}…")
        }
        value => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: &str, inputs: &[(&str, &str)], files: &[(&str, &str)]) -> Cached {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Cached { step: step.to_owned(), inputs: map(inputs), files: map(files), ..Cached::default() }
    }

    fn why(now: &Cached, former: Vec<Cached>) -> Vec<String> {
        let former = former.into_iter().map(|record| (Digest::sha256(b"former"), record)).collect();
        reasons(&Former::Records(former), &Digest::sha256(b"now"), now, 1)
    }

    #[test]
    fn files_are_named() {
        let now = record("COPY . /", &[("files", "2")], &[("a", "2"), ("b", "1"), ("n", "1")]);
        let then = record("COPY . /", &[("files", "1")], &[("a", "1"), ("b", "1"), ("o", "1")]);
        assert_eq!(why(&now, vec![then]), ["1 file changed: a", "1 file is new: n", "1 file is gone: o"]);
    }

    #[test]
    fn the_nearest_record_counts() {
        let now = record("RUN x", &[("environment", r#"["A=2","B=1"]"#), ("arguments", r#"["A"]"#), ("user", "")], &[]);
        let near =
            record("RUN x", &[("environment", r#"["A=1","B=1"]"#), ("arguments", r#"["A"]"#), ("user", "")], &[]);
        let far = record("RUN x", &[("environment", r#"["A=1"]"#), ("arguments", "[]"), ("user", "u")], &[]);
        assert_eq!(why(&now, vec![far, near]), ["build argument A was 1, is 2"]);
        assert_eq!(why(&now, vec![record("RUN y", &[], &[])]), ["never built"]);
    }

    #[test]
    fn bases_and_steps_are_told_apart() {
        let [one, two] = [b"1", b"2"].map(|text| Digest::sha256(text).to_string());
        let of = |layers: &[&String]| record("RUN x", &[("base", &serde_json::to_string(layers).unwrap())], &[]);
        assert_eq!(why(&of(&[&one, &two]), vec![of(&[&one])]), ["a step before it has made something else"]);
        assert_eq!(why(&of(&[&one, &two]), vec![of(&[&two, &two])]), ["base image changed"]);
    }
}
