//! Keys as the command line names them: `--encryption-key jwe:FILE`, `--decryption-key FILE[:PASSWORD]`.

use crate::signature::pem::{self, Section};
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::{PrivateKey, PublicKey};
use std::io::Read;
use std::path::Path;

/// The largest key or password file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Who shall be able to read.
pub struct EncryptionKey(pub(super) PublicKey);

/// Who one is.
pub struct DecryptionKey(pub(super) PrivateKey);

impl EncryptionKey {
    /// From `PROTOCOL:RECIPIENT`.
    pub fn parse(text: &str) -> Result<EncryptionKey, String> {
        let shown = crate::error::printable(text);
        match text.split_once(':') {
            Some(("jwe", file)) => {
                let public = public(&read(Path::new(file))?).map_err(|why| format!("public key `{file}`: {why}"))?;
                Ok(EncryptionKey(public))
            }
            Some((protocol @ ("pgp" | "pkcs7" | "pkcs11" | "provider"), _)) => {
                Err(format!("encryption for `{shown}`: the protocol {protocol} is not supported; there is jwe:FILE"))
            }
            Some(_) => Err(format!("encryption for `{shown}`: the protocol is not known; there is jwe:FILE")),
            None => Err(format!("encryption for `{shown}`: a protocol is missing, as in jwe:FILE")),
        }
    }
}

impl DecryptionKey {
    /// From `FILE`, `FILE:PASSWORD`, `FILE:pass=PASSWORD` or `FILE:file=FILE`.
    pub fn parse(text: &str) -> Result<DecryptionKey, String> {
        let (file, password) = text.split_once(':').map_or((text, None), |(file, rest)| (file, Some(rest)));
        let bytes = read(Path::new(file))?;
        let password = password.map(|password| match password.split_once('=') {
            Some(("file", path)) => read(Path::new(path)),
            Some(("pass", password)) => Ok(password.as_bytes().to_vec()),
            Some(("fd", _)) => {
                Err("decryption key: passwords from file descriptors are not supported; use file=FILE".to_owned())
            }
            _ => Ok(password.as_bytes().to_vec()),
        });
        let key = private(&bytes, password.transpose()?.as_deref());
        key.map(DecryptionKey).map_err(|why| format!("decryption key `{file}`: {why}"))
    }
}

fn public(bytes: &[u8]) -> Result<PublicKey, String> {
    let Section { label, bytes } = section(bytes, "PUBLIC KEY")?;
    match label.as_str() {
        "PUBLIC KEY" => PublicKey::from_public_key_der(&bytes).map_err(|e| wrong(&e)),
        "RSA PUBLIC KEY" => PublicKey::from_pkcs1_der(&bytes).map_err(|e| wrong(&e)),
        other => Err(format!("there is `{other}` in it and no PUBLIC KEY")),
    }
}

fn private(bytes: &[u8], password: Option<&[u8]>) -> Result<PrivateKey, String> {
    let Section { label, bytes } = section(bytes, "PRIVATE KEY")?;
    match (label.as_str(), password) {
        ("PRIVATE KEY", _) => PrivateKey::from_pkcs8_der(&bytes).map_err(|e| wrong(&e)),
        ("RSA PRIVATE KEY", _) => PrivateKey::from_pkcs1_der(&bytes)
            .map_err(|e| format!("{}, or encrypted in OpenSSL's old way, which is not supported", wrong(&e))),
        ("ENCRYPTED PRIVATE KEY", None) => Err("it has a password, which is missing: give FILE:PASSWORD".to_owned()),
        ("ENCRYPTED PRIVATE KEY", Some(password)) => PrivateKey::from_pkcs8_encrypted_der(&bytes, password)
            .map_err(|e| format!("the password is wrong, or it is no RSA key: {e}")),
        (other, _) => Err(format!("there is `{other}` in it and no PRIVATE KEY")),
    }
}

fn wrong(error: &dyn std::fmt::Display) -> String {
    format!("it is no RSA key (others are not supported): {error}")
}

/// PEM, or bare DER of the usual kind.
fn section(bytes: &[u8], usual: &str) -> Result<Section, String> {
    match bytes.first() {
        Some(0x30) => Ok(Section { label: usual.to_owned(), bytes: bytes.to_vec() }),
        _ => pem::single(bytes),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    opened.map(|_| bytes).map_err(|e| format!("read key `{}`: {e}", path.display()))
}

#[cfg(test)]
pub(super) mod tests;
