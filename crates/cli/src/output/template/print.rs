//! Values as Go's fmt package shows them (`%v` and the other verbs of `printf`).

use super::eval::Val;
use super::{JSON_FORM, Types};
use serde_json::Value;

/// A value as an action prints it.
pub fn show(value: &Val<'_>, types: Types) -> String {
    if value.missing {
        return "<no value>".to_owned();
    }
    display(&value.value, &value.name, types)
}

/// `%v` without knowledge of types.
pub fn plain(value: &Value) -> String {
    display(value, "", Types::default())
}

/// Whether the field of that name is a map.
pub fn is_map(name: &str, types: Types) -> bool {
    types.maps.contains(&name)
}

/// Go's name of a value's type.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(list) if list.iter().all(Value::is_string) => "[]string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// `%v` of the value of field `name`.
pub fn display(value: &Value, name: &str, types: Types) -> String {
    match value {
        Value::Null if is_map(name, types) => "map[]".to_owned(),
        Value::Null if types.pointers.contains(&name) || types.root.is_empty() => "<nil>".to_owned(),
        Value::Null => "[]".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => number(n),
        Value::String(s) if types.times.contains(&name) => time(s),
        Value::String(s) => s.clone(),
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(|v| display(v, "", types)).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) if is_map(name, types) || types.root.is_empty() => {
            let shown = map.iter().filter(|(k, _)| k.as_str() != JSON_FORM);
            let mut items: Vec<_> = shown.map(|(k, v)| format!("{k}:{}", display(v, "", types))).collect();
            items.sort();
            format!("map[{}]", items.join(" "))
        }
        Value::Object(map)
            if name.is_empty()
                && types.own_fields().all(|field| map.contains_key(field))
                && types.own_fields().count() > 0 =>
        {
            let shown = types.own_fields();
            let items: Vec<_> = shown.filter_map(|k| map.get(k).map(|v| display(v, k, types))).collect();
            format!("{{{}}}", items.join(" "))
        }
        Value::Object(map) => {
            let fields = map.iter().filter(|(k, _)| k.as_str() != JSON_FORM);
            let items: Vec<_> = fields.map(|(k, v)| display(v, k, types)).collect();
            format!("{{{}}}", items.join(" "))
        }
    }
}

fn number(n: &serde_json::Number) -> String {
    match n.as_f64() {
        Some(f) if n.is_f64() => float(f),
        _ => n.to_string(),
    }
}

/// `%v` of a float64: shortest digits, with an exponent from 1e21 on and below 1e-4.
pub fn float(f: f64) -> String {
    if f != 0.0 && (f.abs() >= 1e21 || f.abs() < 1e-4) {
        let text = format!("{f:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    f.to_string()
}

/// RFC 3339 as Go prints a `time.Time`: `2026-11-23 19:57:02.294907772 +0000 UTC`.
pub fn time(text: &str) -> String {
    let Some((date, clock)) = text.split_once('T') else { return text.to_owned() };
    let Some(zone) = clock.find(['Z', '+', '-']) else { return text.to_owned() };
    let (clock, zone) = clock.split_at(zone);
    if zone == "Z" {
        return format!("{date} {clock} +0000 UTC");
    }
    let digits = zone.replace(':', "");
    format!("{date} {clock} {digits} {digits}")
}

/// `printf`.
pub fn printf(format: &str, arguments: &[Val<'_>], types: Types) -> String {
    let mut out = String::new();
    let mut next = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(&flag) = chars.peek() {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                '0' => spec.zero = true,
                ' ' => spec.space = true,
                _ => break,
            }
            chars.next();
        }
        spec.width = digits(&mut chars, &mut next);
        if chars.peek() == Some(&'.') {
            chars.next();
            spec.precision = Some(digits(&mut chars, &mut next).unwrap_or(0));
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match next.next() {
                Some(value) => out.push_str(&spec.apply(verb, value, types)),
                None => out.push_str(&format!("%!{verb}(MISSING)")),
            },
        }
    }
    extra(&mut out, next);
    out
}

fn extra<'a>(out: &mut String, rest: impl Iterator<Item = &'a Val<'a>>) {
    let rest: Vec<_> = rest.map(|v| format!("{}={}", type_name(&v.value), plain(&v.value))).collect();
    if !rest.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", rest.join(", ")));
    }
}

