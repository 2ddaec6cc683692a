//! `HEALTHCHECK`

use super::Written;
use super::command::command;
use super::flags::{Flag, Flags, Takes};
use crate::language::fault::Fault;
use crate::language::instruction::{Healthcheck, Instruction};

pub(super) static FLAGS: &[Flag] = &[
    Flag::new("interval", Takes::Text),
    Flag::new("timeout", Takes::Text),
    Flag::new("start-period", Takes::Text),
    Flag::new("start-interval", Takes::Text),
    Flag::new("retries", Takes::Text),
];

/// Docker's: less is a mistake.
const SHORTEST: u64 = 1_000_000;

pub(super) fn healthcheck(written: &Written<'_>, flags: Flags) -> Result<Instruction, Fault> {
    let rest = written.rest()?;
    let (kind, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match kind.to_ascii_uppercase().as_str() {
        "NONE" if !rest.trim().is_empty() => {
            Err(written.fault("HEALTHCHECK NONE takes no arguments").word(rest.trim()))
        }
        "NONE" if !written.line.flags.is_empty() => {
            Err(written.fault("HEALTHCHECK NONE takes no flags").word(&written.line.flags[0]))
        }
        "NONE" => Ok(Instruction::Healthcheck(Healthcheck::default())),
        "CMD" if rest.trim().is_empty() => Err(written.fault("missing command after HEALTHCHECK CMD")),
        "CMD" => Ok(Instruction::Healthcheck(Healthcheck {
            command: Some(command(written, rest.trim())?),
            interval: duration(written, &flags, "interval")?,
            timeout: duration(written, &flags, "timeout")?,
            start_period: duration(written, &flags, "start-period")?,
            start_interval: duration(written, &flags, "start-interval")?,
            retries: retries(written, &flags)?,
        })),
        _ => Err(written.fault(format!("unknown type \"{kind}\" of HEALTHCHECK: CMD or NONE")).word(kind)),
    }
}

/// In ns; 0 if it isn't said, or said to be 0.
fn duration(written: &Written<'_>, flags: &Flags, name: &str) -> Result<u64, Fault> {
    let Some(text) = flags.text(name) else { return Ok(0) };
    let wrong = |why: String| written.fault(format!("--{name}: {why}")).word(&text);
    let parsed = spec::duration::parse(&text).map_err(|error| wrong(error.to_string()))?;
    match u64::try_from(parsed.as_nanos()) {
        Ok(0) => Ok(0),
        Ok(time) if time >= SHORTEST => Ok(time),
        Ok(_) => Err(wrong("it can't be less than 1ms".to_owned())),
        Err(_) => Err(wrong("it is too long".to_owned())),
    }
}

fn retries(written: &Written<'_>, flags: &Flags) -> Result<u32, Fault> {
    let Some(text) = flags.text("retries") else { return Ok(0) };
    let wrong = || written.fault(format!("--retries must be a number from 0 on, not '{text}'")).word(&text);
    text.parse().map_err(|_| wrong())
}
