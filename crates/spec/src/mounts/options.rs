//! The words a mount may have, which of them exclude each other, and which are ours and not the kernel's.

use crate::Invalid;

/// Words of `-v` and `--mount`, split by what they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// For the runtime, in the order given.
    pub kernel: Vec<String>,
    /// `U`.
    pub chown: bool,
    /// `z`, `Z`.
    pub relabel: Option<char>,
    /// `nocopy`, `copy`.
    pub copy: Option<bool>,
    /// `idmap`, `idmap=…`.
    pub idmap: Option<String>,
}

/// A group of words of which at most one may be given.
struct Choice {
    words: &'static [&'static str],
    named: &'static str,
}

const CHOICES: [Choice; 8] = [
    Choice { words: &["rw", "ro"], named: "'rw' or 'ro'" },
    Choice { words: &["z", "Z", "O"], named: "'z', 'Z', or 'O'" },
    Choice {
        words: &["shared", "rshared", "private", "rprivate", "slave", "rslave", "unbindable", "runbindable"],
        named: "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable'",
    },
    Choice { words: &["bind", "rbind"], named: "'[r]bind'" },
    Choice { words: &["exec", "noexec"], named: "'noexec' or 'exec'" },
    Choice { words: &["dev", "nodev"], named: "'nodev' or 'dev'" },
    Choice { words: &["suid", "nosuid"], named: "'nosuid' or 'suid'" },
    Choice { words: &["copy", "nocopy"], named: "'nocopy' or 'copy'" },
];

/// Docker's words for other systems; without meaning on Linux for Docker and podman too.
const CONSISTENCY: [&str; 4] = ["cached", "delegated", "consistent", "default"];

/// Options of `-v`: every word known, no contradiction.
pub(crate) fn check(options: &[String]) -> Result<(), Invalid> {
    for (index, option) in options.iter().enumerate() {
        let word = option.split('=').next().unwrap_or_default();
        let choice = CHOICES.iter().find(|choice| choice.words.contains(&option.as_str()));
        if let Some(choice) = choice {
            if let Some(other) = options[..index].iter().find(|other| choice.words.contains(&other.as_str())) {
                let (a, b) = (other, option);
                return Err(Invalid::new(format!(
                    "invalid options \"{a}, {b}\", can only specify 1 {} option",
                    choice.named
                )));
            }
            continue;
        }
        let known =
            matches!(option.as_str(), "U" | "idmap" | "noatime" | "nodiratime" | "relatime" | "rro" | "copy-symlink")
                || matches!(word, "idmap" | "upperdir" | "workdir")
                || CONSISTENCY.contains(&option.as_str());
        if !known {
            return Err(Invalid::new(format!("invalid option type {option:?}")));
        }
    }
    Ok(())
}

/// Takes our own words out.
pub(crate) fn sort(options: &[String]) -> Sorted {
    let mut sorted = Sorted::default();
    for option in options {
        match option.as_str() {
            "U" => sorted.chown = true,
            "z" => sorted.relabel = Some('z'),
            "Z" => sorted.relabel = Some('Z'),
            "copy" => sorted.copy = Some(true),
            "nocopy" => sorted.copy = Some(false),
            word if word == "idmap" || word.starts_with("idmap=") => sorted.idmap = Some(word.to_owned()),
            word if CONSISTENCY.contains(&word) => {}
            word => sorted.kernel.push(word.to_owned()),
        }
    }
    sorted
}

/// podman's defaults for what the user left open: propagation rprivate, recursive bind; volumes and tmpfs also
/// nosuid and nodev. A bind that is not recursive is private.
pub(crate) fn finish_bind(kernel: &mut Vec<String>, safe: bool) {
    let has = |kernel: &[String], words: &[&str]| kernel.iter().any(|word| words.contains(&word.as_str()));
    let flat = has(kernel, &["bind"]);
    if !has(kernel, CHOICES[2].words) {
        kernel.push(if flat { "private" } else { "rprivate" }.into());
    }
    if safe {
        finish_safe(kernel);
    }
    if !flat && !has(kernel, &["rbind"]) {
        kernel.push("rbind".into());
    }
}

/// Adds nosuid and nodev unless the opposite was asked for.
pub(crate) fn finish_safe(kernel: &mut Vec<String>) {
    for (no, yes) in [("nosuid", "suid"), ("nodev", "dev")] {
        if !kernel.iter().any(|word| word == no || word == yes) {
            kernel.push(no.into());
        }
    }
}

/// tmpfs: rprivate, nosuid, nodev and a copy of what the image has there, unless asked otherwise.
pub(crate) fn finish_tmpfs(kernel: &mut Vec<String>) {
    if !kernel.iter().any(|word| CHOICES[2].words.contains(&word.as_str())) {
        kernel.push("rprivate".into());
    }
    finish_safe(kernel);
    let copy = !kernel.iter().any(|word| word == "notmpcopyup");
    kernel.retain(|word| word != "notmpcopyup");
    if copy && !kernel.iter().any(|word| word == "tmpcopyup") {
        kernel.push("tmpcopyup".into());
    }
}

