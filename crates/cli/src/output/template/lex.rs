//! From template text to tokens.

use super::Error;

/// One token and where it began (byte offset in the template).
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: Kind,
    pub at: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Literal text between actions.
    Text(String),
    /// `{{`
    Left,
    /// `}}`
    Right,
    /// A function's name, a keyword, `true`, `false`, `nil`.
    Word(String),
    /// `.Name`, without the dot.
    Field(String),
    /// `$name`, without the dollar.
    Variable(String),
    /// A lone dot.
    Dot,
    /// As written.
    Number(String),
    /// Unquoted.
    Quoted(String),
    /// `'x'`, its code point.
    Char(char),
    /// `|`, `(`, `)`, `,`, `=`
    Sign(char),
    /// `:=`
    Declare,
    /// White space inside an action (it separates `.a .b` from `.a.b`).
    Space,
}

/// Splits `text`; trim markers (`{{-`, `-}}`) are applied and comments dropped here.
pub fn lex(name: &str, text: &str) -> Result<Vec<Token>, Error> {
    let mut lexer = Lexer { name, text, at: 0, tokens: Vec::new(), trim: false };
    lexer.text()?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    name: &'a str,
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// The last action ended in `-}}`.
    trim: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn fail<T>(&self, message: &str) -> Result<T, Error> {
        let line = self.text[..self.at].matches('\n').count() + 1;
        Err(Error(format!("template: {}:{line}: {message}", self.name)))
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { kind, at: self.at });
        self.at += length;
    }

    fn text(&mut self) -> Result<(), Error> {
        loop {
            let start = self.at;
            let found = self.rest().find("{{");
            let end = found.map_or(self.text.len(), |i| start + i);
            let mut piece = &self.text[start..end];
            if self.trim {
                piece = piece.trim_start_matches(WHITE);
            }
            let after = self.text[end..].get(2..).unwrap_or_default();
            let trims = after.starts_with('-') && after[1..].starts_with(WHITE);
            if found.is_some() && trims {
                piece = piece.trim_end_matches(WHITE);
            }
            if !piece.is_empty() {
                self.tokens.push(Token { kind: Kind::Text(piece.to_owned()), at: start });
            }
            self.at = end;
            if found.is_none() {
                return Ok(());
            }
            self.action(if trims { 4 } else { 2 })?;
        }
    }

    fn action(&mut self, open: usize) -> Result<(), Error> {
        if self.text[self.at + open..].trim_start_matches(WHITE).starts_with("/*") {
            return self.comment();
        }
        self.push(Kind::Left, open);
        while !self.close() {
            self.token()?;
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Error> {
        let Some(end) = self.rest().find("*/") else { return self.fail("unclosed comment") };
        self.at += end + 2;
        let spaces = self.rest().len() - self.rest().trim_start_matches(WHITE).len();
        let tail = &self.rest()[spaces..];
        if spaces > 0 && tail.starts_with("-}}") {
            self.at += spaces + 3;
            self.trim = true;
        } else if spaces == 0 && tail.starts_with("}}") {
            self.at += 2;
            self.trim = false;
        } else {
            return self.fail("comment ends before closing delimiter");
        }
        Ok(())
    }

    /// Eats `}}` or ` -}}`.
    fn close(&mut self) -> bool {
        let spaces = self.rest().len() - self.rest().trim_start_matches(WHITE).len();
        if spaces > 0 && self.rest()[spaces..].starts_with("-}}") {
            self.at += spaces;
            self.push(Kind::Right, 3);
            self.trim = true;
            return true;
        }
        let closes = self.rest().starts_with("}}");
        if closes {
            self.push(Kind::Right, 2);
            self.trim = false;
        }
        closes
    }

    fn token(&mut self) -> Result<(), Error> {
        let Some(first) = self.rest().chars().next() else { return self.fail("unclosed action") };
        let second = self.rest()[first.len_utf8()..].chars().next().unwrap_or(' ');
        match first {
            c if WHITE.contains(&c) => {
                let spaces = self.rest().len() - self.rest().trim_start_matches(WHITE).len();
                self.push(Kind::Space, spaces);
            }
            '"' => return self.quoted(),
            '`' => return self.raw(),
            '\'' => return self.character(),
            ':' if second == '=' => self.push(Kind::Declare, 2),
            '|' | '(' | ')' | ',' | '=' => self.push(Kind::Sign(first), 1),
            '$' => {
                let name = word(&self.rest()[1..]).to_owned();
                let length = 1 + name.len();
                self.push(Kind::Variable(name), length);
                return self.ended();
            }
            '.' if !second.is_ascii_digit() => {
                let name = word(&self.rest()[1..]).to_owned();
                let length = 1 + name.len();
                self.push(if name.is_empty() { Kind::Dot } else { Kind::Field(name) }, length);
                return self.ended();
            }
            c if c.is_ascii_digit() || "+-.".contains(c) => return self.number(),
            c if c.is_alphanumeric() || c == '_' => {
                let name = word(self.rest()).to_owned();
                let length = name.len();
                self.push(Kind::Word(name), length);
                return self.ended();
            }
            '{' | '}' => return self.fail(&format!("unexpected {first:?} in command").replace('\'', "\"")),
            c => return self.fail(&format!("unexpected bad character U+{:04X} '{c}' in command", c as u32)),
        }
        Ok(())
    }

    /// Behind a name not everything may follow.
    fn ended(&self) -> Result<(), Error> {
        match self.rest().chars().next() {
            Some(c) if !WHITE.contains(&c) && !".,|:)(".contains(c) && !self.rest().starts_with("}}") => {
                self.fail(&format!("bad character U+{:04X} '{c}'", c as u32))
            }
            _ => Ok(()),
        }
    }

    fn number(&mut self) -> Result<(), Error> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
        let length = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        let digits = self.rest()[..length].to_owned();
        if !digits.contains(|c: char| c.is_ascii_digit()) {
            return self.fail(&format!("bad number syntax: {digits:?}"));
        }
        self.push(Kind::Number(digits), length);
        Ok(())
    }

    fn raw(&mut self) -> Result<(), Error> {
        let Some(end) = self.rest()[1..].find('`') else { return self.fail("unterminated raw quoted string") };
        let content = self.rest()[1..=end].to_owned();
        self.push(Kind::Quoted(content), end + 2);
        Ok(())
    }

    fn quoted(&mut self) -> Result<(), Error> {
        let Some((content, length)) = unquote(self.rest(), '"') else {
            return self.fail("unterminated quoted string");
        };
        self.push(Kind::Quoted(content), length);
        Ok(())
    }

    fn character(&mut self) -> Result<(), Error> {
        let Some((content, length)) = unquote(self.rest(), '\'') else {
            return self.fail("unterminated character constant");
        };
        let mut chars = content.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => self.push(Kind::Char(c), length),
            _ => return self.fail(&format!("malformed character constant: {}", &self.rest()[..length])),
        }
        Ok(())
    }
}

const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Reads a quoted constant of Go; returns its content and its length with the quotes.
fn unquote(text: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => return None,
            '\\' => content.push(escape(&mut chars)?),
            c if c == quote => return Some((content, at + 1)),
            c => content.push(c),
        }
    }
    None
}

fn escape(chars: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    Some(match chars.next()?.1 {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => code(chars, 2)?,
        'u' => code(chars, 4)?,
        'U' => code(chars, 8)?,
        c => c,
    })
}

fn code(chars: &mut impl Iterator<Item = (usize, char)>, digits: usize) -> Option<char> {
    let hex: String = chars.take(digits).map(|(_, c)| c).collect();
    u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32)
}
