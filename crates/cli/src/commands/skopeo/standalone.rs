//! `skopeo standalone-sign` and `standalone-verify`: simple signatures as files, without a registry.

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::flags::signing;
use crate::output::{quote, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::signature::gpg::Keyring;
use image::signature::{Claim, simple};
use oci::{Digest, Reference};
use std::io::Read;

/// `skopeo standalone-sign`
pub static SIGN: Command = Command {
    usage: "MANIFEST DOCKER-REFERENCE KEY-FINGERPRINT --output SIGNATURE",
    summary: "Sign a manifest in a file",
    details: "Signs, with an OpenPGP key, that the manifest may go by the name.",
    examples: &["skopeo standalone-sign manifest.json quay.io/team/image:1 me@example.com -o signature"],
    flags: &[SIGN_FLAGS, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Nothing,
    run: sign,
};

/// `skopeo standalone-verify`
pub static VERIFY: Command = Command {
    usage: "MANIFEST DOCKER-REFERENCE KEY-FINGERPRINTS SIGNATURE",
    summary: "Verify a signature in a file",
    details: "The fingerprints are separated by commas; `any` stands for all keys in the file of --public-key-file.",
    examples: &["skopeo standalone-verify --public-key-file key.gpg manifest.json quay.io/team/image:1 any signature"],
    flags: &[VERIFY_FLAGS, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Nothing,
    run: verify,
};

static SIGN_FLAGS: &[Flag] = &[
    Flag::text("output", "SIGNATURE", "Write the signature to this file").short('o'),
    Flag::text("passphrase-file", "string", "File with the passphrase of the key"),
];

static VERIFY_FLAGS: &[Flag] = &[Flag::text("public-key-file", "string", "File with public keys (else your own)")];

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

fn sign(_context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let ([manifest, name, key], Some(output)) = (matches.arguments.as_slice(), matches.text("output")) else {
        return Err(Failure::new(
            "Usage: skopeo standalone-sign manifest docker-reference key-fingerprint -o signature",
        ));
    };
    let passphrase = matches.text("passphrase-file").map(signing::read).transpose()?;
    let digest = Digest::sha256(&read("manifest", manifest)?);
    let claim = Claim { digest, reference: reference(name)?.to_string() };
    let message = simple::create(&claim, key, passphrase.as_deref())
        .map_err(|why| Failure::new(format!("Error creating signature: {why}")))?;
    std::fs::write(output, message)
        .map_err(|error| Failure::new(format!("Error writing signature to {output}: {error}")))?;
    Ok(0)
}

fn verify(_context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [manifest, name, fingerprints, signature] = matches.arguments.as_slice() else {
        return Err(Failure::new(
            "Usage: skopeo standalone-verify manifest docker-reference key-fingerprint signature",
        ));
    };
    let keys = matches.text("public-key-file").map(|file| read("public keys", file)).transpose()?;
    if fingerprints == "any" && keys.is_none() {
        return Err(Failure::new("Cannot use any fingerprint without a public key file"));
    }
    let digest = Digest::sha256(&read("manifest", manifest)?);
    let message = read("signature", signature)?;
    let wrong = |why: String| Failure::new(format!("Error verifying signature: {why}"));
    let keyring = match &keys {
        Some(keys) => Keyring::with_keys([keys.as_slice()]),
        None => Keyring::of_user(),
    };
    let (claim, by) = keyring.and_then(|keyring| simple::verify(&message, &keyring)).map_err(wrong)?;
    let Some(fingerprint) = accepted(fingerprints, &by) else {
        return Err(wrong(format!("signature by key {} of {} is not accepted", by[0], by[1])));
    };
    if reference(&claim.reference)? != reference(name)? {
        return Err(wrong(format!("Docker reference {} does not match {}", quote(&claim.reference), quote(name))));
    }
    if claim.digest != digest {
        return Err(wrong(format!("Signature for docker digest {} does not match", quote(claim.digest.as_str()))));
    }
    stream::line(&format!("Signature verified using fingerprint {fingerprint}, digest {digest}"))?;
    Ok(0)
}

/// The signing key's fingerprint, if it or the key it belongs to was named.
fn accepted<'b>(named: &str, by: &'b [String; 2]) -> Option<&'b str> {
    let is_named = |fingerprint: &str| named.split(',').any(|one| one.trim().eq_ignore_ascii_case(fingerprint));
    (named == "any" || by.iter().any(|one| is_named(one))).then_some(by[0].as_str())
}

fn reference(text: &str) -> Result<Reference, Failure> {
    let name: oci::reference::Name = text.parse().map_err(|error| Failure::new(format!("{error}")))?;
    Ok(name.in_registry("docker.io"))
}

fn read(what: &str, file: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    opened.map_err(|error| Failure::new(format!("Error reading {what} from {file}: {error}")))?;
    Ok(bytes)
}
