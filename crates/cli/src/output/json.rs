//! JSON as Podman indents it.

use serde::Serialize;

/// Pretty-printed with that indentation, without a final newline; escaped as Go does.
pub fn pretty<T: Serialize>(value: &T, indent: &str) -> Result<String, serde_json::Error> {
    Ok(oci::json::escape(&indented(value, indent)?))
}

/// The same with `<`, `>` and `&` as they are.
pub fn unescaped<T: Serialize>(value: &T, indent: &str) -> Result<String, serde_json::Error> {
    Ok(oci::json::escape_separators(&indented(value, indent)?))
}

fn indented<T: Serialize>(value: &T, indent: &str) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
