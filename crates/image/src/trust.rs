//! `image trust`: the policy as a table, and one scope of it changed.
//!
//! [`changed`] works on the file's JSON as it is, so that requirements this program wouldn't write stay in it.

use crate::Error;
use crate::signature::gpg;
use config::Environment;
use config::policy::{self, KeySource, Policy, Requirement};
use config::registries_d::{self, RegistriesD};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Where the files are.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// `--policypath`, else the user's file, else the system's.
    pub policy: Option<PathBuf>,
    /// `--registrypath`, else the user's folder, else the system's.
    pub registries: Option<PathBuf>,
}

/// One requirement of one scope, as it is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `repository` for `docker`; `all` for the default.
    pub transport: String,
    /// The scope.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The same, shorter for the default.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repo_name: String,
    /// Where simple signatures lie.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sigstore: String,
    /// `accept`, `reject`, `signed`, `sigstoreSigned`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whose keys.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gpg_id: String,
}

/// What `trust set` makes of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Everything from there.
    Accept,
    /// Nothing.
    Reject,
    /// What each of these OpenPGP keyrings has signed.
    SignedBy(Vec<PathBuf>),
    /// What each of these sigstore keys has signed.
    SigstoreSigned(Vec<PathBuf>),
}

/// The file's text.
pub fn raw(environment: &Environment, files: &Files) -> Result<String, Error> {
    let path = policy_path(environment, files);
    std::fs::read_to_string(&path).map_err(Error::io(format!("read policy `{}`", path.display())))
}

/// The default first, then all scopes.
pub fn show(environment: &Environment, files: &Files) -> Result<Vec<Entry>, Error> {
    let policy = policy::load(environment, files.policy.as_deref())?;
    let lookaside = match &files.registries {
        Some(folder) => registries_d::load_folder(folder)?,
        None => registries_d::load(environment)?,
    };
    let ids = |source: &KeySource| match source {
        KeySource::Data(bytes) => gpg::user_ids(bytes).unwrap_or_default(),
        KeySource::Path(path) => {
            std::fs::read(path).ok().and_then(|bytes| gpg::user_ids(&bytes).ok()).unwrap_or_default()
        }
    };
    Ok(entries(&policy, &lookaside, &ids))
}

fn entries(policy: &Policy, lookaside: &RegistriesD, ids: &dyn Fn(&KeySource) -> Vec<String>) -> Vec<Entry> {
    let default = Entry {
        transport: "all".to_owned(),
        name: "* (default)".to_owned(),
        repo_name: "default".to_owned(),
        ..Entry::default()
    };
    let mut all: Vec<Entry> = policy.default.iter().map(|required| entry(&default, required, ids)).collect();
    for (transport, scopes) in &policy.transports {
        for (scope, list) in scopes {
            let base = Entry {
                transport: if transport == "docker" { "repository".to_owned() } else { transport.clone() },
                name: scope.clone(),
                repo_name: scope.clone(),
                sigstore: if transport == "docker" { store_of(lookaside, scope) } else { String::new() },
                ..Entry::default()
            };
            all.extend(list.iter().map(|required| entry(&base, required, ids)));
        }
    }
    all
}

/// The lookaside that a scope or one around it has of its own.
fn store_of(lookaside: &RegistriesD, scope: &str) -> String {
    let around = scope.match_indices('/').map(|(at, _)| scope[..at].to_owned()).rev();
    let scopes: Vec<String> = std::iter::once(scope.to_owned()).chain(around).collect();
    lookaside.lookaside(&scopes).unwrap_or_default().to_owned()
}

fn entry(base: &Entry, required: &Requirement, ids: &dyn Fn(&KeySource) -> Vec<String>) -> Entry {
    let (kind, sigstore, gpg_id) = match required {
        Requirement::InsecureAcceptAnything => ("accept", "", String::new()),
        Requirement::Reject => ("reject", "", String::new()),
        Requirement::SignedBy { keys, .. } => {
            ("signed", base.sigstore.as_str(), keys.iter().flat_map(ids).map(email).collect::<Vec<_>>().join(", "))
        }
        Requirement::SigstoreSigned(_) => ("sigstoreSigned", "", "N/A".to_owned()),
    };
    Entry { kind: kind.to_owned(), sigstore: sigstore.to_owned(), gpg_id, ..base.clone() }
}

/// `Name <mail>` → `mail`.
fn email(id: String) -> String {
    match id.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        Some((email, _)) => email.to_owned(),
        None => id,
    }
}

