//! User namespace and id mappings (`--userns`, `--uidmap`, `--gidmap`, `--subuidname`).

mod compose;
mod entry;
mod map;

pub use entry::MapEntry;
use entry::{Side, parse_entries, parse_plain};
pub(crate) use map::resolve;

use crate::{
    Defaults, Invalid, is_default,
    namespaces::{Namespace, NsMode, container_namespace, unrecognized},
    null_default,
};
use serde::{Deserialize, Serialize};

/// Wishes for the user namespace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Users {
    /// `--userns`.
    #[serde(rename = "userns", skip_serializing_if = "is_default")]
    pub userns: Namespace,
    /// `--uidmap`, `--gidmap`, options of `auto`.
    #[serde(rename = "idmappings", skip_serializing_if = "Option::is_none")]
    pub mappings: Option<IdMappings>,
}

/// What is asked of the maps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IdMappings {
    /// `--uidmap`, in order.
    #[serde(rename = "UIDMap", deserialize_with = "null_default")]
    pub uid_map: Vec<MapEntry>,
    /// `--gidmap`, in order.
    #[serde(rename = "GIDMap", deserialize_with = "null_default")]
    pub gid_map: Vec<MapEntry>,
    /// The engine chooses a free range.
    pub auto_user_ns: bool,
    /// For `auto_user_ns`.
    pub auto_user_ns_opts: AutoUserNs,
}

/// One range of ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdRange {
    /// First inside.
    pub container_id: u32,
    /// First outside (rootless: in the engine's user namespace).
    pub host_id: u32,
    /// How many.
    pub size: u32,
}

/// Both maps of a user namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdMaps {
    /// Of users.
    pub uids: Vec<IdRange>,
    /// Of groups.
    pub gids: Vec<IdRange>,
}

/// `--userns=auto:…`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AutoUserNs {
    /// How many ids; 0: as the image needs.
    pub size: u32,
    /// At least this many.
    pub initial_size: u32,
    /// Fixed ranges besides.
    #[serde(rename = "AdditionalUIDMappings", deserialize_with = "null_default")]
    pub additional_uid_mappings: Vec<MapEntry>,
    /// Fixed ranges besides.
    #[serde(rename = "AdditionalGIDMappings", deserialize_with = "null_default")]
    pub additional_gid_mappings: Vec<MapEntry>,
}

impl Users {
    /// `--userns`.
    pub fn set_userns(&mut self, text: &str) -> Result<(), Invalid> {
        self.userns = parse_userns(text)?;
        if self.userns.mode == NsMode::Auto {
            let mappings = self.mappings.get_or_insert_default();
            mappings.auto_user_ns = true;
            mappings.auto_user_ns_opts = parse_auto(&self.userns.value)?;
        }
        Ok(())
    }

    /// `--uidmap`, one value.
    pub fn add_uid_map(&mut self, text: &str) -> Result<(), Invalid> {
        self.mappings.get_or_insert_default().uid_map.extend(parse_entries(text, Side::Users)?);
        Ok(())
    }

    /// `--gidmap`, one value.
    pub fn add_gid_map(&mut self, text: &str) -> Result<(), Invalid> {
        self.mappings.get_or_insert_default().gid_map.extend(parse_entries(text, Side::Groups)?);
        Ok(())
    }

    /// For `--userns=auto`: the wish the engine must find a range for. `None`: another mode.
    pub fn auto_request(&self, defaults: &Defaults) -> Option<AutoUserNs> {
        if self.effective(defaults).mode != NsMode::Auto {
            return None;
        }
        let asked = self.mappings.as_ref().filter(|mappings| mappings.auto_user_ns);
        let mut request = asked.map(|mappings| mappings.auto_user_ns_opts.clone()).unwrap_or_default();
        if request.size == 0 {
            request.size = defaults.userns_size;
        }
        Some(request)
    }

    /// The user namespace to be joined, a container's or a file, whose maps the engine must find out. `None`: another mode.
    pub fn joined<'a>(&'a self, defaults: &'a Defaults) -> Option<&'a Namespace> {
        Some(self.effective(defaults)).filter(|wish| matches!(wish.mode, NsMode::Container | NsMode::Path))
    }

    fn effective<'a>(&'a self, defaults: &'a Defaults) -> &'a Namespace {
        if self.is_default() { &defaults.userns } else { &self.userns }
    }

    /// Neither a mode nor mappings were asked for.
    fn is_default(&self) -> bool {
        self.userns.mode == NsMode::Default && !self.has_maps()
    }

