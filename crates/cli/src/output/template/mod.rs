//! Go's text/template language, as far as `--format` needs it: all actions, pipelines, variables, the predefined functions,
//! and the functions that Podman adds (`json`, `join`, `pad`, …).
//!
//! It works over [`serde_json::Value`]; what Go knows from its types and JSON does not say (which objects are maps, which
//! strings are times, how the root type is called) comes in [`Types`]. Reference: the documentation of Go's text/template.

mod eval;
mod fields;
mod functions;
mod layout;
mod lex;
mod methods;
mod parse;
mod print;
mod tree;

pub use fields::Shape;
pub use print::{quote, time as go_time};
use serde_json::Value;

/// Key of an object under which stands what `json` makes of it, where that is not the object itself: Go's names in JSON
/// differ from its names of fields. Nothing else sees it.
pub const JSON_FORM: &str = "\0json";

/// Whether a template may look at a row as a whole, which costs as much as all its other fields together.
pub fn wants_whole(format: &str, types: Types) -> bool {
    [". ", ".}", ".|", ".)", "$", types.embedded].iter().any(|word| format.contains(word))
}

/// A failed template, worded as Go words it: `template: ps:1:13: executing "ps" at <.Foo>: …`.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{0}")]
pub struct Error(pub String);

/// What Go's types would say about the data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Types {
    /// Go's name of the root's type, for the message about a missing field.
    pub root: &'static str,
    /// Names of fields that are maps: printed as `map[k:v]`, absent keys are `<no value>` and no error.
    pub maps: &'static [&'static str],
    /// Names of fields that are times: RFC 3339 in JSON, printed in Go's own form.
    pub times: &'static [&'static str],
    /// Names of fields that are pointers, printed as `<nil>` when null (otherwise a null is an empty list).
    pub pointers: &'static [&'static str],
    /// Methods that take a key, and the map that they look into.
    pub lookups: &'static [(&'static str, &'static str)],
    /// Other words for fields.
    pub aliases: &'static [(&'static str, &'static str)],
    /// The embedded struct of a row.
    pub embedded: &'static str,
    /// The fields that Go's type has beside its embedded struct; what else a row has are methods, not printed with it.
    pub own: &'static [&'static str],
    /// The data is a table's header: a field that isn't there is no error, and one below a header is its own name.
    pub header: bool,
}

impl Types {
    /// Nothing known.
    pub const NONE: Types = Types {
        root: "",
        maps: &[],
        times: &[],
        pointers: &[],
        lookups: &[],
        aliases: &[],
        embedded: "",
        own: &[],
        header: false,
    };

    /// What is printed of a row as a whole, if not everything.
    fn own_fields(&self) -> impl Iterator<Item = &'static str> {
        self.own.iter().copied().chain((!self.embedded.is_empty()).then_some(self.embedded))
    }
}

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    name: String,
    tree: tree::Tree,
}

impl Template {
    /// Parses `text`; `name` appears in error messages.
    ///
    /// # Errors
    /// Malformed text, with the line.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let tree = parse::parse(name, text)?;
        Ok(Template { name: name.to_owned(), tree })
    }

    /// Runs it over `data`; what was written before an error is returned with the error, as Go has printed it by then.
    ///
    /// # Errors
    /// A missing field, a function's complaint.
    pub fn render(&self, data: &Value, types: Types) -> Result<String, (String, Error)> {
        let mut out = String::new();
        match eval::run(&self.name, &self.tree, data, types, &mut out) {
            Ok(()) => Ok(out),
            Err(error) => Err((out, error)),
        }
    }
}

#[cfg(test)]
mod tests;
