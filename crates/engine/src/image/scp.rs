//! `image scp`: an image from one store to another, of another machine or another user, as an archive through a pipe.
//!
//! Each end is a process, `image save` and `image load`: the engine here, here as another user, or on the other side of
//! `ssh`, which is the program that the user's keys and configuration belong to.

use crate::Error;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// Whose store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// Our own.
    Here,
    /// Another user's of this machine.
    User(String),
    /// Another machine's.
    Host {
        /// `[user@]host`.
        target: String,
        /// `None`: as ssh's configuration says.
        port: Option<u16>,
    },
}

/// What of an argument is a side, and what an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Where.
    pub side: Side,
    /// Empty: the name stays.
    pub image: String,
}

/// How the engine is called here.
#[derive(Debug, Clone)]
pub struct Program {
    /// The engine itself.
    pub path: PathBuf,
    /// Options before the command, for our own store: `--root`, ….
    pub globals: Vec<String>,
    /// Whether we are root.
    pub is_root: bool,
    /// `-q`.
    pub quiet: bool,
}

impl std::str::FromStr for End {
    type Err = Error;

    /// `[user@]host[:port]::[image]`, or an image.
    fn from_str(text: &str) -> Result<End, Error> {
        let Some((place, image)) = text.split_once("::") else {
            return Ok(End { side: Side::Here, image: checked(text)? });
        };
        let image = if image.is_empty() { String::new() } else { checked(image)? };
        Ok(End { side: side(place)?, image })
    }
}

fn side(place: &str) -> Result<Side, Error> {
    let wrong = || Error::Invalid(format!("`{}` is no [user@]host[:port]", place.escape_debug()));
    let (user, host) = place.rsplit_once('@').map_or((None, place), |(user, host)| (Some(user), host));
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
        None => (host, None),
    };
    // Words of ssh's and a shell's command line must stay words.
    let clean = |text: &str| {
        !text.is_empty()
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    if !clean(host) || !user.is_none_or(clean) {
        return Err(wrong());
    }
    Ok(match user {
        Some(user) if host == "localhost" && port.is_none() => Side::User(user.to_owned()),
        Some(user) => Side::Host { target: format!("{user}@{host}"), port },
        None => Side::Host { target: host.to_owned(), port },
    })
}

/// A name or an ID: nothing that a shell would take for something else.
fn checked(image: &str) -> Result<String, Error> {
    image.parse::<oci::reference::Name>().map_err(::image::Error::from)?;
    Ok(image.to_owned())
}

/// Saves at one end and loads at the other.
pub fn scp(program: &Program, from: &End, to: &End) -> Result<(), Error> {
    if from.image.is_empty() {
        return Err(Error::Invalid("must specify a source image".to_owned()));
    }
    if !to.image.is_empty() {
        return Err(Error::Invalid("cannot specify an image rename: the destination is HOST:: alone".to_owned()));
    }
    if from.side == to.side {
        return Err(Error::Invalid("source and destination are the same store".to_owned()));
    }
    let quiet: &[&str] = if program.quiet { &["-q"] } else { &[] };
    let (reader, writer) = std::io::pipe().map_err(|error| Error::io("make", "a pipe", error))?;
    // Neither command may outlive its start: it holds its end of the pipe, and the other would wait for it for ever.
    let destination =
        spawn(command(program, &to.side, &[&["image", "load"], quiet].concat()).stdin(reader), "image load")?;
    let source =
        spawn(command(program, &from.side, &["image", "save", "-q", &from.image]).stdout(writer), "image save");
    let loaded = ended(destination, "image load", &to.side);
    let saved = source.and_then(|child| ended(child, "image save", &from.side));
    // The failure of one end makes the other fail; their own messages, above this one, say which came first.
    match (saved, loaded) {
        (Err(save), Err(load)) => Err(Error::State(format!("{}; {}", save.chain(), load.chain()))),
        (saved, loaded) => saved.and(loaded),
    }
}

fn command(program: &Program, side: &Side, words: &[&str]) -> Command {
    match side {
        Side::Here => {
            let mut command = Command::new(&program.path);
            command.args(&program.globals).args(words);
            command
        }
        Side::User(user) => as_user(program, user, words),
        Side::Host { target, port } => {
            let mut command = Command::new("ssh");
            command.args(port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
            let words = words.join(" ");
            let remote =
                format!("if command -v minke >/dev/null; then exec minke {words}; else exec podman {words}; fi");
            command.args(["--", target]).arg(remote);
            command
        }
    }
}

/// Root becomes whoever it wants; others ask sudo.
fn as_user(program: &Program, user: &str, words: &[&str]) -> Command {
    let engine: &Path = &program.path;
    if !program.is_root {
        let mut command = Command::new("sudo");
        command.args(["-u", user, "--"]).arg(engine).args(words);
        return command;
    }
    let mut command = Command::new("runuser");
    let line = format!("exec '{}' {}", engine.display().to_string().replace('\'', r"'\''"), words.join(" "));
    command.args(["-l", user, "-c", &line]);
    command
}

fn spawn(command: &mut Command, what: &'static str) -> Result<Child, Error> {
    let name = command.get_program().to_owned();
    command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::State(format!(
            "start {name} for {what}: there is no such program on the PATH (copying an image to or from another host needs \
             ssh, to or from another user sudo or runuser: install it)",
            name = name.to_string_lossy()
        )),
        _ => Error::io("start", format!("{} ({what})", name.to_string_lossy()), error),
    })
}

fn ended(mut child: Child, what: &str, side: &Side) -> Result<(), Error> {
    let status = child.wait().map_err(|error| Error::io("wait for", what, error))?;
    let place = match side {
        Side::Here => "here".to_owned(),
        Side::User(user) => format!("as user {user}"),
        Side::Host { target, .. } => format!("at {target}"),
    };
    match status.success() {
        true => Ok(()),
        false => Err(Error::State(format!("{what} {place} failed ({status})"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        let host = |target: &str, port| Side::Host { target: target.to_owned(), port };
        for (text, side, image) in [
            ("alpine:3", Side::Here, "alpine:3"),
            ("a.b::", host("a.b", None), ""),
            ("me@a.b:22::quay.io/x/y:1", host("me@a.b", Some(22)), "quay.io/x/y:1"),
            ("root@localhost::x", Side::User("root".to_owned()), "x"),
            ("localhost::x", host("localhost", None), "x"),
        ] {
            assert_eq!(text.parse::<End>().unwrap(), End { side, image: image.to_owned() }, "{text}");
        }
        for bad in ["-oProxyCommand=x::", "a b::", "a@-x::", "::x", "a:b::", "h::x;y", "h::$(x)", "Up"] {
            assert!(bad.parse::<End>().is_err(), "{bad}");
        }
    }
}
