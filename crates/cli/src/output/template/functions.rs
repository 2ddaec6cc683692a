//! The predefined functions of text/template and those that Podman adds.

use super::eval::{Val, truth};
use super::print::{display, printf, show, type_name};
use super::{JSON_FORM, Types};
use serde_json::Value;
use std::cmp::Ordering;

/// Why a function failed.
#[derive(Debug)]
pub enum Failure {
    /// Too few or too many arguments.
    Arguments(String),
    /// It did not like their values.
    Call(String),
}

/// All names.
pub fn exists(name: &str) -> bool {
    ARITY.iter().any(|(known, ..)| *known == name)
}

/// Name, least and most arguments.
const ARITY: &[(&str, usize, usize)] = &[
    ("and", 1, usize::MAX),
    ("or", 1, usize::MAX),
    ("not", 1, 1),
    ("eq", 2, usize::MAX),
    ("ne", 2, 2),
    ("lt", 2, 2),
    ("le", 2, 2),
    ("gt", 2, 2),
    ("ge", 2, 2),
    ("len", 1, 1),
    ("index", 1, usize::MAX),
    ("slice", 1, 4),
    ("print", 0, usize::MAX),
    ("printf", 1, usize::MAX),
    ("println", 0, usize::MAX),
    ("html", 0, usize::MAX),
    ("js", 0, usize::MAX),
    ("urlquery", 0, usize::MAX),
    ("json", 1, 1),
    ("join", 2, 2),
    ("split", 2, 2),
    ("lower", 1, 1),
    ("upper", 1, 1),
    ("title", 1, 1),
    ("pad", 3, 3),
    ("truncate", 2, 2),
];

