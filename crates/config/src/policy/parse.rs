//! The text of a policy into requirements. Only what containers-policy.json(5) lists passes.

use super::requirement::{KeySource, Requirement, SigstoreSigned, SigstoreTrust, Subject};
use super::{Policy, SignedIdentity, scope};
use base64::Engine as _;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: Vec<Typed>,
    #[serde(default)]
    transports: Unique<Unique<Vec<Typed>>>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
enum Typed {
    InsecureAcceptAnything {},
    Reject {},
    #[serde(rename_all = "camelCase")]
    SignedBy {
        key_type: String,
        key_path: Option<String>,
        key_paths: Option<Vec<String>>,
        key_data: Option<String>,
        #[serde(default)]
        signed_identity: SignedIdentity,
    },
    SigstoreSigned(Box<SigstoreFields>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SigstoreFields {
    key_path: Option<String>,
    key_paths: Option<Vec<String>>,
    key_data: Option<String>,
    key_datas: Option<Vec<String>>,
    fulcio: Option<FulcioFields>,
    pki: Option<PkiFields>,
    rekor_public_key_path: Option<String>,
    rekor_public_key_paths: Option<Vec<String>>,
    rekor_public_key_data: Option<String>,
    rekor_public_key_datas: Option<Vec<String>>,
    #[serde(default)]
    signed_identity: SignedIdentity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FulcioFields {
    #[serde(rename = "caPath")]
    ca_path: Option<String>,
    #[serde(rename = "caData")]
    ca_data: Option<String>,
    #[serde(rename = "oidcIssuer")]
    oidc_issuer: String,
    #[serde(rename = "subjectEmail")]
    subject_email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PkiFields {
    #[serde(rename = "caRootsPath")]
    roots_path: Option<String>,
    #[serde(rename = "caRootsData")]
    roots_data: Option<String>,
    #[serde(rename = "caIntermediatesPath")]
    intermediates_path: Option<String>,
    #[serde(rename = "caIntermediatesData")]
    intermediates_data: Option<String>,
    #[serde(rename = "subjectHostname")]
    hostname: Option<String>,
    #[serde(rename = "subjectEmail")]
    email: Option<String>,
}

pub(super) fn parse(text: &str) -> Result<Policy, String> {
    let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let default = requirements(file.default).map_err(|why| format!("default: {why}"))?;
    let mut transports = BTreeMap::new();
    for (transport, scopes) in file.transports.0 {
        let mut parsed = BTreeMap::new();
        for (name, list) in scopes.0 {
            scope::check(&transport, &name)?;
            let list = requirements(list).map_err(|why| format!("transport `{transport}`, scope `{name}`: {why}"))?;
            parsed.insert(name, list);
        }
        transports.insert(transport, parsed);
    }
    Ok(Policy { default, transports })
}

fn requirements(list: Vec<Typed>) -> Result<Vec<Requirement>, String> {
    if list.is_empty() {
        return Err(
            "the list of requirements is empty; {\"type\": \"insecureAcceptAnything\"} says that there are none".into(),
        );
    }
    list.into_iter().map(requirement).collect()
}

fn requirement(typed: Typed) -> Result<Requirement, String> {
    match typed {
        Typed::InsecureAcceptAnything {} => Ok(Requirement::InsecureAcceptAnything),
        Typed::Reject {} => Ok(Requirement::Reject),
        Typed::SignedBy { key_type, key_path, key_paths, key_data, signed_identity } => {
            if key_type != "GPGKeys" {
                return Err(format!("signedBy: keyType `{key_type}` is not known; there is GPGKeys"));
            }
            let given =
                [paths(key_path.map(|p| vec![p])), paths(key_paths), datas("keyData", key_data.map(|d| vec![d]))?];
            let keys = one("signedBy", "keyPath, keyPaths and keyData", given)?;
            Ok(Requirement::SignedBy { keys, identity: signed_identity })
        }
        Typed::SigstoreSigned(fields) => sigstore(*fields).map(Requirement::SigstoreSigned),
    }
}

fn sigstore(fields: SigstoreFields) -> Result<SigstoreSigned, String> {
    let keys = [
        paths(fields.key_path.map(|p| vec![p])),
        paths(fields.key_paths),
        datas("keyData", fields.key_data.map(|d| vec![d]))?,
        datas("keyDatas", fields.key_datas)?,
    ];
    let needs_log = fields.fulcio.is_some();
    let trust = keys
        .into_iter()
        .map(|keys| keys.map(SigstoreTrust::Keys))
        .chain([fields.fulcio.map(fulcio).transpose()?, fields.pki.map(pki).transpose()?]);
    let trust = one("sigstoreSigned", "keyPath, keyPaths, keyData, keyDatas, fulcio and pki", trust)?;
    let logs = [
        paths(fields.rekor_public_key_path.map(|p| vec![p])),
        paths(fields.rekor_public_key_paths),
        datas("rekorPublicKeyData", fields.rekor_public_key_data.map(|d| vec![d]))?,
        datas("rekorPublicKeyDatas", fields.rekor_public_key_datas)?,
    ];
    let rekor = at_most_one("sigstoreSigned", "the keys rekorPublicKey…", logs)?.unwrap_or_default();
    if needs_log && rekor.is_empty() {
        return Err("sigstoreSigned: with fulcio, a rekorPublicKey… is needed".into());
    }
    Ok(SigstoreSigned { trust, rekor, identity: fields.signed_identity })
}

fn fulcio(fields: FulcioFields) -> Result<SigstoreTrust, String> {
    let given = [path(fields.ca_path), data("caData", fields.ca_data)?];
    let ca = one("fulcio", "caPath and caData", given)?;
    for (key, value) in [("oidcIssuer", &fields.oidc_issuer), ("subjectEmail", &fields.subject_email)] {
        if value.is_empty() {
            return Err(format!("fulcio: {key} is empty"));
        }
    }
    Ok(SigstoreTrust::Fulcio { ca, oidc_issuer: fields.oidc_issuer, subject_email: fields.subject_email })
}

fn pki(fields: PkiFields) -> Result<SigstoreTrust, String> {
    let given = [path(fields.roots_path), data("caRootsData", fields.roots_data)?];
    let roots = one("pki", "caRootsPath and caRootsData", given)?;
    let given = [path(fields.intermediates_path), data("caIntermediatesData", fields.intermediates_data)?];
    let intermediates = at_most_one("pki", "caIntermediatesPath and caIntermediatesData", given)?;
    let subject = Subject { email: fields.email, hostname: fields.hostname };
    if [&subject.email, &subject.hostname].iter().all(|one| one.as_deref().unwrap_or_default().is_empty()) {
        return Err("pki: one of subjectEmail and subjectHostname is needed".into());
    }
    Ok(SigstoreTrust::Pki { roots, intermediates, subject })
}

fn path(path: Option<String>) -> Option<KeySource> {
    path.map(|path| KeySource::Path(path.into()))
}

fn paths(paths: Option<Vec<String>>) -> Option<Vec<KeySource>> {
    paths.map(|paths| paths.into_iter().map(|path| KeySource::Path(path.into())).collect())
}

fn data(key: &str, text: Option<String>) -> Result<Option<KeySource>, String> {
    Ok(datas(key, text.map(|text| vec![text]))?.and_then(|mut list| list.pop()))
}

fn datas(key: &str, texts: Option<Vec<String>>) -> Result<Option<Vec<KeySource>>, String> {
    let decode = |text: String| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        bytes.map(KeySource::Data).map_err(|e| format!("{key} is not base64: {e}"))
    };
    texts.map(|texts| texts.into_iter().map(decode).collect()).transpose()
}

fn one<T: Given>(what: &str, keys: &str, given: impl IntoIterator<Item = Option<T>>) -> Result<T, String> {
    at_most_one(what, keys, given)?.ok_or_else(|| format!("{what}: one of {keys} is needed"))
}

fn at_most_one<T: Given>(
    what: &str,
    keys: &str,
    given: impl IntoIterator<Item = Option<T>>,
) -> Result<Option<T>, String> {
    let mut given = given.into_iter().flatten();
    let first = given.next();
    if given.next().is_some() {
        return Err(format!("{what}: only one of {keys} may be there"));
    }
    if first.as_ref().is_some_and(Given::is_empty) {
        return Err(format!("{what}: a list of keys is empty"));
    }
    Ok(first)
}

/// What may be given and yet say nothing.
trait Given {
    fn is_empty(&self) -> bool;
}

impl Given for Vec<KeySource> {
    fn is_empty(&self) -> bool {
        Vec::is_empty(self)
    }
}

impl Given for KeySource {
    fn is_empty(&self) -> bool {
        false
    }
}

impl Given for SigstoreTrust {
    fn is_empty(&self) -> bool {
        matches!(self, SigstoreTrust::Keys(keys) if keys.is_empty())
    }
}

/// A map in which a key that stands there twice is an error.
struct Unique<T>(BTreeMap<String, T>);

impl<T> Default for Unique<T> {
    fn default() -> Self {
        Unique(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Unique<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Unique<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique<T>, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    if entries.contains_key(&key) {
                        return Err(A::Error::custom(format!("`{key}` is there twice")));
                    }
                    entries.insert(key, value);
                }
                Ok(Unique(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests;
