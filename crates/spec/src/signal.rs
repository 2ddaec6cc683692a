//! Signals by name (`TERM`, `SIGTERM`, `sigterm`, `RTMIN+3`) or number, with Linux's numbers.

use crate::Invalid;

/// Names in order of number, from 1.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];
const RTMIN: i32 = 34;
const RTMAX: i32 = 64;

/// The number of a signal, 1 to 64.
pub fn parse(text: &str) -> Result<i32, Invalid> {
    let unknown = || Invalid::new(format!("invalid signal: {text}"));
    if let Ok(number) = text.parse::<i32>() {
        return match number {
            0 => Err(unknown()),
            1..=RTMAX => Ok(number),
            _ => Err(Invalid::new("valid signals are 1 through 64")),
        };
    }
    let upper = text.to_ascii_uppercase();
    let short = upper.strip_prefix("SIG").unwrap_or(&upper);
    by_name(short).ok_or_else(unknown)
}

fn by_name(short: &str) -> Option<i32> {
    if let Some(index) = NAMES.iter().position(|name| *name == short) {
        return Some(index as i32 + 1);
    }
    match short {
        "CLD" => return Some(17),
        "IOT" => return Some(6),
        "POLL" => return Some(29),
        "UNUSED" => return Some(31),
        "RTMIN" => return Some(RTMIN),
        "RTMAX" => return Some(RTMAX),
        _ => {}
    }
    let number = if let Some(offset) = short.strip_prefix("RTMIN+") {
        RTMIN + offset.parse::<u8>().ok()? as i32
    } else {
        RTMAX - short.strip_prefix("RTMAX-")?.parse::<u8>().ok()? as i32
    };
    (RTMIN..=RTMAX).contains(&number).then_some(number)
}

/// `SIGTERM`; real-time signals as `SIGRTMIN+n` up to the middle, then `SIGRTMAX-n`; others as the bare number.
pub fn name(number: i32) -> String {
    match number {
        1..=31 => format!("SIG{}", NAMES[number as usize - 1]),
        RTMIN => "SIGRTMIN".into(),
        35..=49 => format!("SIGRTMIN+{}", number - RTMIN),
        50..=63 => format!("SIGRTMAX-{}", RTMAX - number),
        RTMAX => "SIGRTMAX".into(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{name, parse};

    #[test]
    fn names_and_numbers() {
        for (text, number) in
            [("TERM", 15), ("SIGTERM", 15), ("sigkill", 9), ("15", 15), ("RTMIN+3", 37), ("SIGRTMAX-1", 63), ("64", 64)]
        {
            assert_eq!(parse(text), Ok(number), "{text}");
        }
    }

    #[test]
    fn errors() {
        let message = |text| parse(text).unwrap_err().message;
        assert_eq!(message("0"), "invalid signal: 0");
        assert_eq!(message("99"), "valid signals are 1 through 64");
        assert_eq!(message("FOO"), "invalid signal: FOO");
        assert_eq!(message("RTMIN+31"), "invalid signal: RTMIN+31");
        assert_eq!(message(""), "invalid signal: ");
    }

    #[test]
    fn every_name_reads_back() {
        for number in (1..=31).chain(34..=64) {
            assert_eq!(parse(&name(number)), Ok(number));
        }
    }
}
