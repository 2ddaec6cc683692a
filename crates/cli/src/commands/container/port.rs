//! `port`: what is published.

use super::select::{LATEST, one};
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{ListOptions, PublishedPort, list, port};

/// `port`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [PORT]",
    summary: "Show published ports of a container",
    details: "Lists what is published, or the address on the host that leads to one port (80, 53/udp).",
    examples: &["port web", "port web 80/tcp", "port --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("all", "All running containers").short('a'), LATEST];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let engine = context.engine()?;
    if matches.bool("all") {
        for container in list(engine, &ListOptions::default())? {
            for published in port(engine, &container.id)? {
                stream::line(&format!("{}\t{}", &container.id[..12], shown(&published)))?;
            }
        }
        return Ok(0);
    }
    let (name, rest) = one(context, matches, "you must supply a running container name or id")?;
    let wanted = rest.first().map(|text| parse(text)).transpose()?;
    let all = port(engine, &name)?;
    let Some((number, protocol)) = wanted else {
        for published in all {
            stream::line(&shown(&published))?;
        }
        return Ok(0);
    };
    let asked: Vec<_> = all.iter().filter(|port| port.container_port == number && port.protocol == protocol).collect();
    if asked.is_empty() {
        return Err(Failure::new(format!("failed to find published port \"{}\"", rest[0])));
    }
    for published in asked {
        stream::line(&format!("{}:{}", published.host_ip, published.host_port))?;
    }
    Ok(0)
}

fn shown(port: &PublishedPort) -> String {
    format!("{}/{} -> {}:{}", port.container_port, port.protocol, port.host_ip, port.host_port)
}

/// `80`, `53/udp`.
fn parse(text: &str) -> Result<(u16, String), Failure> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let number =
        number.parse().map_err(|_| Failure::new(format!("invalid port {text:?}: must be NUMBER[/PROTOCOL]")))?;
    Ok((number, protocol.to_owned()))
}
