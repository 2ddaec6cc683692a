//! YAML files, with errors that say the line and what was wrong in a user's words.

use serde::de::DeserializeOwned;
use serde_saphyr::{MessageFormatter, UserMessageFormatter};

/// Reads a document; the error names line and column, but not the file.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|error| {
        let what = match UserMessageFormatter.format_message(error.without_snippet()).into_owned() {
            what if what == "expected mapping start" => "here should be `key: value`".to_owned(),
            what if what == "expected sequence start" => "here should be a list (`- value` or `[value]`)".to_owned(),
            what => what,
        };
        match error.location() {
            Some(place) => format!("line {}, column {}: {what}", place.line(), place.column()),
            None => what,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::collections::BTreeMap;

    #[test]
    fn errors_say_where_and_what() {
        type File = BTreeMap<String, BTreeMap<String, bool>>;
        assert!(parse::<File>("a:\n  b: true\n").is_ok());
        for (text, expected) in [
            ("a:\n  - b\n", "line 2, column 3: here should be `key: value`"),
            ("a:\n  b: maybe\n", "line 2, column 6: invalid boolean"),
        ] {
            let error = parse::<File>(text).unwrap_err();
            assert!(error.starts_with(expected) && !error.contains('\n'), "{error}");
        }
    }
}
