//! Expected results are what podman 5.8.6 printed for the same template over an equal container.

use super::*;
use serde_json::json;

const TYPES: Types = Types {
    root: "interface {}",
    maps: &["Labels", "PortBindings"],
    times: &["Created"],
    pointers: &["Health"],
    ..Types::NONE
};

fn data() -> Value {
    json!({
        "Name": "c1", "Created": "2026-11-23T20:21:27.57234032Z", "Args": ["100"],
        "State": {"Running": false, "Pid": 0, "Health": null},
        "Config": {"Cmd": ["sleep", "100"], "Entrypoint": null, "Labels": {"a": "b", "c": "d"}},
        "Mounts": [], "HostConfig": {"PortBindings": {}, "ShmSize": 65536000},
    })
}

fn check(template: &str, expected: &str) {
    let parsed = Template::parse("inspect", &format!("{{{{range .}}}}{template}{{{{end -}}}}"));
    let got = parsed.and_then(|t| t.render(&json!([data()]), TYPES).map_err(|(_, e)| e));
    match got {
        Ok(text) => assert_eq!(text, expected, "{template}"),
        Err(error) => assert_eq!(format!("Error: {error}"), expected, "{template}"),
    }
}

#[test]
fn fields() {
    check("{{.Config.Labels}}", "map[a:b c:d]");
    check("{{.Config.Labels.zz}}", "<no value>");
    check("{{.Created}}", "2026-11-23 20:21:27.57234032 +0000 UTC");
    check("{{.Args}} {{.Config.Cmd}} {{.Config.Entrypoint}}", "[100] [sleep 100] []");
    check("{{.Mounts}} {{.HostConfig.PortBindings}} {{.State.Health}}", "[] map[] <nil>");
    check("{{.State}}", "{false 0 <nil>}");
}

#[test]
fn actions() {
    check("{{range .Args}}[{{.}}]{{end}}", "[100]");
    check("{{range $k,$v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a=b;c=d;");
    check("{{if and .State.Running (eq .Name \"c1\")}}a{{else if eq 1 1}}b{{else}}c{{end}}", "b");
    check("{{with .Name}}{{.}}{{end}} {{- \" x \" -}} y", "c1 x y");
    check("{{/* c */}}x", "x");
    check("{{$x := 1}}{{$x = 2}}{{$x}}", "2");
    check("{{range .Config.Cmd}}{{if eq . \"100\"}}{{break}}{{end}}x{{end}}", "x");
    check("{{range .Config.Cmd}}{{if eq . \"sleep\"}}{{continue}}{{end}}{{.}}{{end}}", "100");
    check("{{range .Mounts}}x{{else}}none{{end}}", "none");
    check("{{range 3}}{{.}}{{end}}", "012");
    check(
        "{{(index .Config.Cmd 0) | upper}}{{$.Foo}}",
        "Error: template: inspect:1:47: executing \"inspect\" at <$.Foo>: can't evaluate field Foo in type []interface {}",
    );
}

#[test]
fn defined_templates() {
    let template = Template::parse("x", "{{define \"a\"}}<{{.}}>{{end}}{{template \"a\" .n}}").unwrap();
    assert_eq!(template.render(&json!({"n": 5}), TYPES).unwrap(), "<5>");
}

#[test]
fn functions() {
    check(
        "{{json .Config.Labels}} {{join .Args \",\"}} {{upper .Name}} {{lower \"ABC\"}} {{title .Name}}",
        "{\"a\":\"b\",\"c\":\"d\"} 100 C1 abc C1",
    );
    check("{{split .Name \"c\"}} {{pad \"x\" 2 3}}| {{truncate \"abcdef\" 3}}", "[ 1]   x   | abc");
    check(
        "{{printf \"%-8s|%5d|%q|%v|%x|%05d|%t|%T\" .Name 42 \"a b\" .Args 255 7 true .Name}}",
        "c1      |   42|\"a b\"|[100]|ff|00007|true|string",
    );
    check("{{len .Args}} {{index .Args 0}} {{index .Config.Labels \"a\"}} {{slice .Name 0 1}}", "1 100 b c");
    check("{{index .Config.Labels \"zz\"}}|", "|");
    check("{{println 1 2 \"x\"}}{{print 1 2 \"x\" 3}}{{print \"a\" \"b\"}}", "1 2 x\n1 2x3ab");
    check("{{html \"<a>\"}} {{js \"a'<\"}} {{urlquery \"a b&c\"}}", "&lt;a&gt; a\\'\\u003C a+b%26c");
    check("{{lt 1 2}} {{gt 2.5 1.5}} {{ne \"a\" \"b\"}}", "true true true");
    check("{{not true}} {{or \"\" \"d\"}} {{and 1 0}}", "false d 0");
    check("{{1.5}} {{0x10}} {{1e3}} {{\"q\\n\"}}{{`raw`}} {{true}}", "1.5 16 1000 q\nraw true");
    check("{{.HostConfig.ShmSize}} {{.State.Pid}}", "65536000 0");
    check("{{printf \"%s\" .State.Pid}}", "%!s(int=0)");
    check("{{.Args | json}} {{.Name | printf \"%s-%s\" \"x\"}}", "[\"100\"] x-c1");
}

#[test]
fn errors() {
    check(
        "{{.Foo}}",
        "Error: template: inspect:1:13: executing \"inspect\" at <.Foo>: can't evaluate field Foo in type interface {}",
    );
    check(
        "{{.Name.Foo}}",
        "Error: template: inspect:1:18: executing \"inspect\" at <.Name.Foo>: can't evaluate field Foo in type string",
    );
    check("{{foo}}", "Error: template: inspect:1: function \"foo\" not defined");
    check("{{if}}", "Error: template: inspect:1: missing value for if");
    check("{{", "Error: template: inspect:1: unexpected \"{\" in command");
    check("{{end}}", "Error: template: inspect:1: unexpected {{end}}");
    check("{{.Name", "Error: template: inspect:1: bad character U+007B '{'");
    check("{{.Name}", "Error: template: inspect:1: bad character U+007D '}'");
    check("{{$x!}}", "Error: template: inspect:1: bad character U+0021 '!'");
    check("{{nope", "Error: template: inspect:1: bad character U+007B '{'");
    check("{{if .Name}}x", "Error: template: inspect:1: unexpected EOF");
    check(
        "{{template \"x\" .Name}}",
        "Error: template: inspect:1:22: executing \"inspect\" at <{{template \"x\" .Name}}>: template \"x\" not defined",
    );
    check("{{index .Name 0}}", "99");
    check(
        "{{index .Name 99}}",
        "Error: template: inspect:1:13: executing \"inspect\" at <index .Name 99>: error calling index: index out of range: 99",
    );
    check(
        "{{index .Name \"x\"}}",
        "Error: template: inspect:1:13: executing \"inspect\" at <index .Name \"x\">: error calling index: cannot index slice/array with type string",
    );
    check(
        "{{index .Args 5}}",
        "Error: template: inspect:1:13: executing \"inspect\" at <index .Args 5>: error calling index: index out of range: 5",
    );
    check(
        "{{eq 1 \"a\"}}",
        "Error: template: inspect:1:13: executing \"inspect\" at <eq 1 \"a\">: error calling eq: incompatible types for comparison: int and string",
    );
    check("{{nil}}", "Error: template: inspect:1:13: executing \"inspect\" at <nil>: nil is not a command");
    check("{{define \"a\"}}x{{end}}", "Error: template: inspect:1: unexpected <define> in command");
}
