//! Variables in an instruction's words: `$name`, `${name}` and the shell's operators, with quotes and escapes resolved
//! (Dockerfile reference, "Environment replacement").

use super::pattern;

/// How variables are looked up; `None`: it isn't set.
pub type Lookup<'a> = dyn FnMut(&str) -> Option<String> + 'a;

/// What may not be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWord {
    /// A quote or brace isn't closed.
    #[error("unexpected end of statement while looking for matching {0}")]
    Unclosed(&'static str),
    /// `${}`, `${:x}`.
    #[error("bad substitution: ${{ must be followed by a variable's name")]
    NoName,
    /// `${a=b}`.
    #[error("unsupported modifier ({0}) in substitution of {1}")]
    Modifier(String, String),
    /// `${a:?why}`.
    #[error("{name}: {why}")]
    Required {
        /// The variable.
        name: String,
        /// As the file says, or that it isn't set.
        why: String,
    },
    /// More than is reasonable.
    #[error("the expanded word has more than {MAX_BYTES} bytes")]
    TooLong,
    /// Patterns would take too long.
    #[error("the value has more than {MAX_MATCHED} bytes, too many to look for patterns in")]
    LongValue,
    /// Nested too deeply.
    #[error("substitutions are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// The longest result, in bytes. (The kernel takes 128 KiB as one argument or variable; a heredoc may have more.)
const MAX_BYTES: usize = 16 << 20;
/// The longest value that patterns are looked for in, in bytes: that takes time.
const MAX_MATCHED: usize = 32 << 10;
const MAX_DEPTH: usize = 64;

/// What is done besides replacing variables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Quotes and escapes are resolved: one word.
    Word,
    /// Likewise, and white space from unquoted variables separates words.
    Words,
    /// The text of a heredoc: quotes are ordinary characters.
    Text,
}

/// One word.
pub fn word(text: &str, escape: char, lookup: &mut Lookup<'_>) -> Result<String, BadWord> {
    let mut words = expand(text, escape, Style::Word, lookup)?;
    Ok(words.pop().unwrap_or_default())
}

/// As many words as come out: of a variable with white space several, of an empty one none.
pub fn words(text: &str, escape: char, lookup: &mut Lookup<'_>) -> Result<Vec<String>, BadWord> {
    expand(text, escape, Style::Words, lookup)
}

/// The content of a heredoc; its escape character is always `\`.
pub fn text(text: &str, lookup: &mut Lookup<'_>) -> Result<String, BadWord> {
    let mut words = expand(text, '\\', Style::Text, lookup)?;
    Ok(words.pop().unwrap_or_default())
}

fn expand(text: &str, escape: char, style: Style, lookup: &mut Lookup<'_>) -> Result<Vec<String>, BadWord> {
    let mut expansion = Expansion { rest: text, escape, lookup, depth: 0 };
    let mut output = Output { words: Vec::new(), word: String::new(), begun: false, style };
    expansion.until(None, &mut output)?;
    output.end_word();
    Ok(output.words)
}

struct Output {
    words: Vec<String>,
    word: String,
    /// There is a word, even if it is empty so far.
    begun: bool,
    style: Style,
}

impl Output {
    fn inner(style: Style) -> Output {
        Output { words: Vec::new(), word: String::new(), begun: false, style }
    }

    /// Unquoted.
    fn push(&mut self, c: char) -> Result<(), BadWord> {
        if self.style == Style::Words && c.is_whitespace() {
            self.end_word();
            return Ok(());
        }
        self.push_quoted(c)
    }

    fn push_quoted(&mut self, c: char) -> Result<(), BadWord> {
        self.begun = true;
        self.word.push(c);
        if self.word.len() > MAX_BYTES { Err(BadWord::TooLong) } else { Ok(()) }
    }

    fn end_word(&mut self) {
        if std::mem::take(&mut self.begun) {
            self.words.push(std::mem::take(&mut self.word));
        }
    }
}

struct Expansion<'t, 'l> {
    rest: &'t str,
    escape: char,
    lookup: &'l mut Lookup<'l>,
    depth: usize,
}

