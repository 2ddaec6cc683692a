//! Runs a parsed template.

use super::print::{self, is_map};
use super::tree::{Branch, Command, Node, Operand, OperandKind, Pipeline, Tree};
use super::{Error, JSON_FORM, Types, functions, methods};
use serde_json::Value;
use std::borrow::Cow;

/// A value on its way through a pipeline.
#[derive(Debug, Clone)]
pub struct Val<'a> {
    /// The data.
    pub value: Cow<'a, Value>,
    /// The field it was found under, by which [`Types`] knows it.
    pub name: Cow<'a, str>,
    /// An absent key of a map: prints as `<no value>`.
    pub missing: bool,
}

impl<'a> Val<'a> {
    /// A value that a function or a constant made.
    pub fn made(value: Value) -> Self {
        Val { value: Cow::Owned(value), name: Cow::Borrowed(""), missing: false }
    }

    fn found(value: &'a Value, name: &'a str) -> Self {
        Val { value: Cow::Borrowed(value), name: Cow::Borrowed(name), missing: false }
    }
}

/// Renders `tree` into `out`.
pub fn run(name: &str, tree: &Tree, data: &Value, types: Types, out: &mut String) -> Result<(), Error> {
    let root = Val::found(data, "");
    let mut runner = Runner { name, tree, types, root: root.clone(), out, variables: Vec::new(), depth: 0 };
    runner.variables.push((String::new(), root.clone()));
    runner.list(&tree.main, &root).map(|_| ())
}

/// How a list of nodes ended.
enum Flow {
    On,
    Break,
    Continue,
}

struct Runner<'a, 'o> {
    name: &'a str,
    tree: &'a Tree,
    types: Types,
    root: Val<'a>,
    out: &'o mut String,
    variables: Vec<(String, Val<'a>)>,
    depth: usize,
}

/// Nested template calls; Go's own limit is 100,000, our stack's is lower.
const MAX_DEPTH: usize = 500;

impl<'a> Runner<'a, '_> {
    fn fail<T>(&self, at: usize, source: &str, message: &str) -> Result<T, Error> {
        let before = &self.tree.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rfind('\n').map_or(at, |newline| at - newline - 1);
        let name = self.name;
        Err(Error(format!("template: {name}:{line}:{column}: executing {name:?} at <{source}>: {message}")))
    }

