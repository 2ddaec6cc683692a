//! JSON values as YAML, as much as `info` needs (written only, never read).

use serde_json::Value;

/// The document, without a final newline.
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out.trim_end().to_owned()
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            for key in keys {
                out.push_str(&format!("{indent}{}:", scalar_text(key)));
                child(&map[key], depth, out);
            }
        }
        Value::Array(list) => {
            for item in list {
                let mut text = String::new();
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        block(item, depth + 1, &mut text);
                        // The first key stands on the dash's line.
                        out.push_str(&format!("{indent}- {}", text.trim_start()));
                    }
                    other => {
                        child(other, depth, &mut text);
                        out.push_str(&format!("{indent}- {}", text.trim_start()));
                    }
                }
            }
        }
        other => out.push_str(&format!("{indent}{}\n", scalar(other, depth))),
    }
}

fn child(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(value, depth + 1, out);
        }
        // Lists stand below their key without further indentation.
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(value, depth, out);
        }
        other => out.push_str(&format!(" {}\n", scalar(other, depth + 1))),
    }
}

fn scalar(value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) if text.contains('\n') => {
            let mark = if text.ends_with('\n') { "|" } else { "|-" };
            let indent = "  ".repeat(depth);
            let lines: Vec<String> =
                text.trim_end_matches('\n').lines().map(|line| format!("{indent}{line}")).collect();
            format!("{mark}\n{}", lines.join("\n"))
        }
        Value::String(text) => scalar_text(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// Plain where that can only be read as this text.
fn scalar_text(text: &str) -> String {
    let looks_typed = text.is_empty()
        || text.parse::<f64>().is_ok()
        || matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "~");
    let special = text.starts_with(|c: char| "!&*-?:{}[],#|>@`\"'% ".contains(c))
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with([':', ' '])
        || text.chars().any(char::is_control);
    match (looks_typed, special) {
        (true, _) => format!("\"{text}\""),
        (_, true) if text.chars().any(char::is_control) => super::quote(text),
        (_, true) => format!("'{}'", text.replace('\'', "''")),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn like_podman_info() {
        let value = json!({
            "b": {"list": ["x", {"k": 1, "l": ""}], "none": null, "empty": {}, "t": "true"},
            "a": "one: two", "m": "x\ny",
        });
        let expected = "a: 'one: two'\nb:\n  empty: {}\n  list:\n  - x\n  - k: 1\n    l: \"\"\n  none: null\n  t: \"true\"\nm: |-\n  x\n  y";
        assert_eq!(write(&value), expected);
    }
}