/// Keys of which `--tmpfs` takes one, once, and how Podman says so.
const ONCE: [(&[&str], &str); 9] = [
    (CHOICES[0].words, "only one of 'rw' and 'ro' can be used"),
    (CHOICES[2].words, "only one root propagation mode can be used"),
    (CHOICES[4].words, "only one of 'noexec' and 'exec' can be used"),
    (CHOICES[5].words, "only one of 'nodev' and 'dev' can be used"),
    (CHOICES[6].words, "only one of 'nosuid' and 'suid' can be used"),
    (&["size"], "only one tmpfs size can be specified"),
    (&["mode"], "only one tmpfs mode can be specified"),
    (&["tmpcopyup", "notmpcopyup"], "the 'tmpcopyup' or 'notmpcopyup' option can only be set once"),
    (&["noswap"], "the 'tmpswap' option can only be set once"),
];

/// No option of `--tmpfs` takes back another.
pub(crate) fn check_once(options: &[String]) -> Result<(), Invalid> {
    let key = |option: &str| option.split('=').next().unwrap_or_default().to_owned();
    let times = |words: &[&str]| options.iter().filter(|option| words.contains(&key(option).as_str())).count();
    match ONCE.iter().find(|(words, _)| times(words) > 1) {
        Some((_, why)) => Err(Invalid::new(format!("{why}: duplicate mount option passed"))),
        None => Ok(()),
    }
}

/// Options of `--tmpfs` and `type=tmpfs` once the flag's own prefixes are gone.
pub(crate) fn check_tmpfs(option: &str) -> Result<(), Invalid> {
    let (word, value) = match option.split_once('=') {
        Some((word, value)) => (word, Some(value)),
        None => (option, None),
    };
    let flag = matches!(
        word,
        "rw" | "ro"
            | "exec"
            | "noexec"
            | "dev"
            | "nodev"
            | "suid"
            | "nosuid"
            | "tmpcopyup"
            | "notmpcopyup"
            | "U"
            | "noatime"
            | "relatime"
            | "nodiratime"
            | "noswap"
    ) || CHOICES[2].words.contains(&word);
    let valid = match (word, value) {
        ("size", Some(value)) => value.strip_suffix('%').map_or(crate::size::parse(value).is_ok(), is_number),
        ("mode", Some(value)) => u32::from_str_radix(value, 8).is_ok_and(|mode| mode <= 0o7777),
        ("uid" | "gid" | "nr_inodes" | "nr_blocks", Some(value)) => is_number(value.trim_end_matches(['k', 'm', 'g'])),
        ("huge" | "mpol", Some(_)) => true,
        (_, None) => flag,
        _ => false,
    };
    if valid { Ok(()) } else { Err(Invalid::new(format!("unknown mount option {option:?}: invalid mount option"))) }
}

fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn contradictions_in_podmans_words() {
        let message = |text| check(&words(text)).unwrap_err().message;
        assert_eq!(message("foo"), "invalid option type \"foo\"");
        assert_eq!(message("ro,rw"), "invalid options \"ro, rw\", can only specify 1 'rw' or 'ro' option");
        assert_eq!(message("z,Z"), "invalid options \"z, Z\", can only specify 1 'z', 'Z', or 'O' option");
        assert_eq!(message("bind,rbind"), "invalid options \"bind, rbind\", can only specify 1 '[r]bind' option");
        assert_eq!(
            message("exec,noexec"),
            "invalid options \"exec, noexec\", can only specify 1 'noexec' or 'exec' option"
        );
        assert_eq!(
            message("shared,slave"),
            "invalid options \"shared, slave\", can only specify 1 '[r]shared', '[r]private', '[r]slave' or '[r]unbindable' option"
        );
        assert!(check(&words("ro,z,U,exec,dev,suid,shared,nocopy,idmap=uids=0-1-2")).is_ok());
    }

    #[test]
    fn defaults_of_binds_and_tmpfs() {
        let bind = |text: &str, safe| {
            let mut kernel = if text.is_empty() { Vec::new() } else { words(text) };
            finish_bind(&mut kernel, safe);
            kernel.join(",")
        };
        assert_eq!(bind("", false), "rprivate,rbind");
        assert_eq!(bind("bind", false), "bind,private");
        assert_eq!(bind("rprivate,nodev", false), "rprivate,nodev,rbind");
        assert_eq!(bind("ro,nosuid", true), "ro,nosuid,rprivate,nodev,rbind");
        let tmpfs = |text: &str| {
            let mut kernel = if text.is_empty() { Vec::new() } else { words(text) };
            finish_tmpfs(&mut kernel);
            kernel.join(",")
        };
        assert_eq!(tmpfs(""), "rprivate,nosuid,nodev,tmpcopyup");
        assert_eq!(tmpfs("size=10m,mode=1777,notmpcopyup"), "size=10m,mode=1777,rprivate,nosuid,nodev");
    }

    #[test]
    fn tmpfs_words() {
        for option in ["size=10m", "size=50%", "mode=1777", "ro", "noexec", "uid=5"] {
            assert!(check_tmpfs(option).is_ok(), "{option}");
        }
        assert_eq!(check_tmpfs("foo").unwrap_err().message, "unknown mount option \"foo\": invalid mount option");
        assert!(check_tmpfs("size=abc").is_err());
        assert!(check_tmpfs("mode=9").is_err());
        let once = |text: &str| check_once(&text.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert!(once("ro,size=1m,mode=700,noexec,nodev").is_ok());
        for (text, why) in [
            ("ro,rw", "only one of 'rw' and 'ro' can be used: duplicate mount option passed"),
            ("size=1m,size=2m", "only one tmpfs size can be specified: duplicate mount option passed"),
            ("rprivate,rshared", "only one root propagation mode can be used: duplicate mount option passed"),
        ] {
            assert_eq!(once(text).unwrap_err().message, why);
        }
    }
}
