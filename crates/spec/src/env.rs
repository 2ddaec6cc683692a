//! Environment variables: `-e` forms and `--env-file` lines.

use crate::Invalid;
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
