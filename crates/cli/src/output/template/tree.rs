//! A parsed template.

use serde_json::Value;
use std::collections::BTreeMap;

/// A parsed template with its `define`d parts.
#[derive(Debug)]
pub struct Tree {
    /// The template text, for positions in messages.
    pub text: String,
    /// The main list.
    pub main: Vec<Node>,
    /// `{{define "name"}}`.
    pub defined: BTreeMap<String, Vec<Node>>,
}

/// One step of a template.
#[derive(Debug)]
pub enum Node {
    /// Literal text.
    Text(String),
    /// `{{pipeline}}`
    Action(Pipeline),
    /// `{{if}}`
    If(Branch),
    /// `{{with}}`
    With(Branch),
    /// `{{range}}`
    Range(Branch),
    /// `{{template "name" pipeline}}`
    Call(String, Option<Pipeline>, usize),
    /// `{{break}}`
    Break,
    /// `{{continue}}`
    Continue,
}

/// A condition and its two lists.
#[derive(Debug)]
pub struct Branch {
    pub pipe: Pipeline,
    pub then: Vec<Node>,
    pub otherwise: Vec<Node>,
}

/// Commands joined by `|`, and the variables that take the result.
#[derive(Debug)]
pub struct Pipeline {
    /// `$a, $b :=`
    pub variables: Vec<String>,
    /// `=` instead of `:=`.
    pub assigns: bool,
    pub commands: Vec<Command>,
    /// Byte offset.
    pub at: usize,
}

/// An operand, or a function with its arguments.
#[derive(Debug)]
pub struct Command {
    pub words: Vec<Operand>,
    /// Its text, for messages.
    pub source: String,
}

/// One word of a command.
#[derive(Debug)]
pub struct Operand {
    pub kind: OperandKind,
    /// Fields taken of it: `$x.A.B`, `(…).A`.
    pub fields: Vec<String>,
    /// Byte offset that Go would report.
    pub at: usize,
    /// Its text, for messages.
    pub source: String,
}

/// What an operand is before its fields.
#[derive(Debug)]
pub enum OperandKind {
    /// `.`, also before `.Field`.
    Dot,
    /// `nil`
    Nil,
    /// A constant.
    Constant(Value),
    /// `$name`
    Variable(String),
    /// A function.
    Function(String),
    /// `( … )`
    Group(Box<Pipeline>),
}

impl Operand {
    /// It can't take the value of a pipeline.
    pub fn is_constant(&self) -> bool {
        matches!(self.kind, OperandKind::Constant(_) | OperandKind::Nil) || (self.source == ".")
    }
}