    fn list(&mut self, nodes: &'a [Node], dot: &Val<'a>) -> Result<Flow, Error> {
        for node in nodes {
            match self.node(node, dot)? {
                Flow::On => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &'a Node, dot: &Val<'a>) -> Result<Flow, Error> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipe) => {
                let value = self.pipeline(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.out.push_str(&print::show(&value, self.types));
                }
            }
            Node::If(branch) => return self.condition(branch, dot, false),
            Node::With(branch) => return self.condition(branch, dot, true),
            Node::Range(branch) => return self.range(branch, dot),
            Node::Call(name, pipe, at) => self.call(name, pipe.as_ref(), *at, dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn condition(&mut self, branch: &'a Branch, dot: &Val<'a>, with: bool) -> Result<Flow, Error> {
        let scope = self.variables.len();
        let value = self.pipeline(&branch.pipe, dot)?;
        let flow = if truth(&value, self.types) {
            self.list(&branch.then, if with { &value } else { dot })
        } else {
            self.list(&branch.otherwise, dot)
        };
        self.variables.truncate(scope);
        flow
    }

    fn range(&mut self, branch: &'a Branch, dot: &Val<'a>) -> Result<Flow, Error> {
        let scope = self.variables.len();
        let value = self.value_of(&branch.pipe, dot)?;
        let items = match self.items(value) {
            Ok(items) => items,
            Err(message) => return self.fail(branch.pipe.at, &source(&branch.pipe), &message),
        };
        if items.is_empty() {
            return self.list(&branch.otherwise, dot);
        }
        for (key, item) in items {
            self.bind(&branch.pipe, key, item.clone());
            let flow = self.list(&branch.then, &item)?;
            self.variables.truncate(scope);
            if matches!(flow, Flow::Break) {
                break;
            }
        }
        Ok(Flow::On)
    }

    /// One variable takes the element, two take key and element.
    fn bind(&mut self, pipe: &Pipeline, key: Value, item: Val<'a>) {
        match pipe.variables.as_slice() {
            [one] => self.set(one, item, pipe.assigns),
            [first, second] => {
                self.set(first, Val::made(key), pipe.assigns);
                self.set(second, item, pipe.assigns);
            }
            _ => {}
        }
    }

    fn items(&self, value: Val<'a>) -> Result<Vec<(Value, Val<'a>)>, String> {
        let name = value.name.clone();
        let under = |value| Val { value, name: name.clone(), missing: false };
        Ok(match value.value {
            Cow::Borrowed(Value::Array(list)) => {
                list.iter().enumerate().map(|(i, v)| (Value::from(i), under(Cow::Borrowed(v)))).collect()
            }
            Cow::Owned(Value::Array(list)) => {
                list.into_iter().enumerate().map(|(i, v)| (Value::from(i), under(Cow::Owned(v)))).collect()
            }
            Cow::Borrowed(Value::Object(map)) => {
                let mut items: Vec<_> = map.iter().filter(|(key, _)| *key != JSON_FORM).collect();
                items.sort_by_key(|(key, _)| *key);
                items.into_iter().map(|(k, v)| (Value::from(k.as_str()), Val::found(v, k))).collect()
            }
            Cow::Owned(Value::Object(map)) => {
                let mut items: Vec<_> = map.into_iter().filter(|(key, _)| key != JSON_FORM).collect();
                items.sort_by(|(a, _), (b, _)| a.cmp(b));
                items.into_iter().map(|(k, v)| (Value::from(k), under(Cow::Owned(v)))).collect()
            }
            ref other => match other.as_ref() {
                Value::Null => Vec::new(),
                Value::Number(n) if n.is_i64() => {
                    let end = n.as_i64().unwrap_or_default().clamp(0, 1 << 20);
                    (0..end).map(|i| (Value::from(i), Val::made(Value::from(i)))).collect()
                }
                other => return Err(format!("range can't iterate over {}", print::plain(other))),
            },
        })
    }

    fn call(&mut self, name: &str, pipe: Option<&'a Pipeline>, at: usize, dot: &Val<'a>) -> Result<(), Error> {
        let tree = self.tree;
        let Some(nodes) = tree.defined.get(name) else {
            let commands =
                pipe.map(|pipe| pipe.commands.iter().map(|command| command.source.as_str()).collect::<Vec<_>>());
            let pipe = commands.map(|commands| format!(" {}", commands.join(" | "))).unwrap_or_default();
            let source = format!("{{{{template {name:?}{pipe}}}}}");
            return self.fail(at, &source, &format!("template {name:?} not defined"));
        };
        if self.depth >= MAX_DEPTH {
            return self.fail(at, name, &format!("exceeded maximum template depth ({MAX_DEPTH})"));
        }
        let argument = match pipe {
            Some(pipe) => self.pipeline(pipe, dot)?,
            None => Val::made(Value::Null),
        };
        let outer = std::mem::replace(&mut self.variables, vec![(String::new(), argument.clone())]);
        self.depth += 1;
        let done = self.list(nodes, &argument);
        self.depth -= 1;
        self.variables = outer;
        done.map(|_| ())
    }

    /// Evaluates, and stores into the pipeline's variables.
    fn pipeline(&mut self, pipe: &'a Pipeline, dot: &Val<'a>) -> Result<Val<'a>, Error> {
        let value = self.value_of(pipe, dot)?;
        for name in &pipe.variables {
            self.set(name, value.clone(), pipe.assigns);
        }
        Ok(value)
    }

    fn set(&mut self, name: &str, value: Val<'a>, assigns: bool) {
        match self.variables.iter_mut().rev().find(|(known, _)| assigns && known == name) {
            Some(slot) => slot.1 = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }

    fn value_of(&mut self, pipe: &'a Pipeline, dot: &Val<'a>) -> Result<Val<'a>, Error> {
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(command, dot, value)?);
        }
        Ok(value.unwrap_or_else(|| Val::made(Value::Null)))
    }

    fn command(&mut self, command: &'a Command, dot: &Val<'a>, last: Option<Val<'a>>) -> Result<Val<'a>, Error> {
        let (first, rest) = (&command.words[0], &command.words[1..]);
        if let OperandKind::Function(name) = &first.kind {
            let value = self.function(command, name, rest, dot, last)?;
            return self.fields(value, first, &first.fields);
        }
        if matches!(first.kind, OperandKind::Nil) {
            return self.fail(first.at, "nil", "nil is not a command");
        }
        if rest.is_empty() && last.is_none() {
            return self.operand(first, dot);
        }
        self.method(first, rest, dot, last)
    }

    fn function(
        &mut self,
        command: &'a Command,
        name: &str,
        words: &'a [Operand],
        dot: &Val<'a>,
        last: Option<Val<'a>>,
    ) -> Result<Val<'a>, Error> {
        let at = command.words[0].at;
        let mut arguments = Vec::with_capacity(words.len() + 1);
        for word in words {
            let value = self.operand(word, dot)?;
            // `and` and `or` stop at the first argument that decides.
            if (name == "and" && !truth(&value, self.types)) || (name == "or" && truth(&value, self.types)) {
                return Ok(value);
            }
            arguments.push(value);
        }
        arguments.extend(last);
        if matches!(name, "and" | "or") {
            return match arguments.pop() {
                Some(value) => Ok(value),
                None => {
                    self.fail(at, &command.source, &format!("wrong number of args for {name}: want at least 1 got 0"))
                }
            };
        }
        functions::call(name, &arguments, self.types).map_or_else(
            |e| match e {
                functions::Failure::Arguments(text) => self.fail(at, name, &text),
                functions::Failure::Call(text) => {
                    self.fail(at, &command.source, &format!("error calling {name}: {text}"))
                }
            },
            |value| Ok(Val::made(value)),
        )
    }

    /// `.A.Method x y`, `z | .A.Method x`: the operand's last field gets arguments.
    fn method(
        &mut self,
        operand: &'a Operand,
        words: &'a [Operand],
        dot: &Val<'a>,
        last: Option<Val<'a>>,
    ) -> Result<Val<'a>, Error> {
        let Some((method, before)) = operand.fields.split_last() else {
            let what = format!("can't give argument to non-function {}", operand.source);
            return self.fail(operand.at, &operand.source, &what);
        };
        let receiver = self.start(operand, dot)?;
        let receiver = self.fields(receiver, operand, before)?;
        let mut arguments = Vec::with_capacity(words.len() + 1);
        for word in words {
            arguments.push(self.operand(word, dot)?);
        }
        arguments.extend(last);
        match methods::call(&receiver, method, &arguments, self.types) {
            Some(Ok(value)) => Ok(value),
            Some(Err(functions::Failure::Arguments(why))) => self.fail(operand.at, &operand.source, &why),
            Some(Err(functions::Failure::Call(why))) => {
                self.fail(operand.at, &operand.source, &format!("error calling {method}: {why}"))
            }
            None => {
                self.fields(receiver, operand, std::slice::from_ref(method))?;
                self.fail(operand.at, &operand.source, &format!("{method} is not a method but has arguments"))
            }
        }
    }

    fn operand(&mut self, operand: &'a Operand, dot: &Val<'a>) -> Result<Val<'a>, Error> {
        let value = self.start(operand, dot)?;
        self.fields(value, operand, &operand.fields)
    }

    /// What an operand is before its fields.
    fn start(&mut self, operand: &'a Operand, dot: &Val<'a>) -> Result<Val<'a>, Error> {
        Ok(match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => Val::made(Value::Null),
            OperandKind::Constant(value) => Val::found(value, ""),
            OperandKind::Variable(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known.map_or_else(|| self.root.clone(), |(_, value)| value.clone())
            }
            OperandKind::Group(pipe) => self.pipeline(pipe, dot)?,
            OperandKind::Function(name) => functions::call(name, &[], self.types).map(Val::made).or_else(|_| {
                self.fail(operand.at, name, &format!("wrong number of args for {name}: want at least 1 got 0"))
            })?,
        })
    }

    fn fields(&self, mut value: Val<'a>, operand: &'a Operand, fields: &'a [String]) -> Result<Val<'a>, Error> {
        for (depth, field) in fields.iter().enumerate() {
            let at_root = depth == 0 && value.name.is_empty();
            value = match self.field(&value, field, at_root) {
                Ok(value) => value,
                Err(message) => return self.fail(operand.at, &operand.source, &message),
            };
        }
        Ok(value)
    }

    fn field(&self, value: &Val<'a>, field: &'a str, at_root: bool) -> Result<Val<'a>, String> {
        let found = match &value.value {
            Cow::Borrowed(Value::Object(map)) => map.get(field).map(Cow::Borrowed),
            Cow::Owned(Value::Object(map)) => map.get(field).cloned().map(Cow::Owned),
            _ => None,
        };
        if let Some(found) = found {
            return Ok(Val { value: found, name: Cow::Borrowed(field), missing: false });
        }
        match methods::call(value, field, &[], self.types) {
            Some(Ok(value)) => return Ok(value),
            Some(Err(functions::Failure::Arguments(why) | functions::Failure::Call(why))) => return Err(why),
            None => {}
        }
        if let Some((_, other)) = self.types.aliases.iter().find(|(alias, _)| *alias == field)
            && value.value.get(other).is_some()
        {
            return self.field(value, other, at_root);
        }
        if self.types.header {
            return Ok(header(value, field));
        }
        if is_map(&value.name, self.types) && matches!(*value.value, Value::Object(_) | Value::Null) {
            return Ok(Val { value: Cow::Owned(Value::Null), name: Cow::Borrowed(field), missing: true });
        }
        let root = if self.types.root.is_empty() { "interface {}" } else { self.types.root };
        Err(match *value.value {
            Value::Null => format!("nil pointer evaluating interface {{}}.{field}"),
            Value::Object(_) if at_root => format!("can't evaluate field {field} in type {root}"),
            ref other => format!("can't evaluate field {field} in type {}", print::type_name(other)),
        })
    }
}

/// A header that nobody wrote.
fn header<'a>(value: &Val<'a>, field: &'a str) -> Val<'a> {
    match &*value.value {
        Value::String(_) => Val::made(Value::from(field.to_uppercase())),
        _ => Val { value: Cow::Owned(Value::Null), name: Cow::Borrowed(field), missing: true },
    }
}

fn source(pipe: &Pipeline) -> String {
    pipe.commands.iter().map(|c| c.source.as_str()).collect::<Vec<_>>().join(" | ")
}

/// Go's notion of truth: not the zero value, not empty; a struct always is true.
pub fn truth(value: &Val<'_>, types: Types) -> bool {
    match value.value.as_ref() {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty() || !is_map(&value.name, types),
    }
}