/// A width or precision: digits, or `*` for the next argument.
fn digits<'a>(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    next: &mut impl Iterator<Item = &'a Val<'a>>,
) -> Option<usize> {
    if chars.peek() == Some(&'*') {
        chars.next();
        return next.next().and_then(|v| v.value.as_u64()).map(|n| n.min(MAX_WIDTH as u64) as usize);
    }
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        number = Some((number.unwrap_or(0) * 10 + digit as usize).min(MAX_WIDTH));
        chars.next();
    }
    number
}

/// Go refuses widths above a million; so much padding helps nobody.
const MAX_WIDTH: usize = 1_000_000;

/// Of a float. Rust formats no more than 65535 digits; a double has less than 1100.
const MAX_DIGITS: usize = 1100;

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    sharp: bool,
    zero: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl Spec {
    fn apply(&self, verb: char, value: &Val<'_>, types: Types) -> String {
        match self.verb(verb, value, types) {
            Some(text) => self.pad(text),
            None => format!("%!{verb}({}={})", type_name(&value.value), show(value, types)),
        }
    }

    fn verb(&self, verb: char, value: &Val<'_>, types: Types) -> Option<String> {
        let v = value.value.as_ref();
        Some(match (verb, v) {
            ('v', Value::Number(n)) if !n.is_f64() => self.signed(n.as_i64()?, |m| m.to_string()),
            ('v', _) => show(value, types),
            ('T', _) => type_name(v).to_owned(),
            ('t', Value::Bool(b)) => b.to_string(),
            ('s', Value::String(s)) => self.cut(s),
            ('s', Value::Array(_) | Value::Object(_)) => show(value, types),
            ('q', Value::String(s)) => quote(&self.cut(s)),
            ('q', Value::Array(list)) if list.iter().all(Value::is_string) => {
                let items: Vec<_> = list.iter().filter_map(Value::as_str).map(quote).collect();
                format!("[{}]", items.join(" "))
            }
            ('x', Value::String(s)) => s.bytes().map(|b| format!("{b:02x}")).collect(),
            ('X', Value::String(s)) => s.bytes().map(|b| format!("{b:02X}")).collect(),
            ('e' | 'f' | 'g' | 'F', Value::Number(n)) if n.is_f64() => self.float(verb, n.as_f64()?),
            ('c', Value::Number(n)) => char::from_u32(n.as_u64()?.try_into().ok()?)?.to_string(),
            (_, Value::Number(n)) if !n.is_f64() => self.integer(verb, n.as_i64()?)?,
            _ => return None,
        })
    }

    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text.to_owned(),
        }
    }

    fn integer(&self, verb: char, n: i64) -> Option<String> {
        Some(match verb {
            'd' => self.signed(n, |m| m.to_string()),
            'x' => self.signed(n, |m| format!("{}{m:x}", if self.sharp { "0x" } else { "" })),
            'X' => self.signed(n, |m| format!("{}{m:X}", if self.sharp { "0X" } else { "" })),
            'o' => self.signed(n, |m| format!("{}{m:o}", if self.sharp { "0" } else { "" })),
            'b' => self.signed(n, |m| format!("{m:b}")),
            'U' => format!("U+{n:04X}"),
            _ => return None,
        })
    }

    fn signed(&self, n: i64, magnitude: impl Fn(u64) -> String) -> String {
        let sign = match n {
            n if n < 0 => "-",
            _ if self.plus => "+",
            _ if self.space => " ",
            _ => "",
        };
        format!("{sign}{}", magnitude(n.unsigned_abs()))
    }

    fn float(&self, verb: char, f: f64) -> String {
        let sign = if self.plus && f >= 0.0 { "+" } else { "" };
        let text = match (verb, self.precision.map(|precision| precision.min(MAX_DIGITS))) {
            ('e', precision) => {
                let text = format!("{:.*e}", precision.unwrap_or(6), f);
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let exponent: i32 = exponent.parse().unwrap_or(0);
                format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
            }
            ('g', None) => float(f),
            ('g', Some(precision)) => crate::output::size::significant(f, precision),
            (_, precision) => format!("{:.*}", precision.unwrap_or(6), f),
        };
        format!("{sign}{text}")
    }

    fn pad(&self, text: String) -> String {
        let length = text.chars().count();
        let missing = self.width.unwrap_or(0).saturating_sub(length);
        match (self.left, self.zero) {
            (true, _) => text + &" ".repeat(missing),
            (false, false) => " ".repeat(missing) + &text,
            (false, true) => {
                let sign = text.len() - text.trim_start_matches(['+', '-']).len();
                format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
            }
        }
    }
}

/// Go's double-quoted form.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\x0b' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
