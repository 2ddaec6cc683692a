//! PEM (RFC 7468) with any label: cosign's and Go's tools write labels that no list knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The largest text that is looked at, in bytes.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// One `-----BEGIN LABEL-----` … `-----END LABEL-----`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) label: String,
    pub(crate) bytes: Vec<u8>,
}

/// All sections; text around them is passed over.
pub(crate) fn sections(text: &[u8]) -> Result<Vec<Section>, String> {
    if text.len() > MAX_TEXT {
        return Err(format!("the PEM text has more than {MAX_TEXT} bytes"));
    }
    let text = std::str::from_utf8(text).map_err(|_| "it is not PEM".to_owned())?;
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        let end = format!("-----END {label}-----");
        let mut body = String::new();
        loop {
            match lines.next() {
                None => return Err(format!("the PEM section `{label}` has no end")),
                Some(line) if line == end => break,
                Some(line) => body.push_str(line),
            }
        }
        let bytes = STANDARD.decode(&body).map_err(|e| format!("the PEM section `{label}` is malformed: {e}"))?;
        found.push(Section { label: label.to_owned(), bytes });
    }
    Ok(found)
}

/// The one section there must be.
pub(crate) fn single(text: &[u8]) -> Result<Section, String> {
    let mut found = sections(text)?;
    match (found.pop(), found.is_empty()) {
        (Some(section), true) => Ok(section),
        (None, _) => Err("there is no PEM section in it".to_owned()),
        (Some(_), false) => Err("there are several PEM sections in it".to_owned()),
    }
}

/// The DER of all certificates, of which there must be one at least.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let found: Vec<_> = sections(text)?.into_iter().filter(|s| s.label == "CERTIFICATE").map(|s| s.bytes).collect();
    if found.is_empty() { Err("there is no PEM certificate in it".to_owned()) } else { Ok(found) }
}

/// One section as text.
pub(crate) fn write(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap_or_default());
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = format!("Of whom:\n{}{}", write("A B", &[7; 100]), write("C", b""));
        let found = sections(text.as_bytes()).unwrap();
        assert_eq!(found[0], Section { label: "A B".into(), bytes: vec![7; 100] });
        assert_eq!(found[1].label, "C");
        assert!(single(text.as_bytes()).is_err() && single(b"x").is_err());
    }

    #[test]
    fn malformed_text_is_refused() {
        for text in [
            "-----BEGIN A-----\nAAAA\n",
            "-----BEGIN A-----\n?\n-----END A-----\n",
            "-----BEGIN A-----\nAAAA\n-----END B-----\n",
        ] {
            assert!(sections(text.as_bytes()).is_err(), "{text}");
        }
        assert!(sections(&[0xff]).is_err());
        assert!(certificates(write("PUBLIC KEY", b"x").as_bytes()).is_err());
    }
}
