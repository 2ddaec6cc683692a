//! `artifact inspect`.

use super::{NAME, digest};
use serde_json::{Value, json};
use testkit::TestEnv;

fn by_name_and_by_digest(env: &TestEnv) {
    env.write("a", "1");
    env.ok(&format!("artifact add {NAME} a"));
    let text = env.ok(&format!("artifact inspect {NAME}")).text();
    let object: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(object["Name"], NAME);
    let digest = digest(env, NAME);
    assert_eq!(object["Digest"], json!(digest));
    assert!(text.starts_with("{\n     \"Manifest\": {\n          \"schemaVersion\": 2,\n"), "{text}");
    let hex = digest.strip_prefix("sha256:").expect("a digest");
    for beginning in [hex, &hex[..12], &hex[..3]] {
        env.ok(&format!("artifact inspect {beginning}")).prints(&format!("{text}\n"));
    }
    env.ok(&format!("artifact inspect --format json {NAME}")).prints(&format!("{text}\n"));
}

fn only_line_separators_are_escaped(env: &TestEnv) {
    env.write("a", "1");
    env.engine().words("artifact add --annotation").arg("k=<b> & c\u{2028}d").arg(NAME).arg("a").run().ok();
    let text = env.ok(&format!("artifact inspect {NAME}")).text();
    assert!(text.contains(r#""k": "<b> & c\u2028d""#), "{text}");
}

fn among_other_objects(env: &TestEnv) {
    env.base();
    env.write("a", "1");
    env.ok("artifact add base a");
    env.ok("artifact add other a");
    let shown = |line: &str| env.ok(&format!("inspect {line}")).text();
    let (base, other) = (shown("--type artifact base"), shown("other"));
    for (text, name) in [(&base, "base"), (&other, "other")] {
        let objects: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!((&objects[0]["Name"], &objects[1]), (&json!(name), &Value::Null));
    }
    assert_eq!(shown("--format {{.Id}} base"), shown("--type image --format {{.Id}} base"));
    assert_eq!(shown("--type artifact --format {{.Digest}} base"), digest(env, "base"));
    env.run("inspect --type artifact nothing").code(125).complains("nothing: artifact does not exist").prints("[]\n");
    env.run("inspect nothing").code(125).complains("no such object: \"nothing\"");
    assert!(env.ok("inspect --help").text().contains("[options] {ARTIFACT|CONTAINER|IMAGE"));
}

fn templates(env: &TestEnv) {
    env.write("a", "12");
    env.ok(&format!("artifact add --type x/y {NAME} a"));
    let shows = |format: &str, expected: &str| {
        env.engine()
            .words("artifact inspect --format")
            .arg(format)
            .arg(NAME)
            .run()
            .ok()
            .prints(&format!("{expected}\n"));
    };
    shows("{{.Name}} {{.TotalSizeBytes}}", &format!("{NAME} 2"));
    shows("{{.Manifest.ArtifactType}} {{.Manifest.Config.Size}} {{.Manifest.SchemaVersion}}", "x/y 2 2");
    shows("{{range .Manifest.Layers}}{{.Size}}{{end}}", "2");
    shows("{{json .Manifest.Config.MediaType}}", "\"application/vnd.oci.empty.v1+json\"");
    shows("{{(index .Manifest.Layers 0).Annotations}}", "map[org.opencontainers.image.title:a]");
    let manifest = env.ok(&format!("artifact inspect --format '{{{{json .Manifest}}}}' {NAME}")).text();
    assert!(manifest.starts_with("{\"schemaVersion\":2,\"mediaType\":"), "{manifest}");
    env.run(&format!("artifact inspect --format {{{{.Bogus}}}} {NAME}"))
        .code(125)
        .complains("can't evaluate field Bogus");
}

fn what_is_not_there(env: &TestEnv) {
    env.run("artifact inspect").code(125).complains("accepts 1 arg(s), received 0");
    env.run("artifact inspect nothing").code(125).complains("nothing: artifact does not exist");
    env.write("a", "1");
    env.ok("artifact add localhost/a:latest a");
    env.run("artifact inspect localhost/a").code(125).complains("localhost/a: artifact does not exist");
    env.run("artifact inspect ''").code(125);
}

testkit::cases! { both: [
    by_name_and_by_digest, only_line_separators_are_escaped, among_other_objects, templates, what_is_not_there,
] }
