//! `--chmod`: octal, or symbolic as of chmod(1).

use std::str::FromStr;

/// How permission bits change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModeChange {
    /// To these.
    Set(u32),
    /// One after the other.
    Symbolic(Vec<Clause>),
}

/// `u+rwX`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Whose bits: a mask such as 0o700, special bits included.
    who: u32,
    operator: char,
    /// `rwx` and special bits, for everybody.
    bits: u32,
    /// `X`: `x` for folders and what somebody may execute.
    conditional: bool,
}

impl ModeChange {
    /// The new bits of something with these.
    pub fn apply(&self, mode: u32, is_folder: bool) -> u32 {
        let clauses = match self {
            ModeChange::Set(mode) => return *mode,
            ModeChange::Symbolic(clauses) => clauses,
        };
        clauses.iter().fold(mode & 0o7777, |mode, clause| {
            let executable = clause.conditional && (is_folder || mode & 0o111 != 0);
            let bits = (clause.bits | if executable { 0o111 } else { 0 }) & clause.who;
            match clause.operator {
                '+' => mode | bits,
                '-' => mode & !bits,
                _ => (mode & !clause.who) | bits,
            }
        })
    }
}

impl FromStr for ModeChange {
    type Err = String;

    fn from_str(text: &str) -> Result<ModeChange, String> {
        let wrong = || format!("invalid chmod parameter: '{text}': it should be octal, from 0 to 07777, or symbolic");
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
            return mode.map(ModeChange::Set).ok_or_else(wrong);
        }
        let mut clauses = Vec::new();
        for part in text.split(',') {
            let start = part.find(['+', '-', '=']).ok_or_else(wrong)?;
            let who = part[..start].chars().try_fold(0, |who, c| Some(who | whose(c)?)).ok_or_else(wrong)?;
            let who = if who == 0 { 0o7777 } else { who };
            clauses.extend(operations(&part[start..], who).ok_or_else(wrong)?);
        }
        Ok(ModeChange::Symbolic(clauses))
    }
}

fn whose(c: char) -> Option<u32> {
    Some(match c {
        'u' => 0o4700,
        'g' => 0o2070,
        'o' => 0o1007,
        'a' => 0o7777,
        _ => return None,
    })
}

/// `+rw-x`
fn operations(text: &str, who: u32) -> Option<Vec<Clause>> {
    let mut clauses: Vec<Clause> = Vec::new();
    for c in text.chars() {
        if matches!(c, '+' | '-' | '=') {
            clauses.push(Clause { who, operator: c, bits: 0, conditional: false });
            continue;
        }
        let clause = clauses.last_mut()?;
        match c {
            'r' => clause.bits |= 0o444,
            'w' => clause.bits |= 0o222,
            'x' => clause.bits |= 0o111,
            'X' => clause.conditional = true,
            's' => clause.bits |= 0o6000,
            't' => clause.bits |= 0o1000,
            _ => return None,
        }
    }
    Some(clauses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_and_symbolic() {
        let apply = |text: &str, mode, folder| text.parse::<ModeChange>().unwrap().apply(mode, folder);
        assert_eq!(apply("0755", 0o600, false), 0o755);
        assert_eq!(apply("u+x", 0o644, false), 0o744);
        assert_eq!(apply("a=rX", 0o644, false), 0o444);
        assert_eq!(apply("a=rX", 0o644, true), 0o555);
        assert_eq!(apply("go-rwx,u=rw", 0o777, false), 0o600);
        assert_eq!(apply("u+s,+t", 0o755, false), 0o5755);
        assert_eq!(apply("g=", 0o2775, true), 0o705);
        for text in ["", "8", "10000", "z+x", "u", "u+q", "0x1"] {
            assert!(text.parse::<ModeChange>().is_err(), "{text}");
        }
    }
}
