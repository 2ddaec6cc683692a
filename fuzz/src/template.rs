//! `--format` templates: text or an error, never a panic and never without end.

use cli::output::template::{Template, Types};
use serde_json::json;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(template) = Template::parse("fuzz", text) else { return };
    let data = json!({
        "ID": "abc", "Names": ["a", "b"], "Size": 12, "Ratio": 0.5, "On": true, "Nothing": null,
        "Labels": {"x": "y"}, "Created": "2026-01-02T03:04:05.6Z", "State": {"Running": false, "Pid": 1},
    });
    let types = Types {
        root: "fuzz.Root",
        maps: &["Labels"],
        times: &["Created"],
        pointers: &["Nothing"],
        lookups: &[("Label", "Labels")],
        ..Types::NONE
    };
    let _ = template.render(&data, types);
}
