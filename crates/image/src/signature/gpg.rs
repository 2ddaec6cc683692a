//! OpenPGP by the program `gpg`: signing with the user's keys, verifying with given ones in a home of their own.
//!
//! A library would bring a hundred crates for something few turn on, and couldn't reach keys on smart cards. The program is
//! told everything; its status lines (GnuPG's doc/DETAILS), written to a file, are what is believed.

use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The largest signature that is given to the program, in bytes.
pub(crate) const MAX_SIGNATURE: usize = 4 << 20;

/// A verified signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What was signed.
    pub content: Vec<u8>,
    /// Of the key that signed, upper-case hex.
    pub fingerprint: String,
    /// Of the key that it belongs to; the same if it isn't a subkey.
    pub primary: String,
}

/// Keys to verify with.
pub struct Keyring {
    /// `None`: the user's own.
    home: Option<Home>,
    /// For the status file.
    scratch: Home,
}

/// A folder that goes when it is dropped.
struct Home(PathBuf);

impl Home {
    fn new() -> Result<Home, String> {
        let mut random = [0; 8];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random)
            .map_err(|_| "no random numbers".to_owned())?;
        let path = std::env::temp_dir().join(format!("minke-gpg-{:016x}", u64::from_ne_bytes(random)));
        DirBuilder::new().mode(0o700).create(&path).map_err(|e| format!("create `{}`: {e}", path.display()))?;
        Ok(Home(path))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Keyring {
    /// The keys that the user has.
    pub fn of_user() -> Result<Keyring, String> {
        Ok(Keyring { home: None, scratch: Home::new()? })
    }

    /// These keys and no others: each item is an exported keyring, binary or armored.
    pub fn with_keys<'k>(keys: impl IntoIterator<Item = &'k [u8]>) -> Result<Keyring, String> {
        let home = Home::new()?;
        for key in keys {
            let mut import = gpg(Some(&home.0));
            import.args(["--no-autostart", "--import-options", "import-minimal", "--import"]);
            let done = feed(import, key)?;
            if !done.status.success() {
                return Err(format!("import of the public keys failed: {}", last_line(&done.stderr)));
            }
        }
        Ok(Keyring { home: Some(home), scratch: Home::new()? })
    }

    /// The content of a signed message, if one good signature is on it.
    pub fn verify(&self, message: &[u8]) -> Result<Verified, String> {
        // A packet's first octet has its highest bit set; text is armor or a cleartext signature (RFC 9580, 4.2).
        if message.first().is_none_or(|first| first & 0x80 == 0) || message.len() > MAX_SIGNATURE {
            return Err("it is no OpenPGP message".to_owned());
        }
        let status = self.scratch.0.join("status");
        let mut verify = gpg(self.home.as_ref().map(|home| home.0.as_path()));
        verify.args(["--trust-model", "always", "--max-output"]).arg(super::claim::MAX_BYTES.to_string());
        verify.arg("--status-file").arg(&status).args(["--output", "-", "--decrypt"]);
        let done = feed(verify, message)?;
        let lines = std::fs::read(&status).map_err(|e| format!("read `{}`: {e}", status.display()))?;
        let _ = std::fs::remove_file(&status);
        let (fingerprint, primary) = judge(&String::from_utf8_lossy(&lines))?;
        if !done.status.success() {
            return Err(format!("gpg: {}", last_line(&done.stderr)));
        }
        Ok(Verified { content: done.stdout, fingerprint, primary })
    }
}

/// Signs with one of the user's keys; a passphrase that isn't given is asked for by the agent.
pub fn sign(key: &str, passphrase: Option<&str>, content: &[u8]) -> Result<Vec<u8>, String> {
    let mut sign = gpg(None);
    let mut input = Vec::new();
    if let Some(passphrase) = passphrase {
        sign.args(["--pinentry-mode", "loopback", "--passphrase-fd", "0"]);
        input.extend_from_slice(passphrase.as_bytes());
        input.push(b'\n');
    }
    input.extend_from_slice(content);
    sign.args(["--yes", "--no-armor", "--local-user", key, "--output", "-", "--sign"]);
    let done = feed(sign, &input)?;
    match done.status.success() {
        true => Ok(done.stdout),
        false => Err(format!("gpg could not sign as `{key}`: {}", last_line(&done.stderr))),
    }
}

/// User IDs of the primary keys in a keyring, as `image trust show` prints them.
pub fn user_ids(key: &[u8]) -> Result<Vec<String>, String> {
    let home = Home::new()?;
    let mut show = gpg(Some(&home.0));
    show.args(["--no-autostart", "--with-colons", "--import-options", "show-only", "--import"]);
    let done = feed(show, key)?;
    let lines = String::from_utf8_lossy(&done.stdout);
    let uids = lines.lines().filter(|line| line.starts_with("uid:")).filter_map(|line| line.split(':').nth(9));
    Ok(uids.map(str::to_owned).collect())
}

/// One signature, good in every respect: (fingerprint, fingerprint of the primary key).
fn judge(status: &str) -> Result<(String, String), String> {
    let mut valid: Option<(String, String)> = None;
    let (mut signatures, mut good) = (0, 0);
    for line in status.lines() {
        let mut words = line.strip_prefix("[GNUPG:] ").unwrap_or_default().split(' ');
        let why = match words.next().unwrap_or_default() {
            "NEWSIG" => {
                signatures += 1;
                continue;
            }
            "GOODSIG" => {
                good += 1;
                continue;
            }
            "VALIDSIG" => {
                let words: Vec<&str> = words.collect();
                let (Some(first), Some(last)) = (words.first(), words.get(9).or(words.first())) else { continue };
                valid = Some(((*first).to_owned(), (*last).to_owned()));
                continue;
            }
            "BADSIG" => "the signature is wrong",
            "EXPSIG" => "the signature has expired",
            "EXPKEYSIG" => "the key of the signature has expired",
            "REVKEYSIG" => "the key of the signature was revoked",
            "ERRSIG" | "NO_PUBKEY" => "it is signed by another key than the ones that are trusted",
            "BEGIN_DECRYPTION" => "it is an encrypted message",
            _ => continue,
        };
        return Err(why.to_owned());
    }
    match valid {
        Some(valid) if signatures == 1 && good == 1 => Ok(valid),
        _ if signatures > 1 => Err("there are several signatures on the message".to_owned()),
        _ => Err("there is no OpenPGP signature on it".to_owned()),
    }
}

fn gpg(home: Option<&Path>) -> Command {
    let mut command = Command::new("gpg");
    command.args(["--batch", "--no-tty", "--quiet", "--no-auto-check-trustdb"]).env("LC_ALL", "C");
    if let Some(home) = home {
        command.arg("--homedir").arg(home).args(["--no-options", "--no-default-keyring"]);
        command.arg("--keyring").arg(home.join("pubring.gpg"));
    }
    command
}

fn feed(mut command: Command, input: &[u8]) -> Result<Output, String> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped
        .spawn()
        .map_err(|e| format!("start `gpg`, which OpenPGP signatures need (on Debian in the package gnupg): {e}"))?;
    let mut stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // A program that has seen enough closes its end; what it then says counts.
        scope.spawn(move || stdin.take().map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    })
    .map_err(|e| format!("wait for `gpg`: {e}"))
}

fn last_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it failed without a message");
    crate::error::printable(line.strip_prefix("gpg: ").unwrap_or(line))
}

#[cfg(test)]
mod tests;