/// Calls `name`.
pub fn call(name: &str, arguments: &[Val<'_>], types: Types) -> Result<Value, Failure> {
    let got = arguments.len();
    let (_, least, most) = ARITY.iter().find(|(known, ..)| *known == name).copied().unwrap_or((name, 0, 0));
    if got < least || got > most {
        let want = if most == usize::MAX { format!("at least {least}") } else { least.to_string() };
        return Err(Failure::Arguments(format!("wrong number of args for {name}: want {want} got {got}")));
    }
    dispatch(name, arguments, types).map_err(Failure::Call)
}

fn dispatch(name: &str, a: &[Val<'_>], types: Types) -> Result<Value, String> {
    Ok(match name {
        "not" => Value::from(!truth(&a[0], types)),
        "eq" => return equals_any(&a[0].value, &a[1..]),
        "ne" => Value::from(!equal(&a[0].value, &a[1].value)?),
        "lt" => Value::from(order(&a[0].value, &a[1].value)? == Ordering::Less),
        "le" => Value::from(order(&a[0].value, &a[1].value)? != Ordering::Greater),
        "gt" => Value::from(order(&a[0].value, &a[1].value)? == Ordering::Greater),
        "ge" => Value::from(order(&a[0].value, &a[1].value)? != Ordering::Less),
        "len" => return length(&a[0].value),
        "index" => return index(&a[0].value, &a[1..]),
        "slice" => return slice(&a[0].value, &a[1..]),
        "print" => Value::from(print(a, types)),
        "println" => Value::from(a.iter().map(|v| show(v, types)).collect::<Vec<_>>().join(" ") + "\n"),
        "printf" => Value::from(printf(text(&a[0])?, &a[1..], types)),
        "html" => Value::from(html(&print(a, types))),
        "js" => Value::from(js(&print(a, types))),
        "urlquery" => Value::from(urlquery(&print(a, types))),
        "json" => Value::from(json(&a[0].value)?),
        "join" => Value::from(join(&a[0].value, text(&a[1])?)?),
        "split" => Value::from(text(&a[0])?.split(text(&a[1])?).collect::<Vec<_>>()),
        "lower" => Value::from(text(&a[0])?.to_lowercase()),
        "upper" => Value::from(text(&a[0])?.to_uppercase()),
        "title" => Value::from(title(text(&a[0])?)),
        "pad" => Value::from(pad(text(&a[0])?, number(&a[1])?, number(&a[2])?)),
        "truncate" => Value::from(text(&a[0])?.chars().take(number(&a[1])?).collect::<String>()),
        _ => return Err(format!("unknown function {name}")),
    })
}

/// Escapes line separators only, as Podman's function does.
fn json(value: &Value) -> Result<String, String> {
    let text = serde_json::to_string(&json_form(value)).map_err(|error| error.to_string())?;
    Ok(oci::json::escape_separators(&text))
}

/// What JSON shows: an object's other form, if it has one; what lies in lists and maps likewise.
fn json_form(value: &Value) -> Value {
    match value {
        Value::Object(map) => match map.get(JSON_FORM) {
            Some(form) => form.clone(),
            None => map.iter().map(|(key, value)| (key.clone(), json_form(value))).collect(),
        },
        Value::Array(list) => list.iter().map(json_form).collect(),
        other => other.clone(),
    }
}

fn text<'v>(value: &'v Val<'_>) -> Result<&'v str, String> {
    value
        .value
        .as_str()
        .ok_or_else(|| format!("wrong type for value; expected string; got {}", type_name(&value.value)))
}

fn number(value: &Val<'_>) -> Result<usize, String> {
    let n = value.value.as_u64().and_then(|n| usize::try_from(n).ok());
    n.ok_or_else(|| format!("wrong type for value; expected int; got {}", type_name(&value.value)))
}

fn equals_any(first: &Value, others: &[Val<'_>]) -> Result<Value, String> {
    for other in others {
        if equal(first, &other.value)? {
            return Ok(Value::from(true));
        }
    }
    Ok(Value::from(false))
}

fn equal(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) if x.is_f64() == y.is_f64() => Ok(x.as_f64() == y.as_f64()),
        (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => Ok(a == b),
        (Value::Null, _) | (_, Value::Null) => Ok(a == b),
        _ => Err(incompatible(a, b)),
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    format!("incompatible types for comparison: {} and {}", type_name(a), type_name(b))
}

fn order(a: &Value, b: &Value) -> Result<Ordering, String> {
    match (a, b) {
        (Value::String(x), Value::String(y)) => Ok(x.cmp(y)),
        (Value::Number(x), Value::Number(y)) if x.is_f64() == y.is_f64() => {
            let (x, y) = (x.as_f64().unwrap_or_default(), y.as_f64().unwrap_or_default());
            Ok(x.total_cmp(&y))
        }
        (Value::Number(_) | Value::String(_), Value::Number(_) | Value::String(_)) => Err(incompatible(a, b)),
        _ => Err("invalid type for comparison".to_owned()),
    }
}

fn length(value: &Value) -> Result<Value, String> {
    Ok(Value::from(match value {
        Value::String(s) => s.len(),
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len() - usize::from(map.contains_key(JSON_FORM)),
        Value::Null => 0,
        other => return Err(format!("len of type {}", type_name(other))),
    }))
}

fn index(value: &Value, keys: &[Val<'_>]) -> Result<Value, String> {
    let mut value = value;
    let mut byte_value;
    for key in keys {
        value = match (value, key.value.as_ref()) {
            (Value::Array(list), Value::Number(n)) => {
                let at = n.as_i64().unwrap_or(-1);
                usize::try_from(at).ok().and_then(|i| list.get(i)).ok_or_else(|| format!("index out of range: {at}"))?
            }
            (Value::Object(map), Value::String(key)) => match map.get(key) {
                Some(found) => found,
                None => return Ok(zero(map.values().next())),
            },
            // A byte of it.
            (Value::String(text), Value::Number(n)) => {
                let at = n.as_i64().unwrap_or(-1);
                let byte = usize::try_from(at).ok().and_then(|i| text.as_bytes().get(i));
                byte_value = Value::from(*byte.ok_or_else(|| format!("index out of range: {at}"))?);
                &byte_value
            }
            (Value::Null, Value::String(_)) => return Ok(Value::from("")),
            (Value::Null, _) => return Err("index of untyped nil".to_owned()),
            (Value::Array(_) | Value::Object(_) | Value::String(_), key) => {
                return Err(format!("cannot index slice/array with type {}", type_name(key)));
            }
            (other, _) => return Err(format!("can't index item of type {}", type_name(other))),
        };
    }
    Ok(value.clone())
}

/// What Go gives for an absent key: the zero value of the map's element type, guessed from a present one.
fn zero(sample: Option<&Value>) -> Value {
    match sample {
        Some(Value::Number(_)) => Value::from(0),
        Some(Value::Bool(_)) => Value::from(false),
        Some(Value::Array(_)) => Value::Array(Vec::new()),
        Some(Value::Object(_)) => Value::Null,
        _ => Value::from(""),
    }
}

fn slice(value: &Value, bounds: &[Val<'_>]) -> Result<Value, String> {
    let size = match value {
        Value::String(s) => s.len(),
        Value::Array(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", type_name(other))),
    };
    let start = bounds.first().map_or(Ok(0), number)?;
    let end = bounds.get(1).map_or(Ok(size), number)?;
    if start > size || end > size {
        return Err(format!("index out of range: {}", if start > size { start } else { end }));
    }
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    Ok(match value {
        Value::String(s) => Value::from(String::from_utf8_lossy(&s.as_bytes()[start..end]).into_owned()),
        Value::Array(list) => Value::from(list[start..end].to_vec()),
        _ => Value::Null,
    })
}

/// fmt.Sprint: a space between two operands when neither is a string.
fn print(arguments: &[Val<'_>], types: Types) -> String {
    let mut out = String::new();
    for (i, value) in arguments.iter().enumerate() {
        if i > 0 && !value.value.is_string() && !arguments[i - 1].value.is_string() {
            out.push(' ');
        }
        out.push_str(&show(value, types));
    }
    out
}

fn join(list: &Value, separator: &str) -> Result<String, String> {
    match list {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|v| display(v, "", Types::default())).collect();
            Ok(items.join(separator))
        }
        Value::Null => Ok(String::new()),
        other => Err(format!("wrong type for value; expected []string; got {}", type_name(other))),
    }
}

/// Each word's first letter in upper case.
fn title(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match inside {
            true => out.push(c),
            false => out.extend(c.to_uppercase()),
        }
        inside = c.is_alphanumeric() || c == '_' || c == '\'';
    }
    out
}

fn pad(text: &str, before: usize, after: usize) -> String {
    const MOST: usize = 1_000_000;
    if text.is_empty() {
        return String::new();
    }
    format!("{}{text}{}", " ".repeat(before.min(MOST)), " ".repeat(after.min(MOST)))
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn urlquery(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        match b {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => out.push(b as char),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}
