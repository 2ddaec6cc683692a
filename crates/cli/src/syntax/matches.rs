//! What was given on the command line.

use super::flag::{Flag, Kind};

/// The flags and arguments of one command.
#[derive(Debug, Clone, Default)]
pub struct Matches {
    /// In the order of the table; a flag's values in the order given.
    values: Vec<(&'static str, Vec<String>)>,
    /// Arguments that aren't flags.
    pub arguments: Vec<String>,
}

impl Matches {
    /// Records values of a flag, checked and split by its kind.
    pub fn insert(&mut self, flag: &'static Flag, given: Vec<String>) -> Result<(), String> {
        let values = match flag.kind {
            Kind::List => given.iter().map(|v| csv(v)).collect::<Result<Vec<_>, _>>(),
            _ => given.iter().map(|v| check(flag.kind, v).map(|()| vec![v.clone()])).collect(),
        };
        let values = values.map_err(|(value, why)| {
            format!("invalid argument {} for \"{}\" flag: {why}", crate::output::quote(&value), flag.shown())
        })?;
        self.values.push((flag.name, values.into_iter().flatten().collect()));
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&[String]> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, values)| values.as_slice())
    }

    /// Whether it was on the command line at all.
    pub fn given(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The last value.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.find(name)?.last().map(String::as_str)
    }

    /// All values.
    pub fn list(&self, name: &str) -> &[String] {
        self.find(name).unwrap_or_default()
    }

    /// A switch; absent means off.
    pub fn bool(&self, name: &str) -> bool {
        self.maybe_bool(name).unwrap_or(false)
    }

    /// A switch that may be absent.
    pub fn maybe_bool(&self, name: &str) -> Option<bool> {
        self.text(name).and_then(parse_bool)
    }

    /// A number, checked when it was read.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }
}

/// Go's strconv.ParseBool.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn check(kind: Kind, value: &str) -> Result<(), (String, String)> {
    let bad = |function: &str| {
        let quoted = crate::output::quote(value);
        (value.to_owned(), format!("strconv.{function}: parsing {quoted}: invalid syntax"))
    };
    match kind {
        Kind::Bool if parse_bool(value).is_none() => Err(bad("ParseBool")),
        Kind::Int if value.parse::<i64>().is_err() => Err(bad("ParseInt")),
        Kind::Uint if value.parse::<u64>().is_err() => Err(bad("ParseUint")),
        Kind::Choice(words) if !words.contains(&value) => {
            let why =
                format!("{} is not a valid value.  Choose from: \"{}\"", crate::output::quote(value), words.join(", "));
            Err((value.to_owned(), why))
        }
        _ => Ok(()),
    }
}

/// One line of CSV as Go reads it: fields may be in double quotes, a doubled quote inside stands for one.
fn csv(line: &str) -> Result<Vec<String>, (String, String)> {
    let wrong = |what: &str| (line.to_owned(), format!("parse error on line 1, column 1: {what}"));
    let mut fields = Vec::new();
    let mut rest = line;
    if line.is_empty() {
        return Ok(fields);
    }
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted).ok_or_else(|| wrong("extraneous or missing \" in quoted-field"))?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                if rest[..end].contains('"') {
                    return Err(wrong("bare \" in non-quoted-field"));
                }
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

/// After the opening quote: the field's content, and what follows the closing quote (nothing or a comma).
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return (rest.is_empty() || rest.starts_with(',')).then_some((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_like_go() {
        assert_eq!(csv("a,b").unwrap(), ["a", "b"]);
        assert_eq!(csv("\"a,b\",c").unwrap(), ["a,b", "c"]);
        assert_eq!(csv("\"a\"\"b\"").unwrap(), ["a\"b"]);
        assert_eq!(csv("a,").unwrap(), ["a", ""]);
        assert_eq!(csv("").unwrap(), Vec::<String>::new());
        assert!(csv("a\"b").is_err());
        assert!(csv("\"a").is_err());
    }
}
