//! What is wrong with a tar stream, in words: its decoder shows bytes as lists of numbers.

use tar_core::HeaderError;
use tar_core::parse::ParseError;

/// For messages about layers and archives.
#[must_use]
pub fn malformed(error: &ParseError) -> String {
    match error {
        ParseError::Header(HeaderError::InvalidOctal(field)) => {
            let field = String::from_utf8_lossy(field.trim_ascii()).into_owned();
            format!("a header has {:?} where an octal number should be", field.trim_end_matches('\0'))
        }
        ParseError::Header(HeaderError::ChecksumMismatch { .. }) => "the checksum of a header is wrong".to_owned(),
        ParseError::Header(other) => other.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_shown_as_text() {
        let octal = ParseError::Header(HeaderError::InvalidOctal(b"[[z\x1b\0 ".to_vec()));
        assert_eq!(malformed(&octal), "a header has \"[[z\\u{1b}\" where an octal number should be");
        let sum = ParseError::Header(HeaderError::ChecksumMismatch { expected: 1, computed: 2 });
        assert_eq!(malformed(&sum), "the checksum of a header is wrong");
    }
}
