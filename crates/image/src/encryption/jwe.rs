//! JSON Web Encryption (RFC 7516) in its JSON serializations: RSA-OAEP for the recipients, A256GCM for the content.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use rsa::{PrivateKey, PublicKey};
use serde::{Deserialize, Serialize};
use sha1::Sha1;

const WRAP: &str = "RSA-OAEP";
const CONTENT: &str = "A256GCM";
/// The most recipients that are tried.
const MAX_RECIPIENTS: usize = 64;

#[derive(Serialize, Deserialize)]
struct Message {
    protected: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encrypted_key: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<Recipient>,
    iv: String,
    ciphertext: String,
    tag: String,
}

#[derive(Serialize, Deserialize)]
struct Recipient {
    #[serde(default)]
    header: Header,
    encrypted_key: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Header {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enc: Option<String>,
    /// Extensions that must be understood; none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zip: Option<String>,
}

/// Seals `content` for all recipients.
pub(super) fn seal(recipients: &[&PublicKey], content: &[u8]) -> Result<Vec<u8>, String> {
    let (mut key, mut iv) = ([0; 32], [0; 12]);
    let random = SystemRandom::new();
    random.fill(&mut key).and_then(|()| random.fill(&mut iv)).map_err(|_| "no random numbers".to_owned())?;
    let header = Header { alg: Some(WRAP.to_owned()), enc: Some(CONTENT.to_owned()), ..Header::default() };
    let protected = URL_SAFE_NO_PAD.encode(json(&header)?);
    let mut text = content.to_vec();
    let tag = aead(&key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(protected.as_bytes()), &mut text)
        .map_err(|_| "encryption failed".to_owned())?;
    let mut recipients = recipients
        .iter()
        .map(|recipient| {
            let sealed = recipient.oaep_encrypt::<Sha1>(&key).map_err(|e| format!("encrypt for a recipient: {e}"))?;
            Ok(Recipient { header: Header::default(), encrypted_key: URL_SAFE_NO_PAD.encode(sealed) })
        })
        .collect::<Result<Vec<_>, String>>()?;
    // One recipient makes the flattened form.
    let encrypted_key = if recipients.len() == 1 { recipients.pop().map(|one| one.encrypted_key) } else { None };
    let (iv, ciphertext) = (URL_SAFE_NO_PAD.encode(iv), URL_SAFE_NO_PAD.encode(text));
    let tag = URL_SAFE_NO_PAD.encode(tag);
    json(&Message { protected, encrypted_key, recipients, iv, ciphertext, tag })
}

/// The content, if one of the keys is a recipient's.
pub(super) fn open(keys: &[&PrivateKey], message: &[u8]) -> Result<Vec<u8>, String> {
    let message: Message = serde_json::from_slice(message).map_err(|e| format!("the sealed key is malformed: {e}"))?;
    let protected: Header = serde_json::from_slice(&decode("header", &message.protected)?)
        .map_err(|e| format!("the sealed key's header is malformed: {e}"))?;
    check(&protected)?;
    for (alg, sealed) in recipients(&message, &protected) {
        if alg != WRAP {
            continue;
        }
        let sealed = decode("key", sealed)?;
        for key in keys {
            // A wrong key mostly fails here, else below.
            let Ok(content_key) = key.oaep_decrypt::<Sha1>(&sealed) else { continue };
            let Ok(content_key) = <[u8; 32]>::try_from(content_key) else { continue };
            if let Some(content) = unseal(&content_key, &message)? {
                return Ok(content);
            }
        }
    }
    let algorithms: Vec<_> = recipients(&message, &protected).map(|(alg, _)| crate::error::printable(alg)).collect();
    Err(format!("none of the given keys is one of its recipients' ({})", algorithms.join(", ")))
}

/// All that is supported of a header.
fn check(header: &Header) -> Result<(), String> {
    if header.crit.is_some() || header.zip.is_some() {
        return Err("the sealed key uses extensions of JWE that are not supported".to_owned());
    }
    match header.enc.as_deref() {
        Some(CONTENT) => Ok(()),
        other => {
            let other = crate::error::printable(other.unwrap_or_default());
            Err(format!("the sealed key is encrypted with `{other}`, only {CONTENT} is supported"))
        }
    }
}

/// (algorithm, sealed key). Some tools repeat the first of several recipients in the place of the only one.
fn recipients<'m>(message: &'m Message, protected: &'m Header) -> impl Iterator<Item = (&'m str, &'m str)> {
    let common = protected.alg.as_deref().unwrap_or_default();
    let only = message.encrypted_key.as_deref().filter(|_| message.recipients.is_empty());
    let listed = message
        .recipients
        .iter()
        .map(move |one| (one.header.alg.as_deref().unwrap_or(common), one.encrypted_key.as_str()));
    only.map(|key| (common, key)).into_iter().chain(listed).take(MAX_RECIPIENTS)
}

fn unseal(key: &[u8; 32], message: &Message) -> Result<Option<Vec<u8>>, String> {
    let iv: [u8; 12] = decode("iv", &message.iv)?.try_into().map_err(|_| "the sealed key's iv has not 12 bytes")?;
    let mut text = decode("ciphertext", &message.ciphertext)?;
    text.extend_from_slice(&decode("tag", &message.tag)?);
    let aad = Aad::from(message.protected.as_bytes());
    let opened = aead(key)?.open_in_place(Nonce::assume_unique_for_key(iv), aad, &mut text);
    Ok(opened.ok().map(|content| content.to_vec()))
}

fn aead(key: &[u8; 32]) -> Result<LessSafeKey, String> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| "the content key is unusable".to_owned())
}

fn decode(what: &str, text: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(text).map_err(|e| format!("the sealed key's {what}: {e}"))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encryption::keys::tests::pair;

    #[test]
    fn each_recipient_can_open_it() {
        let ((one, one_public), (two, two_public), (other, _)) = (pair(0), pair(1), pair(2));
        for recipients in [&[&one_public][..], &[&one_public, &two_public]] {
            let sealed = seal(recipients, b"content").unwrap();
            assert_eq!(open(&[&other, &one], &sealed).as_deref(), Ok(&b"content"[..]));
            assert_eq!(open(&[&two], &sealed).is_ok(), recipients.len() == 2);
            assert!(open(&[&other], &sealed).unwrap_err().contains("recipients"));
        }
    }

    #[test]
    fn changes_are_noticed() {
        let (key, public) = pair(0);
        let sealed = seal(&[&public], b"content").unwrap();
        let message = || serde_json::from_slice::<Message>(&sealed).unwrap();
        let open = |message: &Message| open(&[&key], &json(message).unwrap());
        assert!(open(&message()).is_ok());
        let header = |header: &Header| URL_SAFE_NO_PAD.encode(json(header).unwrap());
        for (change, why) in [
            (Box::new(|m: &mut Message| m.ciphertext = "AAAA".into()) as Box<dyn Fn(&mut Message)>, "recipients"),
            (Box::new(|m| m.tag = "?".into()), "tag"),
            (Box::new(|m| m.iv = "AAAA".into()), "iv"),
            (
                Box::new(|m| m.protected = header(&Header { enc: Some("A128CBC".into()), ..Header::default() })),
                "A128CBC",
            ),
            (
                Box::new(|m| {
                    let header = Header { enc: Some(CONTENT.into()), zip: Some("DEF".into()), ..Header::default() };
                    m.protected = URL_SAFE_NO_PAD.encode(json(&header).unwrap());
                }),
                "extensions",
            ),
        ] {
            let mut changed = message();
            change(&mut changed);
            let error = open(&changed).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
