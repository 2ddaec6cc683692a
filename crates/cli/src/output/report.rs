//! `--format`: `json`, a Go template a row, or `table` and a template with headers.

use super::template::{Template, Types};
use super::{stream, table};
use crate::error::Failure;
use serde_json::{Map, Value};

/// How rows are to be shown.
pub struct Report<'a> {
    /// The command, for the template's error messages.
    pub name: &'static str,
    /// `--format`, or the command's own `table …`.
    pub format: &'a str,
    /// Field and its header.
    pub headers: &'a [(&'static str, &'static str)],
    /// No header line.
    pub noheading: bool,
    /// What Go's types would say.
    pub types: Types,
}

impl Report<'_> {
    /// Prints `rows`, each an object.
    pub fn print(&self, rows: Vec<Value>) -> Result<(), Failure> {
        let (text, is_table) = normalise(self.format);
        let rows_are_meant = !ranges(&text);
        // What is wrong with it is said of what was typed, without the line's end.
        let typed = if rows_are_meant { format!("{{{{range .}}}}{text}{{{{end -}}}}") } else { text.clone() };
        Template::parse(self.name, &typed).map_err(wrong)?;
        let text = if rows_are_meant { format!("{{{{range .}}}}{text}\n{{{{end -}}}}") } else { text + "\n" };
        let template = Template::parse(self.name, &text).map_err(wrong)?;
        let mut out = String::new();
        if is_table && !self.noheading {
            let types = Types { header: true, ..self.types };
            out += &Report { types, ..*self }.render(&template, vec![self.header_row()], true)?;
        }
        out += &self.render(&template, rows, is_table)?;
        stream::print(&if is_table { table::align(&out) } else { out })
    }

    /// Rows before a failing one are printed, as they are by Go.
    fn render(&self, template: &Template, rows: Vec<Value>, is_table: bool) -> Result<String, Failure> {
        template.render(&Value::Array(rows), self.types).map_err(|(before, error)| {
            let shown = if is_table { table::align(&before) } else { before };
            stream::print(&shown).err().unwrap_or_else(|| wrong(error))
        })
    }

    fn header_row(&self) -> Value {
        let fields = self.headers.iter().map(|(field, header)| ((*field).to_owned(), Value::from(*header)));
        Value::Object(fields.collect::<Map<_, _>>())
    }
}

/// `{{range .}}…`: it goes through the rows itself.
fn ranges(format: &str) -> bool {
    let words = format.strip_prefix("{{").and_then(|rest| rest.trim_start_matches(['-', ' ']).strip_prefix("range"));
    let over = words.map(str::trim_start).and_then(|rest| rest.strip_prefix('.'));
    over.is_some_and(|rest| rest.trim_start_matches([' ', '-']).starts_with("}}"))
}

fn wrong(error: super::template::Error) -> Failure {
    Failure::new(error.to_string())
}

/// Go's escapes in shell words (`\t`, `\n`), and `table`, whose columns may be parted by single spaces.
fn normalise(format: &str) -> (String, bool) {
    match format.strip_prefix("table ") {
        Some(columns) => {
            (columns.replace("\\t", "\t").replace("\\n", "\n").replace("}} {{", "}}\t{{").replace(' ', "\t"), true)
        }
        None => (format.replace("\\t", "\t").replace("\\n", "\n"), false),
    }
}

/// Whether `--format` asks for JSON.
pub fn is_json(format: &str) -> bool {
    matches!(format, "json" | "{{json}}" | "{{ json }}")
}

/// One object by a template, `inspect`'s way: one result a line.
pub fn each(name: &'static str, format: &str, objects: Vec<Value>, types: Types) -> Result<(), Failure> {
    Report { name, format, headers: &[], noheading: true, types }.print(objects)
}
