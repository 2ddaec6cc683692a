//! `images`.

use testkit::{Base, TestEnv};

fn an_empty_list_has_its_heads(env: &TestEnv) {
    let heads = env.ok("images").text();
    assert_eq!(heads.split_whitespace().collect::<Vec<_>>().join(" "), "REPOSITORY TAG IMAGE ID CREATED SIZE");
    env.ok("images -q").prints("");
}

fn shows_names_ids_and_sizes(env: &TestEnv) {
    env.base();
    let id = Base::image().id();
    let output = env.ok("images");
    output.has("localhost/base").has("latest").has(&id[..12]).has("MB").has("ago");
    env.ok("images -q").prints(&format!("{}\n", &id[..12]));
    env.ok("images -q --no-trunc").prints(&format!("sha256:{id}\n"));
    env.ok("images --noheading").lacks("REPOSITORY");
    env.ok("images --digests").has("DIGEST").has("sha256:");
    env.ok("images -a").has("localhost/base");
}

fn format_and_filter(env: &TestEnv) {
    env.base();
    env.ok("tag base other:2");
    let names = |flags: &str| {
        let mut lines = env.ok(&format!("images --format {{{{.Repository}}}}:{{{{.Tag}}}} {flags}")).lines();
        lines.sort();
        lines
    };
    assert_eq!(names(""), ["localhost/base:latest", "localhost/other:2"]);
    assert!(names("other").contains(&"localhost/other:2".to_owned()));
    assert!(names("--filter reference=other").contains(&"localhost/other:2".to_owned()));
    assert!(names("--filter reference=none").is_empty());
    assert!(names("--filter dangling=true").is_empty());
    let output = env.ok("images --format json");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(value.as_array().is_some_and(|list| !list.is_empty()), "{output}");
}

testkit::cases! { both: [an_empty_list_has_its_heads, shows_names_ids_and_sizes, format_and_filter] }
