//! From JSON to what a Go template sees of the same object: names of fields instead of those of JSON, and the fields that
//! JSON leaves out because they are empty.

use super::JSON_FORM;
use serde_json::{Map, Value};

/// How a type's JSON differs from its fields.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Names in JSON and of the field, where that isn't the same word with a capital.
    pub names: &'static [(&'static str, &'static str)],
    /// Fields (by Go's names) that are maps, whose keys are left alone.
    pub maps: &'static [&'static str],
    /// What JSON leaves out: path of the object (`State`; empty: the root), the field before it, its name and its empty
    /// value as JSON.
    pub omitted: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

impl Shape {
    /// The object as templates see it; what `json` makes of it stays what it was.
    pub fn apply(&self, object: Value) -> Value {
        self.at("", object)
    }

    fn at(&self, path: &str, value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let form = Value::Object(map.clone());
                let mut fields = Map::new();
                for (key, value) in map {
                    let name = self.name(&key);
                    let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let keeps = self.maps.contains(&name.as_str());
                    fields.insert(name, if keeps { self.map(value) } else { self.at(&inner, value) });
                }
                self.fill(path, &mut fields);
                fields.insert(JSON_FORM.to_owned(), form);
                Value::Object(fields)
            }
            Value::Array(list) => Value::Array(list.into_iter().map(|item| self.at(path, item)).collect()),
            other => other,
        }
    }

    /// A map's values may be objects again; its keys are data.
    fn map(&self, value: Value) -> Value {
        match value {
            Value::Object(map) => map.into_iter().map(|(key, value)| (key, self.at("*", value))).collect(),
            other => other,
        }
    }

    fn fill(&self, path: &str, fields: &mut Map<String, Value>) {
        for (_, before, name, empty) in self.omitted.iter().filter(|(parent, ..)| *parent == path) {
            if !fields.contains_key(*name) {
                let at = fields.keys().position(|key| key == before).map_or(fields.len(), |at| at + 1);
                fields.shift_insert(at, (*name).to_owned(), serde_json::from_str(empty).unwrap_or(Value::Null));
            }
        }
    }

    fn name(&self, key: &str) -> String {
        if let Some((_, name)) = self.names.iter().find(|(json, _)| *json == key) {
            return (*name).to_owned();
        }
        let mut chars = key.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_empty_fields() {
        let shape = Shape { names: &[("os", "OS")], maps: &["Labels"], omitted: &[("Host", "OS", "Free", "0")] };
        let value = shape.apply(json!({"host": {"os": "linux", "cpus": 2}, "labels": {"a": {"b": 1}}}));
        assert_eq!(value["Host"]["OS"], "linux");
        assert_eq!(value["Labels"]["a"]["B"], 1);
        let keys: Vec<&str> = value["Host"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["OS", "Free", "Cpus", JSON_FORM]);
        assert_eq!(value["Host"][JSON_FORM], json!({"os": "linux", "cpus": 2}));
    }
}
