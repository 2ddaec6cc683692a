//! Here-documents of RUN, COPY and ADD: what the instruction's line announces.

use super::words;

/// A file that stands in the lines after its instruction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heredoc {
    /// The word that announces it, such as `<<-"EOF"`.
    pub word: String,
    /// The line that ends it; of COPY and ADD also the file's name.
    pub name: String,
    /// `<<-`: without the tabs at the beginning of its lines.
    pub strips_tabs: bool,
    /// Variables in it have a meaning: the name isn't quoted.
    pub expands: bool,
    /// Whole lines.
    pub content: String,
    /// The descriptor of `3<<EOF`; a shell's affair.
    pub descriptor: Option<u32>,
}

/// Those that a line announces; their content is still empty.
pub(super) fn announced(keyword: &str, rest: &str, escape: char) -> Result<Vec<Heredoc>, String> {
    match keyword {
        "RUN" | "COPY" | "ADD" => {}
        "ONBUILD" => {
            let (keyword, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            return match keyword.to_ascii_uppercase().as_str() {
                "ONBUILD" => Ok(Vec::new()),
                inner => announced(inner, rest, escape),
            };
        }
        _ => return Ok(Vec::new()),
    }
    if !rest.contains("<<") {
        return Ok(Vec::new());
    }
    Ok(words::split(rest, escape).iter().filter_map(|word| parse(word)).collect())
}

/// `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`.
pub fn parse(word: &str) -> Option<Heredoc> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = word[digits..].strip_prefix("<<")?;
    let (strips_tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    // One word: what follows it would be the command that reads it.
    if words::split(rest, '\\').len() != 1 {
        return None;
    }
    let name = words::unquote(rest)?;
    if name.is_empty() {
        return None;
    }
    Some(Heredoc {
        word: word.to_owned(),
        expands: name == rest,
        name,
        strips_tabs,
        content: String::new(),
        descriptor: word[..digits].parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_announce_one() {
        assert_eq!(parse("<<EOF").unwrap().name, "EOF");
        let quoted = parse("3<<-'E F'").unwrap();
        assert_eq!((quoted.name.as_str(), quoted.strips_tabs, quoted.expands), ("E F", true, false));
        assert_eq!(quoted.descriptor, Some(3));
        for word in ["<<", "<<-", "<<<x", "a<<b", "<EOF", "<<\"", "<<''", "<<a b"] {
            assert_eq!(parse(word), None, "{word}");
        }
    }
}
