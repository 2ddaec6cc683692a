//! Lists of CPUs and of memory nodes (`--cpuset-cpus`, `--cpuset-mems`), as cpuset(7) writes them: `0-3,5`.

use crate::{HostFacts, Invalid};
use oci::runtime::Cpu;
use std::ops::RangeInclusive;

/// The ranges; `None`: it is no such list.
fn parse(text: &str) -> Option<Vec<RangeInclusive<u32>>> {
    let part = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range = first.parse().ok()?..=last.parse().ok()?;
        (!range.is_empty()).then_some(range)
    };
    text.split(',').map(part).collect()
}

/// Whether it is such a list.
pub(super) fn is_list(text: &str) -> bool {
    parse(text).is_some()
}

/// Refuses what this host doesn't have.
pub(super) fn check(cpu: &Cpu, host: &HostFacts) -> Result<(), Invalid> {
    for (what, asked, available) in
        [("CPUs", &cpu.cpus, &host.cpu_list), ("memory nodes", &cpu.mems, &host.memory_nodes)]
    {
        let Some(asked) = asked else { continue };
        if !within(asked, available) {
            let why = format!("requested {what} are not available - requested {asked}, available: {available}");
            return Err(Invalid::new(why));
        }
    }
    Ok(())
}

/// A list that nobody knows holds everything.
fn within(asked: &str, available: &str) -> bool {
    let (Some(asked), Some(available)) = (parse(asked), parse(available)) else { return true };
    let has = |id: u64| available.iter().any(|range| u64::from(*range.start()) <= id && id <= u64::from(*range.end()));
    let whole = |range: &RangeInclusive<u32>| {
        let (first, last) = (u64::from(*range.start()), u64::from(*range.end()));
        // Where it holds, and wherever a piece of what is there ends, the next id must be there too.
        let ends = available.iter().map(|piece| u64::from(*piece.end())).filter(|end| first <= *end && *end < last);
        has(first) && ends.map(|end| end + 1).all(has) && has(last)
    };
    asked.iter().all(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        for text in ["0", "0-1,3", "5-5", "0,0"] {
            assert!(is_list(text), "{text}");
        }
        for text in ["", "abc", "3-1", "1-", "-1", "0,", "4294967296"] {
            assert!(!is_list(text), "{text}");
        }
    }

    #[test]
    fn all_of_it_must_be_there() {
        assert!(within("0-1", "0-1") && within("1", "0-1") && within("0,7-8", "0-3,5-9"));
        assert!(within("0-3", "0,1,2-3"));
        assert!(!within("99", "0-1") && !within("0-99", "0-1") && !within("0-5", "0-3,5") && !within("4", "0-3,5"));
        assert!(!within("0-4294967295", "0-1"));
        assert!(within("99", ""));
    }

    #[test]
    fn what_is_missing_is_named() {
        let host = HostFacts { cpu_list: "0-1".into(), memory_nodes: "0".into(), ..HostFacts::default() };
        let cpu = |cpus: &str, mems: &str| Cpu { cpus: Some(cpus.into()), mems: Some(mems.into()), ..Cpu::default() };
        assert!(check(&cpu("0-1", "0"), &host).is_ok());
        let message = |cpu: &Cpu| check(cpu, &host).unwrap_err().message;
        let said = "requested CPUs are not available - requested 0,99, available: 0-1";
        assert_eq!(message(&cpu("0,99", "0")), said);
        let said = "requested memory nodes are not available - requested 1, available: 0";
        assert_eq!(message(&cpu("0", "1")), said);
    }
}
