//! `RUN`

use super::Written;
use super::command::command;
use super::flags::{Flag, Flags, Takes};
use crate::language::fault::Fault;
use crate::language::instruction::{Command, Instruction, Network, Run};

pub(super) static FLAGS: &[Flag] = &[
    Flag::new("mount", Takes::Texts),
    Flag::new("network", Takes::Text),
    Flag::new("security", Takes::Text),
    Flag::new("device", Takes::Texts),
];

pub(super) fn run(written: &Written<'_>, flags: Flags) -> Result<Instruction, Fault> {
    let command = command(written, written.rest()?)?;
    if matches!(&command, Command::Exec(words) if words.is_empty()) {
        return Err(written.fault("RUN has nothing to run").word(&written.line.rest));
    }
    Ok(Instruction::Run(Box::new(Run {
        command,
        heredocs: written.line.heredocs.clone(),
        mounts: flags.texts("mount"),
        network: flags.text("network").map(|text| network(written, &text)).transpose()?,
        insecure: insecure(written, &flags)?,
        devices: flags.texts("device"),
    })))
}

fn network(written: &Written<'_>, text: &str) -> Result<Network, Fault> {
    match text {
        "default" => Ok(Network::Default),
        "none" => Ok(Network::None),
        "host" => Ok(Network::Host),
        _ => {
            let fault = written.fault(format!("invalid network mode: {text}")).word(text);
            Err(fault.suggest(text, ["default", "none", "host"]))
        }
    }
}

fn insecure(written: &Written<'_>, flags: &Flags) -> Result<bool, Fault> {
    match flags.text("security").as_deref() {
        None | Some("sandbox") => Ok(false),
        Some("insecure") => Ok(true),
        Some(text) => {
            let fault = written.fault(format!("invalid security mode: {text}")).word(text);
            Err(fault.suggest(text, ["sandbox", "insecure"]))
        }
    }
}
