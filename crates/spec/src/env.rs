//! Environment variables: `-e` forms and `--env-file` lines.

use crate::{Defaults, Invalid, process::Process};
use std::collections::BTreeMap;

/// Name → value.
pub type Variables = BTreeMap<String, String>;

/// `NAME=value`; `NAME` copies the host's if it is set; `PRE*` copies all that begin so.
pub fn add(variables: &mut Variables, text: &str, host: &Variables) -> Result<(), Invalid> {
    match text.split_once('=') {
        Some(("", _)) => return Err(Invalid::new(format!("invalid variable: {text:?}"))),
        Some((name, value)) => {
            variables.insert(name.to_owned(), value.to_owned());
        }
        None => match text.strip_suffix('*') {
            Some(prefix) => {
                let matching = host.iter().filter(|(name, _)| name.starts_with(prefix));
                variables.extend(matching.map(|(name, value)| (name.clone(), value.clone())));
            }
            None => variables.extend(host.get(text).map(|value| (text.to_owned(), value.clone()))),
        },
    }
    Ok(())
}

/// All lines of an `--env-file`. `file` is its name for errors. Empty lines and those that begin with `#` are skipped.
pub fn add_file(variables: &mut Variables, text: &str, file: &str, host: &Variables) -> Result<(), Invalid> {
    for line in text.lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        add(variables, line, host).map_err(|e| Invalid::new(format!("parsing file {file:?}: {e}")))?;
    }
    Ok(())
}

/// Variables that carry a proxy's address, in both cases.
const PROXY: [&str; 8] =
    ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"];

/// All variables of the container as `NAME=value`: configured ones, the host's where asked for, the image's, the user's;
/// later ones win in place. HOSTNAME and HOME come with each start.
pub(crate) fn resolve(process: &Process, image: &[String], defaults: &Defaults, host: &Variables) -> Vec<String> {
    let mut list = List::default();
    for text in &defaults.env {
        match text.split_once('=') {
            Some((name, value)) => list.set(name, value),
            None => host.get(text).into_iter().for_each(|value| list.set(text, value)),
        }
    }
    if process.terminal {
        list.set("TERM", "xterm");
    }
    list.set("container", "podman");
    if process.env_host.unwrap_or(defaults.env_host) {
        host.iter().for_each(|(name, value)| list.set(name, value));
    }
    if process.http_proxy.unwrap_or(defaults.http_proxy) {
        for name in PROXY {
            host.get(name).into_iter().for_each(|value| list.set(name, value));
        }
    }
    for text in image {
        // An image may hold a name without value; it is an empty variable then.
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        list.set(name, value);
    }
    if process.unset_env_all {
        list.0.clear();
    }
    list.0.retain(|(name, _)| !process.unset_env.contains(name));
    process.env.iter().for_each(|(name, value)| list.set(name, value));
    list.0.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

/// In order of first appearance. Short enough to search in line.
#[derive(Default)]
struct List(Vec<(String, String)>);

impl List {
    fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Variables {
        [("A", "1"), ("FOO_X", "x"), ("FOO_Y", "y")].map(|(k, v)| (k.into(), v.into())).into()
    }

    fn added(texts: &[&str]) -> Result<Vec<String>, String> {
        let mut variables = Variables::new();
        for text in texts {
            add(&mut variables, text, &host()).map_err(|e| e.message)?;
        }
        Ok(variables.iter().map(|(k, v)| format!("{k}={v}")).collect())
    }

    #[test]
    fn forms() {
        assert_eq!(added(&["A=b"]).unwrap(), ["A=b"]);
        assert_eq!(added(&["A=b=c", "B="]).unwrap(), ["A=b=c", "B="]);
        assert_eq!(added(&["A", "NOT_THERE", ""]).unwrap(), ["A=1"]);
        assert_eq!(added(&["FOO*"]).unwrap(), ["FOO_X=x", "FOO_Y=y"]);
        assert_eq!(added(&["=b"]).unwrap_err(), "invalid variable: \"=b\"");
    }

    #[test]
    fn file_lines() {
        let mut variables = Variables::new();
        add_file(&mut variables, "# c\nA\n\n  B=2\nE=\"q\"\n", "ef", &host()).unwrap();
        assert_eq!(variables, [("A", "1"), ("B", "2"), ("E", "\"q\"")].map(|(k, v)| (k.into(), v.into())).into());
        let error = add_file(&mut variables, "=x", "ef", &host()).unwrap_err();
        assert_eq!(error.message, "parsing file \"ef\": invalid variable: \"=x\"");
    }
}