/// Changes the policy of a scope (`default`, or one of `docker`'s or of another transport that has it already).
pub fn set(environment: &Environment, files: &Files, scope: &str, trust: &Trust) -> Result<(), Error> {
    let path = policy_path(environment, files);
    let invalid = |why| Error::from(policy::Error::Invalid { path: path.clone(), why });
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        text => Some(text.map_err(Error::io(format!("read policy `{}`", path.display())))?),
    };
    let text = changed(text.as_deref(), scope, trust).map_err(invalid)?;
    Policy::parse(&text).map_err(invalid)?;
    write(&path, &text).map_err(Error::io(format!("write policy `{}`", path.display())))
}

fn policy_path(environment: &Environment, files: &Files) -> PathBuf {
    policy::path(environment, files.policy.as_deref()).unwrap_or_else(|| policy::system_path(environment))
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let new = path.with_extension(format!("json.new-{}", std::process::id()));
    let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}

fn changed(text: Option<&str>, scope: &str, trust: &Trust) -> Result<String, String> {
    let mut policy: Map<String, Value> =
        text.map_or(Ok(Map::new()), |text| serde_json::from_str(text).map_err(|e| e.to_string()))?;
    let requirements = requirements(trust);
    if scope == "default" {
        policy.insert("default".to_owned(), requirements);
    } else if !policy.contains_key("default") {
        return Err("default trust policy must be set".to_owned());
    } else {
        let transports = policy.entry("transports").or_insert_with(|| json!({}));
        let transports = transports.as_object_mut().ok_or("transports is no object")?;
        let has = |scopes: &Value| scopes.get(scope).is_some();
        let transport = transports.iter().find(|(_, scopes)| has(scopes)).map_or("docker", |(name, _)| name).to_owned();
        let scopes = transports.entry(transport).or_insert_with(|| json!({}));
        scopes.as_object_mut().ok_or("a transport is no object")?.insert(scope.to_owned(), requirements);
    }
    let mut out = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    policy.serialize(&mut serde_json::Serializer::with_formatter(&mut out, indent)).map_err(|e| e.to_string())?;
    String::from_utf8(out).map_err(|e| e.to_string())
}

fn requirements(trust: &Trust) -> Value {
    let each = |keys: &[PathBuf], make: &dyn Fn(&Path) -> Value| keys.iter().map(|key| make(key)).collect::<Value>();
    match trust {
        Trust::Accept => json!([{"type": "insecureAcceptAnything"}]),
        Trust::Reject => json!([{"type": "reject"}]),
        Trust::SignedBy(keys) => each(keys, &|key| json!({"type": "signedBy", "keyType": "GPGKeys", "keyPath": key})),
        Trust::SigstoreSigned(keys) => each(keys, &|key| json!({"type": "sigstoreSigned", "keyPath": key})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"default":[{"type":"reject"}],"transports":{
        "dir":{"/x":[{"type":"reject"}],"":[{"type":"insecureAcceptAnything"}]},
        "docker":{"a.b/c":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"},{"type":"reject"}]}}}"#;

    #[test]
    fn the_policy_as_a_table() {
        let mut lookaside = RegistriesD::default();
        lookaside.merge("docker: {a.b: {lookaside: 'https://l'}}", Path::new("x")).unwrap();
        let ids = |_: &KeySource| vec!["A B <a@b>".to_owned(), "c".to_owned()];
        let rows: Vec<_> = entries(&Policy::parse(POLICY).unwrap(), &lookaside, &ids)
            .into_iter()
            .map(|e| [e.transport, e.repo_name, e.kind, e.gpg_id, e.sigstore].join("|"))
            .collect();
        assert_eq!(
            rows,
            [
                "all|default|reject||",
                "dir||accept||",
                "dir|/x|reject||",
                "repository|a.b/c|signed|a@b, c|https://l",
                "repository|a.b/c|reject||"
            ]
        );
    }

    #[test]
    fn one_scope_is_changed_and_the_rest_stays() {
        let signed = Trust::SignedBy(vec!["/1".into(), "/2".into()]);
        let text = changed(Some(POLICY), "a.b/c", &signed).unwrap();
        let policy = Policy::parse(&text).unwrap();
        assert_eq!(policy.transports["docker"]["a.b/c"].len(), 2);
        assert_eq!(policy.default, [Requirement::Reject]);
        assert_eq!(policy.transports["dir"].len(), 2);
        let text = changed(Some(&text), "/x", &Trust::Accept).unwrap();
        assert_eq!(Policy::parse(&text).unwrap().transports["dir"]["/x"], [Requirement::InsecureAcceptAnything]);
        let text = changed(None, "default", &Trust::Accept).unwrap();
        assert_eq!(
            text,
            "{\n    \"default\": [\n        {\n            \"type\": \"insecureAcceptAnything\"\n        }\n    ]\n}"
        );
        assert!(changed(None, "a.b", &Trust::Reject).unwrap_err().contains("default trust policy"));
        assert!(changed(Some("[]"), "a.b", &Trust::Reject).is_err());
    }
}
