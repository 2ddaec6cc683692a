//! Layers of an image, sealed or opened as a copy reads them.

use super::cipher::{Decrypting, Encrypting, Private, Public, Secret};
use super::{DecryptionKey, EncryptionKey, JWE, NAMESPACE, PUBLIC, SUFFIX, jwe};
use crate::Error;
use crate::copy::{LayerCipher, Reader, Sealed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci::image::Descriptor;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest annotation with keys that is looked at, in bytes.
const MAX_KEYS: usize = 256 << 10;

/// Opens what is encrypted for one of its keys.
pub struct Decryptor {
    keys: Vec<DecryptionKey>,
}

/// Seals layers for all of its keys.
pub struct Encryptor {
    keys: Vec<EncryptionKey>,
    which: Which,
}

/// Which layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// These, from 0; from the end if negative.
    These(Vec<i64>),
}

impl std::fmt::Debug for Decryptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decryptor({} keys)", self.keys.len())
    }
}

impl Decryptor {
    /// From texts as `--decryption-key` takes them; `None` if there is none.
    pub fn parse(texts: &[String]) -> Result<Option<Decryptor>, String> {
        let keys = texts.iter().map(|text| DecryptionKey::parse(text)).collect::<Result<Vec<_>, _>>()?;
        Ok((!keys.is_empty()).then_some(Decryptor { keys }))
    }

    fn secret(&self, layer: &Descriptor) -> Result<Secret, String> {
        let sealed = layer.annotations.get(JWE).filter(|text| !text.is_empty()).ok_or_else(|| foreign(layer))?;
        if sealed.len() > MAX_KEYS {
            return Err(format!("its sealed keys have more than {MAX_KEYS} bytes"));
        }
        let keys: Vec<_> = self.keys.iter().map(|key| &key.0).collect();
        let mut last = String::new();
        for message in sealed.split(',') {
            let message = STANDARD.decode(message).map_err(|e| format!("the sealed key is not base64: {e}"))?;
            match jwe::open(&keys, &message) {
                Ok(private) => {
                    let private: Private =
                        serde_json::from_slice(&private).map_err(|e| format!("the layer's key is malformed: {e}"))?;
                    return Secret::of(&private);
                }
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    fn open<'a>(&self, layer: &Descriptor, content: Reader<'a>) -> Result<Sealed<'a>, String> {
        let secret = self.secret(layer)?;
        let public = layer.annotations.get(PUBLIC).ok_or("the annotation with the cipher's options is missing")?;
        let public = STANDARD.decode(public).map_err(|e| format!("the cipher's options are not base64: {e}"))?;
        let public: Public =
            serde_json::from_slice(&public).map_err(|e| format!("the cipher's options are malformed: {e}"))?;
        let content = Box::new(Decrypting::new(content, &secret, public.mac()?));
        let media_type = layer.media_type.strip_suffix(SUFFIX).unwrap_or(&layer.media_type).to_owned();
        let mut annotations = layer.annotations.clone();
        annotations.retain(|name, _| !name.starts_with(NAMESPACE));
        Ok(Sealed { content, media_type, annotations: Arc::new(Mutex::new(annotations)) })
    }
}

/// For whom it is encrypted, if not by JWE.
fn foreign(layer: &Descriptor) -> String {
    let prefix = format!("{NAMESPACE}keys.");
    let protocols: Vec<_> = layer.annotations.keys().filter_map(|name| name.strip_prefix(&prefix)).collect();
    match protocols.as_slice() {
        [] => "no annotation holds its key".to_owned(),
        names => {
            let names = crate::error::printable(&names.join(", "));
            format!("its key is sealed by {names} only, which is not supported; jwe is")
        }
    }
}

fn is_encrypted(layer: &Descriptor) -> bool {
    layer.media_type.ends_with(SUFFIX)
}

impl LayerCipher for Decryptor {
    fn concerns(&self, layer: &Descriptor, _index: usize, _count: usize) -> Result<bool, Error> {
        Ok(is_encrypted(layer))
    }

    fn pass<'a>(&self, layer: &Descriptor, content: Reader<'a>) -> Result<Sealed<'a>, Error> {
        let what = || format!("decrypt layer {}", layer.digest);
        self.open(layer, content).map_err(|why| Error::Encryption { what: what(), why })
    }
}

impl Encryptor {
    /// From texts as `--encryption-key` takes them; `None` if there is none.
    pub fn parse(texts: &[String], which: Which) -> Result<Option<Encryptor>, String> {
        let keys = texts.iter().map(|text| EncryptionKey::parse(text)).collect::<Result<Vec<_>, _>>()?;
        match (keys.is_empty(), &which) {
            (false, _) => Ok(Some(Encryptor { keys, which })),
            (true, Which::All) => Ok(None),
            (true, Which::These(_)) => Err("--encrypt-layer can only be used with --encryption-key".to_owned()),
        }
    }
}

