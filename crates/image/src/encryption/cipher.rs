//! The cipher of layers: AES-256 in counter mode, and HMAC-SHA-256 with the same key over the ciphertext.
//!
//! Plaintext passes on before the last byte has been seen, so what is read is only good once the end was reached without
//! an error; whoever stores it checks digests at its end anyway.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// The only cipher there is.
const NAME: &str = "AES_256_CTR_HMAC_SHA256";

/// What the recipients get to know.
#[derive(Serialize, Deserialize)]
pub(super) struct Private {
    symkey: String,
    /// Of the layer before it was encrypted.
    pub(super) digest: String,
    #[serde(default)]
    cipheroptions: BTreeMap<String, String>,
}

/// What everybody may know.
#[derive(Serialize, Deserialize)]
pub(super) struct Public {
    cipher: String,
    #[serde(default)]
    hmac: String,
    #[serde(default)]
    cipheroptions: Option<BTreeMap<String, String>>,
}

/// A layer's key and nonce.
pub(super) struct Secret {
    key: [u8; 32],
    nonce: [u8; 16],
}

impl Secret {
    pub(super) fn new() -> Result<Secret, String> {
        let mut secret = Secret { key: [0; 32], nonce: [0; 16] };
        let random = SystemRandom::new();
        let filled = random.fill(&mut secret.key).and_then(|()| random.fill(&mut secret.nonce));
        filled.map(|()| secret).map_err(|_| "no random numbers".to_owned())
    }

    pub(super) fn of(private: &Private) -> Result<Secret, String> {
        let nonce = private.cipheroptions.get("nonce").ok_or("the layer's key comes without a nonce")?;
        Ok(Secret { key: exactly("key", &private.symkey)?, nonce: exactly("nonce", nonce)? })
    }

    /// For the recipients; `digest` is the layer's before it is encrypted.
    pub(super) fn private(&self, digest: &str) -> Private {
        let nonce = STANDARD.encode(self.nonce);
        Private {
            symkey: STANDARD.encode(self.key),
            digest: digest.to_owned(),
            cipheroptions: BTreeMap::from([("nonce".to_owned(), nonce)]),
        }
    }

    fn stream(&self) -> Ctr128BE<Aes256> {
        Ctr128BE::<Aes256>::new(&self.key.into(), &self.nonce.into())
    }

    fn mac(&self) -> hmac::Context {
        hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.key))
    }
}

impl Public {
    pub(super) fn new(mac: &[u8]) -> Public {
        Public { cipher: NAME.to_owned(), hmac: STANDARD.encode(mac), cipheroptions: Some(BTreeMap::new()) }
    }

    /// The authenticator of the ciphertext.
    pub(super) fn mac(&self) -> Result<[u8; 32], String> {
        if self.cipher != NAME {
            let cipher = crate::error::printable(&self.cipher);
            return Err(format!("the layer is encrypted with `{cipher}`, only {NAME} is known"));
        }
        // Older tools wrote it among the options.
        let options = self.cipheroptions.as_ref().and_then(|options| options.get("hmac"));
        exactly("authenticator", if self.hmac.is_empty() { options.map_or("", String::as_str) } else { &self.hmac })
    }
}

fn exactly<const N: usize>(what: &str, text: &str) -> Result<[u8; N], String> {
    let bytes = STANDARD.decode(text).map_err(|e| format!("the layer's {what} is not base64: {e}"))?;
    bytes.try_into().map_err(|_| format!("the layer's {what} has not {N} bytes"))
}

/// Ciphertext; at its end `done` gets the authenticator.
pub(super) struct Encrypting<R, F> {
    inner: R,
    stream: Ctr128BE<Aes256>,
    mac: hmac::Context,
    done: Option<F>,
}

impl<R: Read, F: FnOnce(&[u8]) -> io::Result<()>> Encrypting<R, F> {
    pub(super) fn new(inner: R, secret: &Secret, done: F) -> Self {
        Encrypting { inner, stream: secret.stream(), mac: secret.mac(), done: Some(done) }
    }
}

impl<R: Read, F: FnOnce(&[u8]) -> io::Result<()>> Read for Encrypting<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let bytes = &mut buffer[..count];
        self.stream.try_apply_keystream(bytes).map_err(io::Error::other)?;
        self.mac.update(bytes);
        if count == 0
            && let Some(done) = self.done.take()
        {
            done(self.mac.clone().sign().as_ref())?;
        }
        Ok(count)
    }
}

/// Plaintext, and an error at its end if the ciphertext isn't what was encrypted.
pub(super) struct Decrypting<R> {
    inner: R,
    stream: Ctr128BE<Aes256>,
    mac: hmac::Context,
    expected: [u8; 32],
}

impl<R: Read> Decrypting<R> {
    pub(super) fn new(inner: R, secret: &Secret, expected: [u8; 32]) -> Self {
        Decrypting { inner, stream: secret.stream(), mac: secret.mac(), expected }
    }
}

impl<R: Read> Read for Decrypting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let bytes = &mut buffer[..count];
        self.mac.update(bytes);
        self.stream.try_apply_keystream(bytes).map_err(io::Error::other)?;
        // Not in constant time: who has the ciphertext can compute it as well as we.
        if count == 0 && self.mac.clone().sign().as_ref() != self.expected {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "an encrypted layer was changed after its encryption",
            ));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(secret: &Secret, plain: &[u8]) -> (Vec<u8>, [u8; 32]) {
        let mut mac = Vec::new();
        let mut ciphertext = Vec::new();
        let done = |found: &[u8]| {
            mac.extend_from_slice(found);
            Ok(())
        };
        Encrypting::new(plain, secret, done).read_to_end(&mut ciphertext).unwrap();
        (ciphertext, mac.try_into().unwrap())
    }

    #[test]
    fn what_is_encrypted_is_decrypted() {
        let plain: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
        let secret = Secret::new().unwrap();
        let (ciphertext, mac) = sealed(&secret, &plain);
        assert_ne!(ciphertext, plain);
        let again = Secret::of(&secret.private("sha256:x")).unwrap();
        assert_eq!(Public::new(&mac).mac(), Ok(mac));
        let mut found = Vec::new();
        Decrypting::new(&*ciphertext, &again, mac).read_to_end(&mut found).unwrap();
        assert_eq!(found, plain);
    }

    #[test]
    fn a_changed_or_shortened_layer_is_noticed() {
        let secret = Secret::new().unwrap();
        let (ciphertext, mac) = sealed(&secret, &[7; 1000]);
        let mut changed = ciphertext.clone();
        changed[3] ^= 1;
        for wrong in [&changed[..], &ciphertext[..999]] {
            assert!(Decrypting::new(wrong, &secret, mac).read_to_end(&mut Vec::new()).is_err());
        }
    }

    #[test]
    fn malformed_options_are_refused() {
        let mut private = Secret::new().unwrap().private("");
        private.symkey = STANDARD.encode([0; 16]);
        assert!(Secret::of(&private).is_err());
        private.cipheroptions.clear();
        assert!(Secret::of(&private).is_err());
        let mut public = Public::new(&[0; 32]);
        public.hmac.clear();
        assert!(public.mac().is_err());
        public.cipheroptions = Some(BTreeMap::from([("hmac".to_owned(), STANDARD.encode([1; 32]))]));
        assert_eq!(public.mac(), Ok([1; 32]));
        public.cipher = "ROT13".to_owned();
        assert!(public.mac().unwrap_err().contains("ROT13"));
    }
}
