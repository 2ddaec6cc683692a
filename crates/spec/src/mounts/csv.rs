//! One line of comma-separated values as Go's encoding/csv reads it: a field may be in double quotes, `""` is a quote.

use crate::Invalid;

/// The fields.
pub fn fields(line: &str) -> Result<Vec<String>, Invalid> {
    let invalid = |why: &str| Invalid::new(format!("parse error in {line:?}: {why}"));
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, tail) = rest.split_once(',').map_or((rest, None), |(field, tail)| (field, Some(tail)));
            if field.contains('"') {
                return Err(invalid("bare \" in non-quoted field"));
            }
            fields.push(field.to_owned());
            match tail {
                Some(tail) => rest = tail,
                None => return Ok(fields),
            }
            continue;
        };
        let (field, tail) = quoted_field(quoted).ok_or_else(|| invalid("extraneous or missing \" in quoted-field"))?;
        fields.push(field);
        match tail.strip_prefix(',') {
            Some(tail) => rest = tail,
            None if tail.is_empty() => return Ok(fields),
            None => return Err(invalid("extraneous or missing \" in quoted-field")),
        }
    }
}

/// The field, and what follows its closing quote.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, tail) = rest.split_once('"')?;
        field.push_str(part);
        match tail.strip_prefix('"') {
            Some(tail) => {
                field.push('"');
                rest = tail;
            }
            None => return Some((field, tail)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn quoting() {
        assert_eq!(fields("a,b=c").unwrap(), ["a", "b=c"]);
        assert_eq!(fields("type=bind,\"src=/a,b\",dst=/x").unwrap(), ["type=bind", "src=/a,b", "dst=/x"]);
        assert_eq!(fields("\"a\"\"b\"").unwrap(), ["a\"b"]);
        assert_eq!(fields("a,,b,").unwrap(), ["a", "", "b", ""]);
        for line in ["a\"b", "\"a", "\"a\"b,c"] {
            assert!(fields(line).is_err(), "{line}");
        }
    }
}