impl Which {
    fn contains(&self, index: usize, count: usize) -> Result<bool, Error> {
        let Which::These(list) = self else { return Ok(true) };
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if let Some(wrong) = list.iter().find(|at| **at >= count || **at < -count) {
            let why = format!("layer index {wrong} out of range ({count} layers exist)");
            return Err(Error::Encryption { what: "choose layers to encrypt".to_owned(), why });
        }
        Ok(list.iter().any(|at| usize::try_from(if *at < 0 { at + count } else { *at }) == Ok(index)))
    }
}

impl LayerCipher for Encryptor {
    fn concerns(&self, layer: &Descriptor, index: usize, count: usize) -> Result<bool, Error> {
        let concerned = self.which.contains(index, count)?;
        if concerned && is_encrypted(layer) {
            let why = "it is encrypted already; with --decryption-key it is opened first".to_owned();
            return Err(Error::Encryption { what: format!("encrypt layer {}", layer.digest), why });
        }
        Ok(concerned)
    }

    fn pass<'a>(&self, layer: &Descriptor, content: Reader<'a>) -> Result<Sealed<'a>, Error> {
        let what = format!("encrypt layer {}", layer.digest);
        let failed = |why| Error::Encryption { what: what.clone(), why };
        let secret = Secret::new().map_err(failed)?;
        let keys: Vec<_> = self.keys.iter().map(|key| &key.0).collect();
        let private = serde_json::json!(secret.private(layer.digest.as_str())).to_string();
        let sealed = jwe::seal(&keys, private.as_bytes()).map_err(failed)?;
        let mut known: BTreeMap<String, String> = layer.annotations.clone();
        known.insert(JWE.to_owned(), STANDARD.encode(sealed));
        let annotations = Arc::new(Mutex::new(known));
        let filled = Arc::clone(&annotations);
        let done = move |mac: &[u8]| {
            let public = serde_json::json!(Public::new(mac)).to_string();
            filled.lock().unwrap_or_else(PoisonError::into_inner).insert(PUBLIC.to_owned(), STANDARD.encode(public));
            Ok(())
        };
        let media_type = format!("{}{SUFFIX}", layer.media_type);
        Ok(Sealed { content: Box::new(Encrypting::new(content, &secret, done)), media_type, annotations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encryption::keys::tests::pair;
    use oci::{Digest, media_type};
    use std::io::Read;

    fn layer(media_type: &str) -> Descriptor {
        let annotations = BTreeMap::from([("kept".to_owned(), "x".to_owned())]);
        let digest = Digest::sha256(b"layer");
        Descriptor { annotations, ..Descriptor::new(media_type, digest, 5) }
    }

    fn through(cipher: &dyn LayerCipher, layer: &Descriptor, bytes: Vec<u8>) -> Result<(Descriptor, Vec<u8>), Error> {
        let sealed = cipher.pass(layer, Box::new(std::io::Cursor::new(bytes)))?;
        let mut out = Vec::new();
        let mut content = sealed.content;
        content.read_to_end(&mut out).map_err(Error::io("read"))?;
        let annotations = sealed.annotations.lock().unwrap().clone();
        Ok((Descriptor { media_type: sealed.media_type, annotations, ..layer.clone() }, out))
    }

    #[test]
    fn a_layer_goes_there_and_back() {
        let ((key, public), (other, _)) = (pair(0), pair(1));
        let plain = layer(media_type::OCI_LAYER_GZIP);
        let encryptor = Encryptor { keys: vec![EncryptionKey(public)], which: Which::All };
        let (sealed, bytes) = through(&encryptor, &plain, b"layer".to_vec()).unwrap();
        assert_eq!(sealed.media_type, format!("{}+encrypted", media_type::OCI_LAYER_GZIP));
        assert_ne!(bytes, b"layer");
        assert!(encryptor.concerns(&sealed, 0, 1).is_err());
        let decryptor = Decryptor { keys: vec![DecryptionKey(key)] };
        assert!(decryptor.concerns(&sealed, 0, 1).unwrap() && !decryptor.concerns(&plain, 0, 1).unwrap());
        assert_eq!(through(&decryptor, &sealed, bytes.clone()).unwrap(), (plain, b"layer".to_vec()));
        let stranger = Decryptor { keys: vec![DecryptionKey(other)] };
        let error = through(&stranger, &sealed, bytes.clone()).unwrap_err().to_string();
        assert!(error.contains("none of the given keys"), "{error}");
        let mut pgp = sealed;
        let keys = pgp.annotations.remove(JWE).unwrap();
        pgp.annotations.insert(format!("{NAMESPACE}keys.pgp"), keys);
        let error = through(&decryptor, &pgp, bytes).unwrap_err().to_string();
        assert!(error.contains("by pgp only"), "{error}");
    }

    #[test]
    fn layers_are_counted_from_both_ends() {
        let which = Which::These(vec![0, -1]);
        let chosen: Vec<_> = (0..4).map(|at| which.contains(at, 4).unwrap()).collect();
        assert_eq!(chosen, [true, false, false, true]);
        for wrong in [4, -5, i64::MIN] {
            assert!(Which::These(vec![wrong]).contains(0, 4).unwrap_err().to_string().contains("out of range"));
        }
        assert!(Encryptor::parse(&[], which).is_err());
        assert!(Encryptor::parse(&[], Which::All).unwrap().is_none());
    }
}
