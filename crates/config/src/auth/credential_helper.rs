//! Docker's credential helpers: `docker-credential-NAME get|store|erase|list`, the question on stdin, JSON on stdout.

use super::{Credentials, Error};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Asks a helper; `None` if it knows none for that server.
pub(super) fn get(name: &str, server: &str, file: &Path) -> Result<Option<Credentials>, Error> {
    let call = Call { name, server, file };
    let (text, success) = call.run("get", server)?;
    answer(&text, success).map_err(|why| call.failed(why))
}

/// Hands credentials to a helper.
pub(super) fn store(name: &str, server: &str, (user, password): (&str, &str), file: &Path) -> Result<(), Error> {
    let call = Call { name, server, file };
    let input = serde_json::json!({ "ServerURL": server, "Username": user, "Secret": password });
    let (text, success) = call.run("store", &input.to_string())?;
    if success { Ok(()) } else { Err(call.failed(shortened(&text))) }
}

/// Lets a helper forget a server; false if it knew none.
pub(super) fn erase(name: &str, server: &str, file: &Path) -> Result<bool, Error> {
    let call = Call { name, server, file };
    let (text, success) = call.run("erase", server)?;
    if success {
        return Ok(true);
    }
    if knows_none(&text) { Ok(false) } else { Err(call.failed(shortened(&text))) }
}

/// The servers that a helper knows.
pub(super) fn list(name: &str, file: &Path) -> Result<Vec<String>, Error> {
    let call = Call { name, server: "all registries", file };
    let (text, success) = call.run("list", "unused")?;
    if !success {
        return Err(call.failed(shortened(&text)));
    }
    let servers: BTreeMap<String, serde::de::IgnoredAny> =
        serde_json::from_str(&text).map_err(|e| call.failed(format!("its answer is no JSON: {e}")))?;
    Ok(servers.into_keys().collect())
}

/// Who is called, about what.
struct Call<'a> {
    name: &'a str,
    server: &'a str,
    file: &'a Path,
}

impl Call<'_> {
    fn failed(&self, why: String) -> Error {
        Error::Helper { name: self.name.to_owned(), path: self.file.into(), registry: self.server.to_owned(), why }
    }

    /// What it answers, and whether it succeeded.
    fn run(&self, verb: &str, input: &str) -> Result<(String, bool), Error> {
        if self.name.is_empty() || self.name.contains('/') {
            return Err(self.failed("it must be a name, not a path".into()));
        }
        let mut command = Command::new(format!("docker-credential-{}", self.name));
        command.arg(verb).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| self.failed(format!("it does not start: {e}")))?;
        // A helper that doesn't read its input is judged by its answer.
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(input.as_bytes());
        }
        let mut text = String::new();
        let read = child.stdout.take().map(|out| out.take(LONGEST).read_to_string(&mut text));
        let status = child.wait().map_err(|e| self.failed(e.to_string()))?;
        if let Some(Err(e)) = read {
            return Err(self.failed(e.to_string()));
        }
        Ok((text, status.success()))
    }
}

fn knows_none(text: &str) -> bool {
    let known = ["credentials not found", "no credentials server URL", "no credentials username"];
    text.trim().is_empty() || known.iter().any(|known| text.contains(known))
}

fn shortened(text: &str) -> String {
    match text.trim() {
        "" => "it failed and doesn't say why".to_owned(),
        words => words.chars().take(200).collect(),
    }
}

fn answer(text: &str, success: bool) -> Result<Option<Credentials>, String> {
    if !success {
        return if knows_none(text) { Ok(None) } else { Err(shortened(text)) };
    }
    let answer: Answer = serde_json::from_str(text).map_err(|e| format!("its answer is no JSON: {e}"))?;
    Ok(match answer.username.as_str() {
        "" if answer.secret.is_empty() => None,
        "<token>" => Some(Credentials::IdentityToken(answer.secret)),
        _ => Some(Credentials::Basic { username: answer.username, password: answer.secret }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        let basic = answer(r#"{"ServerURL":"x","Username":"u","Secret":"s"}"#, true).unwrap();
        assert_eq!(basic, Some(Credentials::Basic { username: "u".into(), password: "s".into() }));
        let token = answer(r#"{"Username":"<token>","Secret":"t"}"#, true).unwrap();
        assert_eq!(token, Some(Credentials::IdentityToken("t".into())));
        assert_eq!(answer("credentials not found in native keychain\n", false).unwrap(), None);
        assert!(answer("gpg: no secret key", false).unwrap_err().contains("gpg"));
        assert!(answer("nonsense", true).is_err());
    }

    #[test]
    fn a_missing_helper_is_named() {
        let error = get("surely-not-there", "a.b", Path::new("/x/auth.json")).unwrap_err().to_string();
        assert!(error.contains("docker-credential-surely-not-there") && error.contains("/x/auth.json"), "{error}");
        assert!(get("../x", "a.b", Path::new("y")).is_err());
    }
}