impl Expansion<'_, '_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Up to a closing character, which is consumed, or to the end.
    fn until(&mut self, stop: Option<(char, &'static str)>, output: &mut Output) -> Result<(), BadWord> {
        let quotes = output.style != Style::Text;
        while let Some(c) = self.next() {
            match c {
                c if stop.is_some_and(|(stop, _)| stop == c) => return Ok(()),
                '\'' if quotes => self.single_quoted(output)?,
                '"' if quotes => self.double_quoted(output)?,
                '$' => {
                    for c in self.dollar(output.style)?.chars() {
                        output.push(c)?;
                    }
                }
                c if c == self.escape => {
                    // What follows has no meaning.
                    if let Some(c) = self.next() {
                        output.push_quoted(c)?;
                    }
                }
                c => output.push(c)?,
            }
        }
        match stop {
            Some((_, what)) => Err(BadWord::Unclosed(what)),
            None => Ok(()),
        }
    }

    fn single_quoted(&mut self, output: &mut Output) -> Result<(), BadWord> {
        output.begun = true;
        while let Some(c) = self.next() {
            if c == '\'' {
                return Ok(());
            }
            output.push_quoted(c)?;
        }
        Err(BadWord::Unclosed("single-quote"))
    }

    fn double_quoted(&mut self, output: &mut Output) -> Result<(), BadWord> {
        output.begun = true;
        while let Some(c) = self.next() {
            match c {
                '"' => return Ok(()),
                '$' => {
                    for c in self.dollar(output.style)?.chars() {
                        output.push_quoted(c)?;
                    }
                }
                c if c == self.escape => {
                    // Before others it stands for itself.
                    let next = self.peek().filter(|next| matches!(next, '"' | '$') || *next == self.escape);
                    if next.is_some() {
                        self.next();
                    }
                    output.push_quoted(next.unwrap_or(c))?;
                }
                c => output.push_quoted(c)?,
            }
        }
        Err(BadWord::Unclosed("double-quote"))
    }

    /// After a dollar sign.
    fn dollar(&mut self, style: Style) -> Result<String, BadWord> {
        if self.peek() != Some('{') {
            let name = self.name();
            return Ok(if name.is_empty() { "$".to_owned() } else { (self.lookup)(&name).unwrap_or_default() });
        }
        self.next();
        let name = self.name();
        if name.is_empty() {
            return Err(if self.rest.is_empty() { BadWord::Unclosed("}") } else { BadWord::NoName });
        }
        if self.depth == MAX_DEPTH {
            return Err(BadWord::TooDeep);
        }
        self.depth += 1;
        let value = self.substitution(&name, if style == Style::Text { Style::Text } else { Style::Word });
        self.depth -= 1;
        value
    }

    /// After `${name`.
    fn substitution(&mut self, name: &str, style: Style) -> Result<String, BadWord> {
        let value = (self.lookup)(name);
        let unsupported = |modifier: String| Err(BadWord::Modifier(modifier, name.to_owned()));
        match self.next() {
            None => Err(BadWord::Unclosed("}")),
            Some('}') => Ok(value.unwrap_or_default()),
            Some(':') => match self.next() {
                None => Err(BadWord::Unclosed("}")),
                // An empty value counts as none.
                Some(c @ ('-' | '+' | '?')) => self.default(name, c, value.filter(|value| !value.is_empty()), style),
                Some(c) => unsupported(format!(":{c}")),
            },
            Some(c @ ('-' | '+' | '?')) => self.default(name, c, value, style),
            Some(c @ ('#' | '%')) => {
                let longest = self.rest.starts_with(c);
                if longest {
                    self.next();
                }
                let pattern = pattern::parse(&self.raw(('}', "}"), style)?);
                let value = matched(value)?;
                Ok(if c == '#' {
                    pattern::without_prefix(&value, &pattern, longest).to_owned()
                } else {
                    pattern::without_suffix(&value, &pattern, longest).to_owned()
                })
            }
            Some('/') => {
                let all = self.rest.starts_with('/');
                if all {
                    self.next();
                }
                let pattern = pattern::parse(&self.raw(('/', "/"), style)?);
                let replacement = self.plain(style)?;
                let replaced = pattern::replace(&matched(value)?, &pattern, &replacement, all);
                if replaced.len() > MAX_BYTES { Err(BadWord::TooLong) } else { Ok(replaced) }
            }
            Some(c) => unsupported(c.to_string()),
        }
    }

    /// `-`, `+` and `?`; the value is none if it counts as not set.
    fn default(&mut self, name: &str, operator: char, value: Option<String>, style: Style) -> Result<String, BadWord> {
        let word = self.plain(style)?;
        match (operator, value) {
            ('-', value) => Ok(value.unwrap_or(word)),
            ('+', value) => Ok(value.map_or_else(String::new, |_| word)),
            (_, Some(value)) => Ok(value),
            (_, None) => {
                let why = if word.is_empty() { "not allowed to be unset or empty".to_owned() } else { word };
                Err(BadWord::Required { name: name.to_owned(), why })
            }
        }
    }

    /// The operand up to the closing brace.
    fn plain(&mut self, style: Style) -> Result<String, BadWord> {
        let mut output = Output::inner(style);
        self.until(Some(('}', "}")), &mut output)?;
        Ok(output.word)
    }

    /// The same for a pattern, in which escapes stay: they take the meaning from `*` and `?`.
    fn raw(&mut self, stop: (char, &'static str), style: Style) -> Result<String, BadWord> {
        let mut output = Output::inner(style);
        while let Some(c) = self.next() {
            match c {
                c if c == stop.0 => return Ok(output.word),
                '$' => output.word += &self.dollar(style)?,
                '\'' if style != Style::Text => self.single_quoted(&mut output)?,
                '"' if style != Style::Text => self.double_quoted(&mut output)?,
                c if c == self.escape => {
                    output.push('\\')?;
                    if let Some(c) = self.next() {
                        output.push(c)?;
                    }
                }
                c => output.push(c)?,
            }
        }
        Err(BadWord::Unclosed(stop.1))
    }

    /// Letters, digits and underscores; digits alone; or one special character.
    fn name(&mut self) -> String {
        let first = self.peek();
        let length = match first {
            Some(c) if c.is_ascii_digit() => self.rest.chars().take_while(char::is_ascii_digit).count(),
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => 1,
            _ => self.rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').count(),
        };
        // All of them are one byte long.
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        name.to_owned()
    }
}

fn matched(value: Option<String>) -> Result<String, BadWord> {
    let value = value.unwrap_or_default();
    if value.len() > MAX_MATCHED { Err(BadWord::LongValue) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Option<String> {
        let value = match name {
            "a" => "x",
            "empty" => "",
            "two" => "p  q",
            "path" => "/usr/lib/lib.so.1",
            "tag" => "v1.2.3",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn one(text: &str) -> String {
        word(text, '\\', &mut value).unwrap()
    }

    #[test]
    fn operators_are_those_of_the_shell() {
        for (text, expected) in [
            ("$a", "x"),
            ("${a}b$a", "xbx"),
            ("$none-", "-"),
            ("${none:-d}", "d"),
            ("${empty:-d}", "d"),
            ("${empty-d}", ""),
            ("${none-d}", "d"),
            ("${a:+s}${none:+s}${empty:+s}", "s"),
            ("${empty+s}", "s"),
            ("${none:-${empty:-$a}y}", "xy"),
            ("${a:?no}", "x"),
            ("${path#*/}", "usr/lib/lib.so.1"),
            ("${path##*/}", "lib.so.1"),
            ("${path%.*}", "/usr/lib/lib.so"),
            ("${path%%.*}", "/usr/lib/lib"),
            ("${path/lib/X}", "/usr/X/lib.so.1"),
            ("${path//lib/X}", "/usr/X/X.so.1"),
            ("${tag#v}", "1.2.3"),
            ("${tag//./_}", "v1_2_3"),
            ("${tag/v*./}", "3"),
            ("${tag//\\*/z}", "v1.2.3"),
            ("$", "$"),
            ("a$/b", "a$/b"),
        ] {
            assert_eq!(one(text), expected, "{text}");
        }
    }

    #[test]
    fn quotes_and_escapes() {
        assert_eq!(one(r#"'$a'"#), "$a");
        assert_eq!(one(r#""$a \$a \n \" \\""#), r#"x $a \n " \"#);
        assert_eq!(one(r"\$a \\ \n"), r"$a \ n");
        assert_eq!(one(r#"a'b'"c""#), "abc");
        assert_eq!(word("`$a", '`', &mut value).unwrap(), "$a");
        assert_eq!(text("'$a' \\$a \\n \"\\\\\"\n", &mut value).unwrap(), "'x' $a n \"\\\"\n");
    }

    #[test]
    fn words_come_from_variables_too() {
        let split = |text: &str| words(text, '\\', &mut value).unwrap();
        assert_eq!(split("$two r"), ["p", "q", "r"]);
        assert_eq!(split("\"$two\""), ["p  q"]);
        assert_eq!(split("$empty"), [""; 0]);
        assert_eq!(split("'' a\\ b"), ["", "a b"]);
        assert_eq!(one("$two"), "p  q");
    }

    #[test]
    fn what_makes_no_sense() {
        let error = |text: &str| word(text, '\\', &mut value).unwrap_err().to_string();
        assert!(error("'a").contains("single-quote"));
        assert!(error("\"a").contains("double-quote"));
        assert!(error("${a").contains('}'));
        assert!(error("${}").contains("bad substitution"));
        assert!(error("${a:=b}").contains("unsupported modifier (:=)"));
        assert!(error("${a^}").contains("(^)"));
        assert_eq!(error("${none:?give it}"), "none: give it");
        assert!(error("${none?}").contains("not allowed to be unset"));
        assert!(error(&format!("{}a{}", "${a:+".repeat(100), "}".repeat(100))).contains("nested"));
        let mut long = |_: &str| Some("y".repeat(9 << 20));
        assert_eq!(word("$a$a", '\\', &mut long), Err(BadWord::TooLong));
        assert_eq!(word("${a#x}", '\\', &mut long), Err(BadWord::LongValue));
        let mut many = |_: &str| Some("y".repeat(9000));
        assert_eq!(word(&format!("${{a//y/{}}}", "z".repeat(2000)), '\\', &mut many), Err(BadWord::TooLong));
    }
}
