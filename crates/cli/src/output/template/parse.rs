//! From tokens to a tree.

use super::Error;
use super::lex::{Kind, Token, lex};
use super::tree::{Branch, Command, Node, Operand, OperandKind, Pipeline, Tree};
use serde_json::Value;
use std::collections::BTreeMap;

/// Parses `text`.
pub fn parse(name: &str, text: &str) -> Result<Tree, Error> {
    let tokens = lex(name, text)?;
    let mut parser = Parser {
        name,
        text,
        tokens,
        next: 0,
        defined: BTreeMap::new(),
        variables: vec![String::new()],
        loops: 0,
        depth: 0,
    };
    let (main, end) = parser.list()?;
    match end {
        Stop::Eof => Ok(Tree { text: text.to_owned(), main, defined: parser.defined }),
        Stop::End => parser.fail("unexpected {{end}}"),
        Stop::Else => parser.fail("unexpected {{else}}"),
    }
}

/// Why a list of nodes stopped.
#[derive(PartialEq)]
enum Stop {
    Eof,
    End,
    Else,
}

struct Parser<'a> {
    name: &'a str,
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    defined: BTreeMap<String, Vec<Node>>,
    /// In scope; the first is `$`.
    variables: Vec<String>,
    /// Depth of `range`.
    loops: usize,
    /// Depth of any block: definitions are only allowed outside.
    depth: usize,
}

