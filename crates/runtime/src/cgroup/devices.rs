//! Device rules: the config's, then what every container may have (config-linux.md "Default Devices").

use crate::error::Error;
use oci::runtime::DeviceRule;

/// Of `rwm`, as the kernel's bits (BPF_DEVCG_ACC_…).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access(pub u8);

impl Access {
    pub(crate) const MKNOD: u8 = 1;
    pub(crate) const READ: u8 = 2;
    pub(crate) const WRITE: u8 = 4;
    pub(crate) const ALL: Self = Self(7);

    fn parse(word: &str) -> Option<Self> {
        let bit = |letter| match letter {
            'm' => Some(Self::MKNOD),
            'r' => Some(Self::READ),
            'w' => Some(Self::WRITE),
            _ => None,
        };
        word.chars().try_fold(0, |bits, letter| Some(bits | bit(letter)?)).map(Self)
    }

    /// As v1's files want it.
    pub(crate) fn word(self) -> String {
        let letters = [(Self::READ, 'r'), (Self::WRITE, 'w'), (Self::MKNOD, 'm')];
        letters.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, letter)| letter).collect()
    }
}

/// Which devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    All,
    Char,
    Block,
}

/// One rule; the last that matches wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub allow: bool,
    pub kind: Kind,
    pub major: Option<u32>,
    pub minor: Option<u32>,
    pub access: Access,
}

const fn allow(kind: Kind, major: Option<u32>, minor: Option<u32>, access: Access) -> Rule {
    Rule { allow: true, kind, major, minor, access }
}

/// Making nodes is harmless, and these devices are in every container: null zero full random urandom tty console ptmx pts.
const DEFAULT: [Rule; 11] = [
    allow(Kind::Char, None, None, Access(Access::MKNOD)),
    allow(Kind::Block, None, None, Access(Access::MKNOD)),
    allow(Kind::Char, Some(1), Some(3), Access::ALL),
    allow(Kind::Char, Some(1), Some(5), Access::ALL),
    allow(Kind::Char, Some(1), Some(7), Access::ALL),
    allow(Kind::Char, Some(1), Some(8), Access::ALL),
    allow(Kind::Char, Some(1), Some(9), Access::ALL),
    allow(Kind::Char, Some(5), Some(0), Access::ALL),
    allow(Kind::Char, Some(5), Some(1), Access::ALL),
    allow(Kind::Char, Some(5), Some(2), Access::ALL),
    allow(Kind::Char, Some(136), None, Access::ALL),
];

/// Parsed rules with the default ones; empty (nothing is restricted) when the config has none.
pub(crate) fn rules(rules: &[DeviceRule]) -> Result<Vec<Rule>, Error> {
    let mut parsed = rules.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    if !parsed.is_empty() && !allows_all(&parsed) {
        parsed.extend(DEFAULT);
    }
    Ok(parsed)
}

/// Whether nothing is restricted: no rules, or the last word is "all of everything" (`--privileged`).
pub(crate) fn allows_all(rules: &[Rule]) -> bool {
    let all = |rule: &Rule| rule.kind == Kind::All && rule.major.is_none() && rule.access == Access::ALL;
    let last = rules.iter().rposition(all);
    match last {
        None => rules.is_empty(),
        Some(at) => rules[at..].iter().all(|rule| rule.allow),
    }
}

fn parse(rule: &DeviceRule) -> Result<Rule, Error> {
    let kind = match rule.kind.as_deref() {
        None | Some("a" | "") => Kind::All,
        Some("c" | "u") => Kind::Char,
        Some("b") => Kind::Block,
        Some(other) => return Err(Error::other(format!("unknown device type `{other}` in the cgroup rules"))),
    };
    let access = rule.access.as_deref().filter(|word| !word.is_empty()).unwrap_or("rwm");
    let access = Access::parse(access).ok_or_else(|| Error::other(format!("unknown device access `{access}`")))?;
    // -1 is the customary "any".
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    Ok(Rule { allow: rule.allow, kind, major: number(rule.major), minor: number(rule.minor), access })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deny_all() -> DeviceRule {
        DeviceRule { allow: false, access: Some("rwm".into()), ..DeviceRule::default() }
    }

    #[test]
    fn default_devices_follow_the_configs_rules() {
        let all = rules(&[deny_all()]).unwrap();
        assert_eq!(all.len(), 12);
        assert!(!allows_all(&all));
        assert!(rules(&[]).unwrap().is_empty());
    }

    #[test]
    fn privileged_means_no_restriction() {
        let all = DeviceRule { allow: true, access: Some("rwm".into()), ..DeviceRule::default() };
        assert!(allows_all(&rules(&[deny_all(), all.clone()]).unwrap()));
        assert!(!allows_all(&rules(&[all, deny_all()]).unwrap()));
    }
}
