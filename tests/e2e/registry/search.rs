//! `search`.

use super::closed;
use testkit::{Image, Registry, Reply, TestEnv};

fn filled(env: &TestEnv) -> Registry<'_> {
    let registry = env.registry();
    for name in ["alpine", "alp/one", "two/alpine", "other"] {
        registry.push(name, "1", &Image::new(Vec::new()));
    }
    registry.push("alpine", "2", &Image::new(Vec::new()));
    registry
}

fn repositories_whose_names_contain_the_term(env: &TestEnv) {
    let registry = filled(env);
    let host = registry.host();
    let expected = format!(
        "NAME                       DESCRIPTION\n{host}/alp/one     \n{host}/alpine      \n{host}/two/alpine  \n"
    );
    env.ok(&format!("search {host}/alp")).prints(&expected);
    env.ok(&format!("search {host}/")).has("/other");
    env.ok(&format!("search {host}/zzz")).prints("");
    env.ok(&format!("search --limit 1 --format {{{{.Name}}}} {host}/")).prints(&format!("{host}/alp/one\n"));
    env.ok(&format!("search --filter stars=3 {host}/alp")).prints("");
    env.ok(&format!("image search --compatible {host}/alpine")).has("STARS       OFFICIAL    AUTOMATED");
}

fn json_and_templates(env: &TestEnv) {
    let registry = filled(env);
    let host = registry.host();
    let output = env.ok(&format!("search --format json {host}/other"));
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!([{ "Index": host, "Name": format!("{host}/other"), "Description": "", "Stars": 0,
        "Official": "", "Automated": "", "Tag": "" }]);
    assert_eq!(shown, expected);
    let line = format!("search --format '{{{{.Index}}}} {{{{.Stars}}}} {{{{.Name}}}}' {host}/other");
    env.ok(&line).prints(&format!("{host} 0 {host}/other\n"));
    env.run(&format!("search --format {{{{.Foo}}}} {host}/other")).code(125).complains("can't evaluate field Foo");
}

fn tags_of_a_repository(env: &TestEnv) {
    let registry = filled(env);
    let host = registry.host();
    let format = format!("search --list-tags --format '{{{{.Name}}}} {{{{.Tag}}}}' {host}/alpine");
    let mut lines = env.ok(&format).lines();
    lines.sort();
    assert_eq!(lines, [format!("{host}/alpine 1"), format!("{host}/alpine 2")]);
    env.ok(&format!("search --list-tags {host}/alpine")).has("NAME                   TAG\n");
    assert_eq!(env.ok(&format!("search --list-tags --limit 1 {host}/alpine")).lines().len(), 2);
    let output = env.ok(&format!("search --list-tags --format json {host}/other"));
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown, serde_json::json!([{ "Name": format!("{host}/other"), "Tags": ["1"] }]));
    env.run(&format!("search --list-tags {host}/nosuch")).code(125).complains("getting repository tags");
    env.run(&format!("search --list-tags --filter stars=1 {host}/alpine")).code(125).complains("not applicable");
}

fn the_first_version_of_the_api(env: &TestEnv) {
    let fake = env.fake_registry();
    if env.is_peer() {
        let insecure = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", fake.host());
        env.configure(&testkit::Settings { system: &[("registries.conf.d/fake.conf", &insecure)], user: &[] });
    }
    let answer = r#"{"results":[
        {"name":"lib/alp","description":"A small image whose description is so long\nthat it is shortened","star_count":7,"is_official":true},
        {"name":"foo","description":"","star_count":1,"is_automated":true}]}"#;
    fake.reply("/v1/search", Reply::ok("application/json", answer));
    let host = fake.host();
    let names = |flags: &str| env.ok(&format!("search --format {{{{.Name}}}} {flags} {host}/alp")).lines();
    assert_eq!(names(""), [format!("{host}/lib/alp"), format!("{host}/foo")]);
    assert_eq!(names("--filter stars=3"), [format!("{host}/lib/alp")]);
    assert_eq!(names("--filter is-official"), [format!("{host}/lib/alp")]);
    assert_eq!(names("--filter is-official=false"), [format!("{host}/foo")]);
    assert_eq!(names("--filter is-automated"), [format!("{host}/foo")]);
    let shown = |flags: &str| env.ok(&format!("search {flags} {host}/alp")).text();
    assert!(shown("").contains("A small image whose description is so long t..."));
    assert!(shown("--no-trunc").contains("so long that it is shortened"));
    assert!(shown("--compatible").contains("7           [OK]"));
}

fn registries_that_fail(env: &TestEnv) {
    let closed = closed(env);
    env.run(&format!("search {}/x", closed.host())).code(125).complains("couldn't search registry \"127.0.0.1:5001\"");
    env.ok(&format!("search --creds alice:secret {}/x", closed.host())).prints("");
    env.run("search 127.0.0.1:9/x").code(125).complains("couldn't search registry \"127.0.0.1:9\"");
    let registry = filled(env);
    let conf = "unqualified-search-registries = [\"127.0.0.1:5000\", \"127.0.0.1:5001\"]\n";
    env.configure(&testkit::Settings { system: &[("registries.conf.d/search.conf", conf)], user: &[] });
    env.ok("search alp").has(&format!("{}/alp/one", registry.host()));
}

fn nonsense(env: &TestEnv) {
    env.run("search").code(125).complains("accepts 1 arg(s), received 0");
    env.run("search --filter foo=1 a.example/x").code(125).complains("invalid filter type \"foo=1\"");
    env.run("search --filter stars=x a.example/x").code(125).complains("incorrect value type for stars filter");
}

testkit::cases! { both: [
    repositories_whose_names_contain_the_term, json_and_templates, tags_of_a_repository, the_first_version_of_the_api,
    registries_that_fail, nonsense,
] }
