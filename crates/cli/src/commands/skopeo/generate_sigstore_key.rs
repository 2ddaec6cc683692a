//! `skopeo generate-sigstore-key`.

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::flags::signing::read;
use crate::output::{quote, stream};
use crate::prompt;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::signature::sigstore::generate;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;

/// `skopeo generate-sigstore-key`
pub static COMMAND: Command = Command {
    usage: "--output-prefix PREFIX",
    summary: "Make a pair of keys for sigstore signatures",
    details: "Writes PREFIX.private, sealed with a passphrase, and PREFIX.pub.",
    examples: &["skopeo generate-sigstore-key --output-prefix mine"],
    flags: &[FLAGS, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Nothing,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("output-prefix", "PREFIX", "How the files' names begin"),
    Flag::text("passphrase-file", "PATH", "File with the passphrase of the private key"),
];

fn run(_context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let Some(prefix) = matches.text("output-prefix").filter(|_| matches.arguments.is_empty()) else {
        return Err(Failure::new("Usage: generate-sigstore-key --output-prefix PREFIX"));
    };
    let (private, public) = (format!("{prefix}.private"), format!("{prefix}.pub"));
    for file in [&public, &private] {
        if std::fs::symlink_metadata(file).is_ok() {
            return Err(Failure::new(format!("Refusing to overwrite existing {}", quote(file))));
        }
    }
    let passphrase = passphrase(matches.text("passphrase-file"), &private)?;
    let (private_text, public_text) =
        generate(passphrase.as_bytes()).map_err(|why| Failure::new(format!("Error generating key pair: {why}")))?;
    write(&private, &private_text, 0o600)?;
    write(&public, &public_text, 0o644)?;
    stream::line(&format!("Key written to {} and {}", quote(&private), quote(&public)))?;
    Ok(0)
}

fn passphrase(file: Option<&str>, key: &str) -> Result<String, Failure> {
    if let Some(file) = file {
        return read(file);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("a passphrase is needed and standard input is no terminal")
            .hint("give it by --passphrase-file"));
    }
    let first = prompt::secret(&format!("Passphrase for key {key}: "))?;
    match prompt::secret("Again: ")? == first {
        true => Ok(first),
        false => Err(Failure::new("the passphrases differ")),
    }
}

fn write(file: &str, text: &str, mode: u32) -> Result<(), Failure> {
    let new = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(file);
    let written = new.and_then(|mut new| new.write_all(text.as_bytes()));
    written.map_err(|error| Failure::new(format!("Error writing {}: {error}", quote(file))))
}
