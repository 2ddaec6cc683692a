//! fstab words of a mount → attributes, propagation and what is left for the file system. (config.md "Mounts", mount(8))

use sys::mount::{Change, Depth, Propagation, attribute};

/// What a mount's options mean.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// For the mount itself.
    pub attributes: Change,
    /// For it and all below (`rro`, `rnosuid`, …).
    pub recursive_attributes: Change,
    /// Of the mount, or its whole tree.
    pub propagation: Option<(Propagation, Depth)>,
    /// `bind` or `rbind`.
    pub bind: Option<Depth>,
    /// `tmpcopyup`.
    pub copy_up: bool,
    /// `copy-symlink`: a source that is a symbolic link becomes one in the container.
    pub copy_symlink: bool,
    /// `idmap` and `ridmap`.
    pub id_map: Option<Depth>,
    /// Of the file system's super block: flags (`sync`) or `key=value`.
    pub data: Vec<String>,
}

pub(crate) fn parse<S: AsRef<str>>(words: &[S]) -> Options {
    let mut options = Options::default();
    for word in words {
        apply(&mut options, word.as_ref());
    }
    options
}

fn apply(options: &mut Options, word: &str) {
    if let Some((change, value)) = attribute_word(word) {
        set(&mut options.attributes, change, value);
    } else if let Some((change, value)) = word.strip_prefix('r').and_then(attribute_word) {
        set(&mut options.recursive_attributes, change, value);
    } else if let Some(propagation) = propagation_word(word) {
        options.propagation = Some((propagation, Depth::One));
    } else if let Some(propagation) = word.strip_prefix('r').and_then(propagation_word) {
        options.propagation = Some((propagation, Depth::Tree));
    } else {
        match word {
            "bind" => options.bind = Some(Depth::One),
            "rbind" => options.bind = Some(Depth::Tree),
            "tmpcopyup" => options.copy_up = true,
            "copy-symlink" => options.copy_symlink = true,
            "idmap" => options.id_map = Some(Depth::One),
            "ridmap" => options.id_map = Some(Depth::Tree),
            // Without a meaning for the new mount API, or the default anyway. `copy` and `nocopy` are the engine's.
            "defaults" | "async" | "auto" | "noauto" | "user" | "nouser" | "users" | "_netdev" | "nofail" | "loud" => {}
            "silent" | "nomand" | "notmpcopyup" | "copy" | "nocopy" | "norbind" | "" => {}
            _ if word.starts_with("x-") || word.starts_with("idmap=") => {}
            data => options.data.push(data.to_owned()),
        }
    }
}

/// What one word sets (true) or clears.
fn attribute_word(word: &str) -> Option<(u64, bool)> {
    Some(match word {
        "ro" => (attribute::RDONLY, true),
        "rw" => (attribute::RDONLY, false),
        "nosuid" => (attribute::NOSUID, true),
        "suid" => (attribute::NOSUID, false),
        "nodev" => (attribute::NODEV, true),
        "dev" => (attribute::NODEV, false),
        "noexec" => (attribute::NOEXEC, true),
        "exec" => (attribute::NOEXEC, false),
        "nodiratime" => (attribute::NODIRATIME, true),
        "diratime" => (attribute::NODIRATIME, false),
        "nosymfollow" => (attribute::NOSYMFOLLOW, true),
        "symfollow" => (attribute::NOSYMFOLLOW, false),
        "noatime" => (attribute::NOATIME, true),
        "strictatime" => (attribute::STRICTATIME, true),
        "relatime" | "atime" | "norelatime" | "nostrictatime" => (attribute::RELATIME, true),
        _ => return None,
    })
}

/// A later word wins over an earlier one.
fn set(change: &mut Change, bit: u64, on: bool) {
    // The atime choices are numbers in a field, not bits: setting one clears the field.
    let atime = bit & attribute::ATIME != 0 || bit == attribute::RELATIME;
    if atime {
        change.set = change.set & !attribute::ATIME | bit;
        change.clear |= attribute::ATIME;
    } else if on {
        change.set |= bit;
        change.clear &= !bit;
    } else {
        change.clear |= bit;
        change.set &= !bit;
    }
}

/// `shared`, `slave`, `private`, `unbindable`.
pub(crate) fn propagation_word(word: &str) -> Option<Propagation> {
    Some(match word {
        "shared" => Propagation::Shared,
        "slave" => Propagation::Slave,
        "private" => Propagation::Private,
        "unbindable" => Propagation::Unbindable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_attributes_and_data() {
        let options = parse(&["nosuid", "strictatime", "mode=755", "size=65536k", "rw"]);
        assert_eq!(options.attributes.set, attribute::NOSUID | attribute::STRICTATIME);
        assert_eq!(options.attributes.clear, attribute::ATIME | attribute::RDONLY);
        assert_eq!(options.data, ["mode=755", "size=65536k"]);
    }

    #[test]
    fn recursive_words_are_not_mistaken() {
        let options = parse(&["rbind", "rprivate", "rro", "ro", "rnosuid"]);
        assert_eq!(options.bind, Some(Depth::Tree));
        assert_eq!(options.propagation, Some((Propagation::Private, Depth::Tree)));
        assert_eq!(options.attributes.set, attribute::RDONLY);
        assert_eq!(options.recursive_attributes.set, attribute::RDONLY | attribute::NOSUID);
        assert!(options.data.is_empty());
    }

    #[test]
    fn the_last_word_wins() {
        assert_eq!(parse(&["ro", "rw"]).attributes, Change { clear: attribute::RDONLY, ..Change::default() });
        let atime = parse(&["noatime", "relatime"]).attributes;
        assert_eq!((atime.set, atime.clear), (0, attribute::ATIME));
    }
}
