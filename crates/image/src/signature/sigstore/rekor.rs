//! The promise of a transparency log (Rekor) that it has recorded a signature: a "signed entry timestamp".

use super::key::PublicKey;
use crate::signature::pem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sha2::Digest as _;

/// The content of the annotation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    #[serde(rename = "SignedEntryTimestamp")]
    signature: String,
    #[serde(rename = "Payload")]
    payload: Payload,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    body: String,
    #[serde(rename = "integratedTime")]
    integrated_time: i64,
    #[serde(rename = "logIndex")]
    log_index: i64,
    #[serde(rename = "logID")]
    log_id: String,
}

/// What the log recorded.
#[derive(Clone, Copy)]
pub(super) struct Recorded<'a> {
    /// The key or certificate in DER.
    pub(super) signer: &'a [u8],
    /// The signature.
    pub(super) signature: &'a [u8],
    /// The signed document.
    pub(super) document: &'a [u8],
}

/// When the log recorded exactly this, in seconds since 1970, as one of these keys says.
pub(super) fn verify(logs: &[PublicKey], bundle: &str, expected: &Recorded<'_>) -> Result<u64, String> {
    let bundle: Bundle = serde_json::from_str(bundle).map_err(|e| format!("the log's entry is malformed: {e}"))?;
    let signature = decode("signature", &bundle.signature)?;
    let signed = canonical(&bundle.payload);
    if !logs.iter().any(|log| log.verifies(signed.as_bytes(), &signature)) {
        return Err("the log's entry is not signed by a trusted transparency log".to_owned());
    }
    let body = decode("body", &bundle.payload.body)?;
    let body: Value = serde_json::from_slice(&body).map_err(|e| format!("the log's entry is malformed: {e}"))?;
    compare(&body, expected)?;
    u64::try_from(bundle.payload.integrated_time).map_err(|_| "the log's entry is from before 1970".to_owned())
}

/// RFC 8785 of four members whose names are in order; the texts' escapes are serde's, which are the RFC's.
fn canonical(payload: &Payload) -> String {
    let (body, id) = (Value::from(payload.body.as_str()), Value::from(payload.log_id.as_str()));
    let (time, index) = (payload.integrated_time, payload.log_index);
    format!(r#"{{"body":{body},"integratedTime":{time},"logID":{id},"logIndex":{index}}}"#)
}

fn compare(body: &Value, expected: &Recorded<'_>) -> Result<(), String> {
    let text = |path: &str| {
        body.pointer(path).and_then(Value::as_str).ok_or_else(|| format!("the log's entry lacks `{}`", &path[1..]))
    };
    let (kind, version) = (text("/kind")?, text("/apiVersion")?);
    if (kind, version) != ("hashedrekord", "0.0.1") {
        let (kind, version) = (crate::error::printable(kind), crate::error::printable(version));
        return Err(format!("the log's entry is a `{kind}` of version `{version}`, not a hashedrekord of 0.0.1"));
    }
    let signer = pem::single(&decode("key", text("/spec/signature/publicKey/content")?)?)?;
    if signer.bytes != expected.signer {
        return Err("the log's entry is about another key".to_owned());
    }
    if decode("signature", text("/spec/signature/content")?)? != expected.signature {
        return Err("the log's entry is about another signature".to_owned());
    }
    let hash = hex(&sha2::Sha256::digest(expected.document));
    if text("/spec/data/hash/algorithm")? != "sha256" || !text("/spec/data/hash/value")?.eq_ignore_ascii_case(&hash) {
        return Err("the log's entry is about another document".to_owned());
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(what: &str, text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|e| format!("the log's entry: {what}: {e}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::signature::sigstore::private_key::PrivateKey;
    use serde_json::json;

    /// A bundle as a log with this key would give it.
    pub(in super::super) fn record(
        log: &PrivateKey,
        signer_pem: &str,
        signature: &[u8],
        document: &[u8],
        time: i64,
    ) -> String {
        let hash = hex(&sha2::Sha256::digest(document));
        let body = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hash}},
            "signature": {"content": STANDARD.encode(signature), "publicKey": {"content": STANDARD.encode(signer_pem)}},
        }});
        let payload = Payload {
            body: STANDARD.encode(body.to_string()),
            integrated_time: time,
            log_index: 7,
            log_id: "c0ffee".into(),
        };
        let set = STANDARD.encode(log.sign(canonical(&payload).as_bytes()).unwrap());
        json!({"SignedEntryTimestamp": set, "Payload": {"body": payload.body, "integratedTime": time, "logIndex": 7, "logID": "c0ffee"}})
            .to_string()
    }

    #[test]
    fn only_what_was_recorded_passes() {
        let (private, public) = super::super::generate(b"").unwrap();
        let log = PrivateKey::open(private.as_bytes(), b"").unwrap();
        let logs = [PublicKey::from_pem(public.as_bytes()).unwrap()];
        let der = pem::single(public.as_bytes()).unwrap().bytes;
        let bundle = record(&log, &public, b"sig", b"doc", 1_700_000_000);
        let good = Recorded { signer: &der, signature: b"sig", document: b"doc" };
        assert_eq!(verify(&logs, &bundle, &good), Ok(1_700_000_000));
        for (wrong, why) in [
            (Recorded { signer: b"x", ..good }, "another key"),
            (Recorded { signature: b"x", ..good }, "another signature"),
            (Recorded { document: b"x", ..good }, "another document"),
        ] {
            assert!(verify(&logs, &bundle, &wrong).unwrap_err().contains(why));
        }
        assert!(verify(&[], &bundle, &good).unwrap_err().contains("not signed"));
        let later = bundle.replace("1700000000", "1700000001");
        assert!(verify(&logs, &later, &good).unwrap_err().contains("not signed"));
        assert!(verify(&logs, "{}", &good).unwrap_err().contains("malformed"));
    }
}
