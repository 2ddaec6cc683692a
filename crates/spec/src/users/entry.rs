//! One entry of `--uidmap` and `--gidmap`: `[flags]container:[@]host[:count]`. What entries make together is `compose`'s.

use super::IdRange;
use crate::Invalid;
use serde::{Deserialize, Serialize};

/// Whose ids a map is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Users,
    Groups,
}

impl Side {
    /// As Podman's messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Side::Users => "UID",
            Side::Groups => "GID",
        }
    }
}

/// An entry as it was asked for: it depends on the host which ids it means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MapEntry {
    /// The ids.
    #[serde(flatten)]
    pub range: IdRange,
    /// `@`: `range.host_id` counts outside the engine's own user namespace.
    pub parent: bool,
    /// `+`: what it collides with in earlier entries gives way.
    pub extend: bool,
    /// Not for users (`g`).
    pub groups_only: bool,
    /// Not for groups (`u`).
    pub users_only: bool,
}

impl MapEntry {
    /// Whether it maps ids of this side.
    pub(crate) fn is_for(&self, side: Side) -> bool {
        match side {
            Side::Users => !self.groups_only,
            Side::Groups => !self.users_only,
        }
    }
}

/// All entries of one value: three fields each; a lone one may leave out the count. An empty value has none.
pub(crate) fn parse_entries(text: &str, side: Side) -> Result<Vec<MapEntry>, Invalid> {
    let mut fields: Vec<&str> = text.split(':').collect();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if fields.len() == 2 {
        fields.push("1");
    }
    if !fields.len().is_multiple_of(3) || fields.iter().step_by(3).any(|field| field.is_empty()) {
        return Err(malformed(text, side, "[+ug]"));
    }
    fields.chunks_exact(3).map(|triple| entry(text, triple, side)).collect()
}

/// The same without flags, one entry: `uidmapping=` and `gidmapping=` of `--userns=auto`.
pub(crate) fn parse_plain(text: &str, side: Side) -> Result<MapEntry, Invalid> {
    match parse_entries(text, side)?[..] {
        [entry] if text.starts_with(|c: char| c.is_ascii_digit()) => Ok(entry),
        _ => Err(malformed(text, side, "")),
    }
}

fn malformed(text: &str, side: Side, flags: &str) -> Invalid {
    Invalid::new(format!(
        "initializing ID mappings: {} setting is malformed expected [\"{flags}uint32:[@]uint32[:uint32]\"] : [{text:?}]",
        side.name()
    ))
}

fn entry(text: &str, triple: &[&str], side: Side) -> Result<MapEntry, Invalid> {
    let digits = triple[0].find(|c: char| c.is_ascii_digit()).unwrap_or(triple[0].len());
    let (flags, container) = triple[0].split_at(digits);
    if let Some(flag) = flags.chars().find(|flag| !"+ug".contains(*flag)) {
        return Err(Invalid::new(format!("invalid mapping {text:?}: unknown flag {flag:?} (there are +, u and g)")));
    }
    if container.is_empty() {
        return Err(Invalid::new(format!("invalid mapping {text:?}: no id follows the flags")));
    }
    let host = triple[1].strip_prefix('@');
    if triple[1].is_empty() {
        return Err(Invalid::new(format!("invalid empty host id at {} map: {text:?}", side.name())));
    }
    let range = IdRange {
        container_id: number(container)?,
        host_id: number(host.unwrap_or(triple[1]))?,
        size: number(triple[2])?,
    };
    let fits = |first: u32| first.checked_add(range.size.saturating_sub(1)).is_some();
    if !fits(range.container_id) || !fits(range.host_id) {
        return Err(Invalid::new(format!("id mapping {text:?}: the range ends beyond 4294967295")));
    }
    let (users, groups) = (flags.contains('u'), flags.contains('g'));
    Ok(MapEntry {
        range,
        parent: host.is_some(),
        extend: flags.contains('+'),
        groups_only: groups && !users,
        users_only: users && !groups,
    })
}

fn number(text: &str) -> Result<u32, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new(format!("parsing id map value {text:?}: must be a number from 0 to 4294967295")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(container_id: u32, host_id: u32, size: u32) -> IdRange {
        IdRange { container_id, host_id, size }
    }

    fn parsed(text: &str) -> Result<Vec<MapEntry>, String> {
        parse_entries(text, Side::Users).map_err(|error| error.message)
    }

    #[test]
    fn forms() {
        let plain = |range| MapEntry { range, ..MapEntry::default() };
        assert_eq!(parsed("0:100000:1000").unwrap(), [plain(range(0, 100_000, 1000))]);
        assert_eq!(parsed("0:1").unwrap(), [plain(range(0, 1, 1))]);
        assert_eq!(parsed("0:1:1:1:2:1").unwrap(), [plain(range(0, 1, 1)), plain(range(1, 2, 1))]);
        assert_eq!(parsed("").unwrap(), []);
        let all = parsed("+g7:@9:2").unwrap()[0];
        assert_eq!((all.range, all.parent, all.extend), (range(7, 9, 2), true, true));
        assert!(all.is_for(Side::Groups) && !all.is_for(Side::Users));
        let both = parsed("ug7:9").unwrap()[0];
        assert!(both.is_for(Side::Groups) && both.is_for(Side::Users));
    }

    #[test]
    fn nonsense_is_named() {
        for (text, said) in [
            ("foo", "malformed expected [\"[+ug]uint32:[@]uint32[:uint32]\"] : [\"foo\"]"),
            ("0:100000:1000:5", "malformed"),
            (":1:1", "malformed"),
            ("0:a:1", "\"a\": must be a number"),
            ("0:@:1", "\"\": must be a number"),
            ("x0:1", "unknown flag 'x'"),
            ("+:1:1", "no id follows"),
            ("1::1", "invalid empty host id at UID map"),
            ("0:4294967295:2", "ends beyond 4294967295"),
            ("0:0:4294967296", "\"4294967296\": must be a number"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        for text in ["+0:1:1", "0:1:1:1:2:1", "", "u0:1"] {
            assert!(parse_plain(text, Side::Users).is_err(), "{text}");
        }
        assert!(parse_plain("0:@1:1", Side::Users).unwrap().parent);
    }
}
