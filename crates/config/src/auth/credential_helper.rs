//! Docker's credential helpers: `docker-credential-NAME get`, the server on stdin, JSON on stdout.

use super::{Credentials, Error};
use serde::Deserialize;
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
    let fail =
        |why: String| Error::Helper { name: name.to_owned(), path: file.into(), registry: server.to_owned(), why };
    if name.is_empty() || name.contains('/') {
        return Err(fail("it must be a name, not a path".into()));
    }
    let mut command = Command::new(format!("docker-credential-{name}"));
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|e| fail(format!("it does not start: {e}")))?;
    // A helper that doesn't read its input is judged by its answer.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(server.as_bytes());
    }
    let mut text = String::new();
    let read = child.stdout.take().map(|out| out.take(LONGEST).read_to_string(&mut text));
    let status = child.wait().map_err(|e| fail(e.to_string()))?;
    if let Some(Err(e)) = read {
        return Err(fail(e.to_string()));
    }
    answer(&text, status.success()).map_err(fail)
}

fn answer(text: &str, success: bool) -> Result<Option<Credentials>, String> {
    if !success {
        let known = ["credentials not found", "no credentials server URL", "no credentials username"];
        let text = text.trim();
        if text.is_empty() || known.iter().any(|known| text.contains(known)) {
            return Ok(None);
        }
        return Err(text.chars().take(200).collect());
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