impl Parser<'_> {
    fn fail<T>(&self, message: impl std::fmt::Display) -> Result<T, Error> {
        let at = self.tokens.get(self.next.saturating_sub(1)).map_or(self.text.len(), |t| t.at);
        let line = self.text[..at].matches('\n').count() + 1;
        Err(Error(format!("template: {}:{line}: {message}", self.name)))
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|t| &t.kind)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |t| t.at)
    }

    fn take(&mut self) -> Option<Kind> {
        let kind = self.peek().cloned();
        self.next += 1;
        kind
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(&Kind::Space) {
            self.next += 1;
        }
    }

    /// The next word if it is one of Go's keywords.
    fn keyword(&mut self) -> Option<String> {
        self.skip_space();
        match self.peek() {
            Some(Kind::Word(w)) if KEYWORDS.contains(&w.as_str()) => {
                let word = w.clone();
                self.next += 1;
                Some(word)
            }
            _ => None,
        }
    }

    fn list(&mut self) -> Result<(Vec<Node>, Stop), Error> {
        let mut nodes = Vec::new();
        while let Some(token) = self.take() {
            match token {
                Kind::Text(text) => nodes.push(Node::Text(text)),
                _ => match self.keyword().as_deref() {
                    Some("end") => return self.close().map(|()| (nodes, Stop::End)),
                    // `else if` is looked at by the branch, so nothing more is taken here.
                    Some("else") => return Ok((nodes, Stop::Else)),
                    Some("define") if self.depth == 0 => self.define()?,
                    Some(word) => nodes.push(self.control(word)?),
                    None => nodes.push(Node::Action(self.pipeline("command", Until::Right)?)),
                },
            }
        }
        Ok((nodes, Stop::Eof))
    }

    fn control(&mut self, word: &str) -> Result<Node, Error> {
        Ok(match word {
            "if" => Node::If(self.branch("if")?),
            "with" => Node::With(self.branch("with")?),
            "range" => Node::Range(self.branch("range")?),
            "break" | "continue" => {
                self.close()?;
                if self.loops == 0 {
                    return self.fail(format!("{{{{{word}}}}} outside {{{{range}}}}"));
                }
                if word == "break" { Node::Break } else { Node::Continue }
            }
            "template" => self.call()?,
            other => return self.fail(format!("unexpected <{other}> in command")),
        })
    }

    fn close(&mut self) -> Result<(), Error> {
        self.skip_space();
        match self.take() {
            Some(Kind::Right) => Ok(()),
            other => self.fail(format!("unexpected {} in end", show(other.as_ref()))),
        }
    }

    fn branch(&mut self, word: &str) -> Result<Branch, Error> {
        let scope = self.variables.len();
        let pipe = self.pipeline(word, Until::Right)?;
        self.loops += usize::from(word == "range");
        self.depth += 1;
        let (then, end) = self.list()?;
        self.loops -= usize::from(word == "range");
        let otherwise = match end {
            Stop::Eof => return self.fail("unexpected EOF"),
            Stop::End => Vec::new(),
            Stop::Else => self.otherwise(word)?,
        };
        self.depth -= 1;
        self.variables.truncate(scope);
        Ok(Branch { pipe, then, otherwise })
    }

    /// After `{{else`: the plain list, or a chained `if`/`with`, which shares the outer `end`.
    fn otherwise(&mut self, word: &str) -> Result<Vec<Node>, Error> {
        if let Some(chained) = self.keyword() {
            return match (chained.as_str(), word) {
                ("if", "if") => Ok(vec![Node::If(self.branch("if")?)]),
                ("with", "with") => Ok(vec![Node::With(self.branch("with")?)]),
                _ => self.fail(format!("unexpected <{chained}> in else")),
            };
        }
        self.close()?;
        match self.list()? {
            (nodes, Stop::End) => Ok(nodes),
            (_, Stop::Else) => self.fail("expected end; found {{else}}"),
            (_, Stop::Eof) => self.fail("unexpected EOF"),
        }
    }

    fn quoted(&mut self, context: &str) -> Result<String, Error> {
        self.skip_space();
        match self.take() {
            Some(Kind::Quoted(name)) => Ok(name),
            other => self.fail(format!("unexpected {} in {context}", show(other.as_ref()))),
        }
    }

    fn define(&mut self) -> Result<(), Error> {
        let name = self.quoted("define clause")?;
        self.close()?;
        self.depth += 1;
        let (nodes, end) = self.list()?;
        self.depth -= 1;
        if end != Stop::End {
            return self.fail("unexpected EOF in define clause");
        }
        self.defined.insert(name, nodes);
        Ok(())
    }

    fn call(&mut self) -> Result<Node, Error> {
        self.skip_space();
        let at = self.at();
        let name = self.quoted("template clause")?;
        self.skip_space();
        if self.peek() == Some(&Kind::Right) {
            self.next += 1;
            return Ok(Node::Call(name, None, at));
        }
        let pipe = self.pipeline("template clause", Until::Right)?;
        Ok(Node::Call(name, Some(pipe), at))
    }

    /// Reads up to and including its end.
    fn pipeline(&mut self, context: &str, until: Until) -> Result<Pipeline, Error> {
        self.skip_space();
        let at = self.at();
        let (variables, assigns) = self.declarations(context)?;
        let mut commands = Vec::new();
        loop {
            let command = self.command(context)?;
            let empty = command.words.is_empty();
            match self.take() {
                Some(Kind::Sign('|')) if !empty => commands.push(command),
                Some(Kind::Right) if until == Until::Right => {
                    return self.finish(Pipeline { variables, assigns, commands, at }, command, context);
                }
                Some(Kind::Sign(')')) if until == Until::Paren => {
                    return self.finish(Pipeline { variables, assigns, commands, at }, command, context);
                }
                None => return self.fail("unclosed action"),
                other => return self.fail(format!("unexpected {} in {context}", show(other.as_ref()))),
            }
        }
    }

    fn finish(&mut self, mut pipe: Pipeline, last: Command, context: &str) -> Result<Pipeline, Error> {
        if last.words.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        pipe.commands.push(last);
        for command in &pipe.commands[1..] {
            if !matches!(command.words[0].kind, OperandKind::Function(_)) && command.words[0].is_constant() {
                return self.fail(format!("non executable command in pipeline stage 2: {}", command.source));
            }
        }
        self.variables.extend(pipe.variables.iter().filter(|_| !pipe.assigns).cloned());
        Ok(pipe)
    }

    /// `$x :=`, `$x =`, `$i, $x :=`.
    fn declarations(&mut self, context: &str) -> Result<(Vec<String>, bool), Error> {
        let start = self.next;
        let mut names = Vec::new();
        while let Some(Kind::Variable(name)) = self.peek().cloned() {
            self.next += 1;
            names.push(name);
            self.skip_space();
            match self.take() {
                Some(Kind::Declare) => return Ok((names, false)),
                Some(Kind::Sign('=')) => return Ok((names, true)),
                Some(Kind::Sign(',')) if context == "range" && names.len() < 2 => self.skip_space(),
                _ => break,
            }
        }
        self.next = start;
        Ok((Vec::new(), false))
    }

    fn command(&mut self, context: &str) -> Result<Command, Error> {
        self.skip_space();
        let start = self.at();
        let mut words = Vec::new();
        let mut end = start;
        while !matches!(self.peek(), None | Some(Kind::Right | Kind::Sign('|' | ')'))) {
            words.push(self.operand(context)?);
            end = self.at();
            self.skip_space();
        }
        let source = self.text[start..end].trim().to_owned();
        Ok(Command { words, source })
    }

    fn operand(&mut self, context: &str) -> Result<Operand, Error> {
        let start = self.at();
        let mut fields = Vec::new();
        let kind = match self.take() {
            Some(Kind::Field(name)) => {
                fields.push(name);
                OperandKind::Dot
            }
            Some(Kind::Dot) => OperandKind::Dot,
            Some(Kind::Variable(name)) if self.variables.contains(&name) => OperandKind::Variable(name),
            Some(Kind::Variable(name)) => return self.fail(format!("undefined variable \"${name}\"")),
            Some(Kind::Number(digits)) => OperandKind::Constant(self.number(&digits)?),
            Some(Kind::Quoted(text)) => OperandKind::Constant(Value::from(text)),
            Some(Kind::Char(c)) => OperandKind::Constant(Value::from(c as u32)),
            Some(Kind::Sign('(')) => {
                OperandKind::Group(Box::new(self.pipeline("parenthesized pipeline", Until::Paren)?))
            }
            Some(Kind::Word(word)) => self.word(word)?,
            other => return self.fail(format!("unexpected {} in {context}", show(other.as_ref()))),
        };
        // Go reports the second link of a chain.
        let at = if matches!(self.peek(), Some(Kind::Field(_))) { self.at() } else { start };
        while let Some(Kind::Field(name)) = self.peek().cloned() {
            self.next += 1;
            fields.push(name);
        }
        let source = self.text[start..self.at()].to_owned();
        Ok(Operand { kind, fields, at, source })
    }

    fn word(&mut self, word: String) -> Result<OperandKind, Error> {
        Ok(match word.as_str() {
            "true" => OperandKind::Constant(Value::Bool(true)),
            "false" => OperandKind::Constant(Value::Bool(false)),
            "nil" => OperandKind::Nil,
            name if super::functions::exists(name) => OperandKind::Function(word),
            name => return self.fail(format!("function {name:?} not defined")),
        })
    }

    fn number(&self, digits: &str) -> Result<Value, Error> {
        let plain = digits.replace('_', "");
        let (sign, magnitude) = match plain.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
        };
        let based = |prefix: &str, radix| {
            magnitude.to_ascii_lowercase().strip_prefix(prefix).map(|d| i64::from_str_radix(d, radix))
        };
        let integer = based("0x", 16).or_else(|| based("0o", 8)).or_else(|| based("0b", 2)).or_else(|| {
            (magnitude.len() > 1).then(|| based("0", 8)).flatten().filter(|_| !magnitude.contains(['.', 'e']))
        });
        if let Some(Ok(n)) = integer {
            return Ok(Value::from(sign * n));
        }
        if let Ok(n) = magnitude.parse::<i64>() {
            return Ok(Value::from(sign * n));
        }
        match magnitude.parse::<f64>() {
            // An untyped constant without fraction counts as an integer, as in Go.
            Ok(f) if f.fract() == 0.0 && f.abs() < 1e15 => Ok(Value::from(sign * f as i64)),
            Ok(f) => Ok(Value::from(f * sign as f64)),
            Err(_) => self.fail(format!("bad number syntax: {digits:?}")),
        }
    }
}

#[derive(PartialEq, Clone, Copy)]
enum Until {
    Right,
    Paren,
}

const KEYWORDS: [&str; 10] = ["if", "else", "end", "range", "with", "define", "template", "break", "continue", "block"];

fn show(kind: Option<&Kind>) -> String {
    match kind {
        None => "EOF".to_owned(),
        Some(Kind::Right) => "\"}}\"".to_owned(),
        Some(Kind::Left) => "\"{{\"".to_owned(),
        Some(Kind::Word(w)) if KEYWORDS.contains(&w.as_str()) => format!("<{w}>"),
        Some(Kind::Word(w) | Kind::Quoted(w) | Kind::Number(w) | Kind::Text(w)) => format!("{w:?}"),
        Some(Kind::Field(w)) => format!("\".{w}\""),
        Some(Kind::Variable(w)) => format!("\"${w}\""),
        Some(Kind::Dot) => "<.>".to_owned(),
        Some(Kind::Char(c) | Kind::Sign(c)) => format!("\"{c}\""),
        Some(Kind::Declare) => "\":=\"".to_owned(),
        Some(Kind::Space) => "\" \"".to_owned(),
    }
}