    pub(crate) fn has_maps(&self) -> bool {
        self.mappings.as_ref().is_some_and(|mappings| !mappings.uid_map.is_empty() || !mappings.gid_map.is_empty())
    }
}

/// `host`, `private`, `nomap`, `keep-id[:uid=…,gid=…,size=…]`, `auto[:size=…]`, `container:ID`, `ns:PATH`.
pub(crate) fn parse_userns(text: &str) -> Result<Namespace, Invalid> {
    if let Some(path) = text.strip_prefix("ns:") {
        return Ok(Namespace { mode: NsMode::Path, value: path.to_owned() });
    }
    if let Some(container) = text.strip_prefix("container:") {
        return container_namespace(container);
    }
    let (word, value) = text.split_once(':').unwrap_or((text, ""));
    let mode = match word {
        "" => NsMode::Default,
        "host" => NsMode::Host,
        "private" => NsMode::Private,
        "nomap" | "no-map" => NsMode::NoMap,
        "pod" => NsMode::Pod,
        "keep-id" => NsMode::KeepId,
        "auto" => NsMode::Auto,
        _ => return Err(unrecognized(text)),
    };
    match mode {
        NsMode::KeepId => drop(parse_keep_id(value)?),
        NsMode::Auto => drop(parse_auto(value)?),
        _ if text.contains(':') => return Err(unrecognized(text)),
        _ => {}
    }
    Ok(Namespace { mode, value: value.to_owned() })
}

/// Options of `keep-id`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeepId {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub size: Option<u32>,
}

pub(crate) fn parse_keep_id(options: &str) -> Result<KeepId, Invalid> {
    let mut keep = KeepId::default();
    for option in options.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').ok_or_else(|| unknown_option(option))?;
        let field = match key {
            "uid" => &mut keep.uid,
            "gid" => &mut keep.gid,
            "size" => &mut keep.size,
            _ => return Err(unknown_option(key)),
        };
        *field = Some(id(value)?);
    }
    Ok(keep)
}

fn parse_auto(options: &str) -> Result<AutoUserNs, Invalid> {
    let mut auto = AutoUserNs::default();
    for option in options.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').ok_or_else(|| unknown_option(option))?;
        match key {
            "size" => auto.size = id(value)?,
            "uidmapping" => auto.additional_uid_mappings.push(parse_plain(value, Side::Users)?),
            "gidmapping" => auto.additional_gid_mappings.push(parse_plain(value, Side::Groups)?),
            _ => return Err(unknown_option(key)),
        }
    }
    Ok(auto)
}

/// The range that holds `id`, counted from its `start`.
fn holding(ranges: &[IdRange], id: u32, start: impl Fn(&IdRange) -> u32) -> Option<&IdRange> {
    ranges.iter().find(|range| id.checked_sub(start(range)).is_some_and(|offset| offset < range.size))
}

/// The end of that range.
fn covering(ranges: &[IdRange], id: u32, start: impl Fn(&IdRange) -> u32) -> Option<u32> {
    holding(ranges, id, &start).map(|range| start(range).saturating_add(range.size))
}

fn unknown_option(key: &str) -> Invalid {
    Invalid::new(format!("unknown option specified: {key:?}"))
}

fn id(text: &str) -> Result<u32, Invalid> {
    text.parse().map_err(|_| Invalid::new(format!("parsing id {text:?}: must be a number from 0 to 4294967295")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userns_words() {
        assert_eq!(parse_userns("host"), Ok(Namespace::of(NsMode::Host)));
        assert_eq!(
            parse_userns("keep-id:uid=5,gid=6"),
            Ok(Namespace { mode: NsMode::KeepId, value: "uid=5,gid=6".into() })
        );
        assert_eq!(parse_userns("foo").unwrap_err().message, "unrecognized namespace mode foo passed");
        assert_eq!(parse_userns("keep-id:foo=1").unwrap_err().message, "unknown option specified: \"foo\"");
        assert_eq!(parse_userns("auto:foo=1").unwrap_err().message, "unknown option specified: \"foo\"");
        assert!(parse_userns("auto:size=abc").is_err());
        assert!(parse_userns("keep-id:uid=x").is_err());
        assert!(parse_userns("host:x").is_err());
    }

    #[test]
    fn auto_options_go_into_the_mappings() {
        let mut users = Users::default();
        users.set_userns("auto:size=100,uidmapping=0:5:1").unwrap();
        let mappings = users.mappings.unwrap();
        assert!(mappings.auto_user_ns);
        assert_eq!(mappings.auto_user_ns_opts.size, 100);
        assert_eq!(mappings.auto_user_ns_opts.additional_uid_mappings.len(), 1);
    }
}
