//! Private keys of sigstore: PKCS#8, sealed with a passphrase (scrypt, then NaCl's secretbox), in PEM.

use super::key::PublicKey;
use crate::signature::pem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poly1305::universal_hash::KeyInit as _;
use poly1305::{Poly1305, Tag};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use serde::{Deserialize, Serialize};

/// What the PEM section is called; the second is cosign's name from before.
const LABELS: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
/// scrypt's cost as others write it: 64 MiB.
const COST: (u64, u32, u32) = (1 << 16, 8, 1);
/// The most memory that a key file may ask scrypt for, in bytes.
const MAX_MEMORY: u64 = 256 << 20;

/// The header of P-256 keys' SubjectPublicKeyInfo; the point follows.
const P256_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

#[derive(Serialize, Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Cost,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// A key that signs.
pub struct PrivateKey(EcdsaKeyPair);

impl PrivateKey {
    /// From a PEM file and its passphrase.
    pub fn open(text: &[u8], passphrase: &[u8]) -> Result<PrivateKey, String> {
        let section = pem::single(text)?;
        if !LABELS.contains(&section.label.as_str()) {
            return Err(format!("there is `{}` in it and no {}", section.label, LABELS[0]));
        }
        PrivateKey::from_pkcs8(&unseal(&section.bytes, passphrase)?)
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, String> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &SystemRandom::new())
            .map(PrivateKey)
            .map_err(|e| format!("it holds no ECDSA key on P-256, which is what is supported: {e}"))
    }

    pub(crate) fn sign(&self, content: &[u8]) -> Result<Vec<u8>, String> {
        let signature = self.0.sign(&SystemRandom::new(), content).map_err(|_| "no random numbers".to_owned())?;
        Ok(signature.as_ref().to_vec())
    }

    /// The key that verifies what this one signs.
    pub fn public_key(&self) -> Result<PublicKey, String> {
        PublicKey::from_der(&[&P256_INFO, self.0.public_key().as_ref()].concat())
    }
}

/// A new pair as PEM texts: (private, public).
pub fn generate(passphrase: &[u8]) -> Result<(String, String), String> {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
        .map_err(|_| "no random numbers".to_owned())?;
    let private = pem::write(LABELS[0], &seal(pkcs8.as_ref(), passphrase)?);
    let public = PrivateKey::open(private.as_bytes(), passphrase)?.public_key()?;
    Ok((private, pem::write("PUBLIC KEY", public.der())))
}

fn seal(plain: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, String> {
    let (mut salt, mut nonce) = ([0; 32], [0; 24]);
    let random = SystemRandom::new();
    random.fill(&mut salt).and_then(|()| random.fill(&mut nonce)).map_err(|_| "no random numbers".to_owned())?;
    let (n, r, p) = COST;
    let cost = Cost { n, r, p };
    let key = derive(&cost, &salt, passphrase)?;
    let mut text = plain.to_vec();
    let (mut stream, mac_key) = secretbox(&key, &nonce);
    stream.apply_keystream(&mut text);
    let tag = Poly1305::new(&mac_key.into()).compute_unpadded(&text);
    let sealed = Sealed {
        kdf: Kdf { name: "scrypt".into(), params: cost, salt: STANDARD.encode(salt) },
        cipher: Cipher { name: "nacl/secretbox".into(), nonce: STANDARD.encode(nonce) },
        ciphertext: STANDARD.encode([&tag[..], &text].concat()),
    };
    Ok(serde_json::json!(sealed).to_string().into_bytes())
}

fn unseal(bytes: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, String> {
    let sealed: Sealed = serde_json::from_slice(bytes).map_err(|e| format!("the private key is malformed: {e}"))?;
    if sealed.kdf.name != "scrypt" || sealed.cipher.name != "nacl/secretbox" {
        let (kdf, cipher) = (&sealed.kdf.name, &sealed.cipher.name);
        return Err(format!(
            "the private key is sealed with `{kdf}` and `{cipher}`; scrypt and nacl/secretbox are supported"
        ));
    }
    let decode = |what: &str, text: &str| STANDARD.decode(text).map_err(|e| format!("the private key's {what}: {e}"));
    let salt = decode("salt", &sealed.kdf.salt)?;
    let nonce: [u8; 24] =
        decode("nonce", &sealed.cipher.nonce)?.try_into().map_err(|_| "the private key's nonce has not 24 bytes")?;
    let boxed = decode("ciphertext", &sealed.ciphertext)?;
    let Some((tag, text)) = boxed.split_at_checked(16) else { return Err("the private key is cut off".to_owned()) };
    let key = derive(&sealed.kdf.params, &salt, passphrase)?;
    let (mut stream, mac_key) = secretbox(&key, &nonce);
    let computed: Tag = Poly1305::new(&mac_key.into()).compute_unpadded(text);
    if !same(&computed[..], tag) {
        return Err("the passphrase is wrong, or the private key is damaged".to_owned());
    }
    let mut plain = text.to_vec();
    stream.apply_keystream(&mut plain);
    Ok(plain)
}

/// The stream behind the first 32 bytes, and those: the key of the authenticator.
fn secretbox(key: &[u8; 32], nonce: &[u8; 24]) -> (XSalsa20, [u8; 32]) {
    let mut stream = XSalsa20::new(&(*key).into(), &(*nonce).into());
    let mut mac_key = [0; 32];
    stream.apply_keystream(&mut mac_key);
    (stream, mac_key)
}

fn derive(cost: &Cost, salt: &[u8], passphrase: &[u8]) -> Result<[u8; 32], String> {
    let unusual =
        || format!("the private key asks for scrypt with N={} r={} p={}, which is too much", cost.n, cost.r, cost.p);
    let memory = cost.n.checked_mul(128 * u64::from(cost.r)).ok_or_else(unusual)?;
    if !cost.n.is_power_of_two() || cost.n < 2 || memory > MAX_MEMORY || cost.p > 8 {
        return Err(unusual());
    }
    let log_n = u8::try_from(cost.n.trailing_zeros()).map_err(|_| unusual())?;
    let params = scrypt::Params::new(log_n, cost.r, cost.p).map_err(|_| unusual())?;
    let mut key = [0; 32];
    scrypt::scrypt(passphrase, salt, &params, &mut key).map_err(|_| unusual())?;
    Ok(key)
}

/// Without telling by time where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_pair_signs_and_verifies() {
        let (private, public) = generate(b"secret").unwrap();
        let key = PrivateKey::open(private.as_bytes(), b"secret").unwrap();
        let signature = key.sign(b"content").unwrap();
        let public = PublicKey::from_pem(public.as_bytes()).unwrap();
        assert!(public.verifies(b"content", &signature));
        assert!(!public.verifies(b"other", &signature));
        let error = PrivateKey::open(private.as_bytes(), b"wrong").err().unwrap();
        assert!(error.contains("passphrase"), "{error}");
    }

    #[test]
    fn a_key_file_cannot_ask_for_all_memory() {
        for (n, r, p) in
            [(1 << 40, 8, 1), (u64::MAX, 8, 1), (3, 8, 1), (1 << 15, u32::MAX, 1), (1 << 10, 8, 100), (0, 0, 0)]
        {
            assert!(derive(&Cost { n, r, p }, b"salt", b"x").is_err(), "{n} {r} {p}");
        }
    }
}
