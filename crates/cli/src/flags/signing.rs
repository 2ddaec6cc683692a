//! Signatures and encryption of what is written: `push`, `manifest push`, `artifact push`, `skopeo copy` and `skopeo sync`.

use crate::error::Failure;
use crate::output::quote;
use crate::prompt;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::encryption::{Encryptor, Which};
use image::signature::signer::{SigstoreSigner, SimpleSigner};
use image::signature::sigstore::PrivateKey;
use image::{LayerCipher, Sign};
use oci::Reference;
use std::io::{IsTerminal, Read};

/// What is encrypted, and for whom; see podman-push(1).
pub static ENCRYPTION: &[Flag] = &[
    Flag::list("encrypt-layer", "ints", "Encrypt only these layers, from 0, or from the end if negative"),
    Flag::array("encryption-key", "stringArray", "For whom layers are encrypted: jwe:FILE"),
];

/// Who signs; see podman-push(1).
pub static SIGNATURES: &[Flag] = &[
    Flag::text("sign-by", "string", "Sign with this OpenPGP key (fingerprint, key id or mail address)"),
    Flag::text("sign-by-sigstore", "PATH", "Sign as this file with parameters says"),
    Flag::text("sign-by-sigstore-private-key", "PATH", "Sign with the sigstore key in this file"),
    Flag::text("sign-passphrase-file", "PATH", "File with the passphrase of the key that signs"),
];

/// The longest passphrase, in bytes.
const LONGEST: u64 = 64 << 10;

/// What the flags ask for, opened.
pub struct Signing {
    signers: Vec<Box<dyn Sign>>,
    encryptor: Option<Encryptor>,
}

impl Signing {
    /// Reads keys and passphrases.
    pub fn of(matches: &Matches) -> Result<Signing, Failure> {
        let (simple, sigstore) = (matches.text("sign-by"), matches.text("sign-by-sigstore-private-key"));
        let file = matches.text("sign-passphrase-file");
        if simple.is_some() && sigstore.is_some() && file.is_some() {
            return Err(Failure::new(
                "only one of --sign-by and --sign-by-sigstore-private-key can be used with --sign-passphrase-file",
            ));
        }
        let identity = matches.text("sign-identity").map(str::parse::<Reference>).transpose();
        let identity = identity.map_err(|error| Failure::new(format!("Could not parse --sign-identity: {error}")))?;
        let mut signers: Vec<Box<dyn Sign>> = Vec::new();
        if let Some(key) = simple {
            let passphrase = file.map(read).transpose()?;
            signers.push(Box::new(SimpleSigner { key: key.to_owned(), passphrase, identity: identity.clone() }));
        }
        if let Some(path) = sigstore {
            let key = private_key(path, file)?;
            signers.push(Box::new(SigstoreSigner { key, identity: identity.clone() }));
        }
        if let Some(path) = matches.text("sign-by-sigstore") {
            let key = parameters(path).map_err(|failure| failure.context("Error using --sign-by-sigstore"))?;
            signers.push(Box::new(SigstoreSigner { key, identity }));
        }
        if signers.is_empty() && matches.text("sign-identity").is_some() {
            return Err(Failure::new(
                "--sign-identity needs --sign-by, --sign-by-sigstore or a private key to sign with",
            ));
        }
        let encryptor = Encryptor::parse(matches.list("encryption-key"), which(matches)?).map_err(Failure::new)?;
        Ok(Signing { signers, encryptor })
    }

    /// For the copy.
    pub fn signers(&self) -> Vec<&dyn Sign> {
        self.signers.iter().map(AsRef::as_ref).collect()
    }

    /// For the copy.
    pub fn encrypt(&self) -> Option<&dyn LayerCipher> {
        self.encryptor.as_ref().map(|encryptor| encryptor as &dyn LayerCipher)
    }
}

fn which(matches: &Matches) -> Result<Which, Failure> {
    let layers = matches.list("encrypt-layer").iter().map(|text| text.trim().parse::<i64>());
    let layers: Vec<i64> =
        layers.collect::<Result<_, _>>().map_err(|error| Failure::new(format!("--encrypt-layer: {error}")))?;
    Ok(if layers.is_empty() { Which::All } else { Which::These(layers) })
}

fn private_key(path: &str, passphrase_file: Option<&str>) -> Result<PrivateKey, Failure> {
    let passphrase = match passphrase_file {
        Some(file) => read(file)?,
        None if std::io::stdin().is_terminal() => prompt::secret(&format!("Passphrase for {path}: "))?,
        None => {
            return Err(Failure::new(format!("the key `{path}` needs a passphrase and standard input is no terminal"))
                .hint("give it by --sign-passphrase-file"));
        }
    };
    let text = std::fs::read(path).map_err(|error| Failure::new(format!("read key `{path}`: {error}")))?;
    PrivateKey::open(&text, passphrase.as_bytes()).map_err(|why| Failure::new(format!("key `{path}`: {why}")))
}

/// containers-sigstore-signing-params.yaml(5).
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    private_key_file: Option<String>,
    private_key_passphrase_file: Option<String>,
    fulcio: Option<serde_json::Value>,
    #[serde(rename = "rekorURL")]
    rekor_url: Option<String>,
}

/// The key that a file with parameters names.
fn parameters(path: &str) -> Result<PrivateKey, Failure> {
    let wrong = |why: String| Failure::new(format!("setting up signing using parameter file {}: {why}", quote(path)));
    let mut text = String::new();
    let opened = std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    opened.map_err(|error| wrong(format!("reading {}: {error}", quote(path))))?;
    let found: Parameters = config::yaml::parse(&text).map_err(wrong)?;
    match found {
        Parameters { fulcio: Some(_), .. } => Err(wrong("fulcio is not supported: give a privateKeyFile".to_owned())),
        Parameters { rekor_url: Some(_), .. } => Err(wrong("rekorURL is not supported: leave it out".to_owned())),
        Parameters { private_key_file: None, .. } => {
            Err(wrong("No signing mechanism is specified: give a privateKeyFile".to_owned()))
        }
        Parameters { private_key_file: Some(key), private_key_passphrase_file: passphrase, .. } => {
            private_key(&key, passphrase.as_deref())
        }
    }
}

/// The first line of a file.
pub fn read(file: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let opened = std::fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    opened.map_err(|error| Failure::new(format!("read passphrase `{file}`: {error}")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
