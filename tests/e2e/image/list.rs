//! `images`.

use serde_json::json;
use testkit::{Base, Image, TestEnv};

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
    env.ok("images -q 'b*e'").prints(&format!("{}\n", &id[..12]));
    env.ok("images -q 'localhost/b?se'").prints(&format!("{}\n", &id[..12]));
    env.ok("images -q 'x*'").prints("");
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

fn labelled() -> Image {
    Base::image().config("Labels", json!({"a": "b", "c": "d"}))
}

fn every_filter(env: &TestEnv) {
    env.base();
    env.load(&labelled(), "localhost/two:1");
    env.ok("tag two:1 quay.io/q/z:3");
    env.ok("create --name user base true");
    let names = |filters: &str| {
        let mut lines =
            env.ok(&format!("images --noheading --format {{{{.Repository}}}}:{{{{.Tag}}}} {filters}")).lines();
        lines.sort();
        lines.join(" ")
    };
    let (base, two) = ("localhost/base:latest", "localhost/two:1 quay.io/q/z:3");
    let all = "localhost/base:latest localhost/two:1 quay.io/q/z:3";
    let digest = env.ok("image inspect --format {{.Digest}} base").text();
    for (filter, expected) in [
        ("reference=two", two),
        ("reference=*wo", two),
        ("reference=two:*", two),
        ("reference=q/z", two),
        ("reference=quay.io/q/z", two),
        ("reference=qua?.io/q/z:3", two),
        ("reference=quay.io/q", ""),
        ("reference=[lq]o*/two:1", two),
        ("reference=localhost/*", all),
        ("reference=base", base),
        ("reference!=two", base),
        ("label=a", two),
        ("label=a=b", two),
        ("label=a=c", ""),
        ("label!=c=d", base),
        ("label!=zz", all),
        ("dangling=false", all),
        ("dangling=1", ""),
        ("intermediate=true", ""),
        ("intermediate=false", all),
        ("readonly=true", ""),
        ("readonly=false", all),
        ("manifest=true", ""),
        ("manifest=false", all),
        ("containers=true", base),
        ("containers=false", two),
        ("until=1h", all),
        ("until=2020-01-01", ""),
        ("before=two:1", ""),
        ("since=two:1", ""),
        ("after=base", ""),
        (&format!("id={}", &labelled().id()[..12]), two),
        (&format!("digest={}", &digest[..20]), base),
    ] {
        assert_eq!(names(&format!("--filter {filter}")), expected, "{filter}");
    }
    assert_eq!(names("--filter reference=two --filter reference=base"), all);
    assert_eq!(names("--filter label=a --filter label=zz"), "");
}

fn wrong_filters_are_refused(env: &TestEnv) {
    for (filter, why) in [
        ("foo=1", "invalid image filter \"foo\": must be in the format \"filter=value or filter!=value\""),
        ("foo", "invalid image filter \"foo\""),
        ("dangling=x", "non-boolean value"),
        ("before=no-such", "could not find local image for filter \"before\"=\"no-such\": no-such: image not known"),
        ("until=x", "\"x\""),
    ] {
        env.run(&format!("images --filter {filter}")).code(125).complains(why);
    }
    env.run("images --sort foo").code(125).complains("Choose from: \"created, id, repository, size, tag\"");
}

fn templates(env: &TestEnv) {
    env.load(&labelled(), "localhost/two:1");
    let id = labelled().id();
    for (format, expected) in [
        ("{{range .}}{{.Repository}}:{{.Tag}} {{end}}", "localhost/two:1".to_owned()),
        (
            "{{.ImageSummary.ID}} {{.ImageSummary.Names}} {{.ImageSummary.Labels.a}}",
            format!("{id} [localhost/two:1] b"),
        ),
        ("{{eq .VirtualSize .ImageSummary.Size}} {{.SharedSize}}", "true 0".to_owned()),
        ("{{len .Labels}} {{index .Labels \"c\"}} {{join .Names \",\"}}", "2 d localhost/two:1".to_owned()),
        ("{{json .Labels}} {{json .Names}}", "{\"a\":\"b\",\"c\":\"d\"} [\"localhost/two:1\"]".to_owned()),
    ] {
        let output = env.engine().words("images --format").arg(format).run();
        output.ok();
        assert_eq!(output.text().trim_end(), expected, "{format}");
    }
    env.ok("images --format {{.}}").has(&format!("{{localhost/two 1 {{{id}"));
}

fn listed(env: &TestEnv) -> Vec<serde_json::Value> {
    serde_json::from_slice(&env.ok("images --format json").stdout).unwrap()
}

fn json_has_one_entry_a_name(env: &TestEnv) {
    env.base();
    env.ok("tag base other:2");
    let listed = listed(env);
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0], listed[1]);
    assert_eq!(listed[0]["Names"], json!(["localhost/other:2", "localhost/base:latest"]));
    assert_eq!(listed[0]["History"], json!(["localhost/base:latest", "localhost/other:2"]));
    assert_eq!(listed[0]["CreatedAt"], "2026-01-02T03:04:05Z");
    env.ok("images -q").prints(&format!("{}\n", &Base::image().id()[..12]));
}

fn digests_are_names(env: &TestEnv) {
    let registry = env.registry();
    let digest = registry.push("a/one", "1", &Base::image());
    let name = format!("{}/a/one@{digest}", registry.host());
    env.ok(&format!("pull -q {name}"));
    assert_eq!(listed(env)[0]["Names"], json!([name]));
    assert_eq!(listed(env)[0]["Digest"], digest.as_str());
    env.ok(&format!("tag {name} tagged:1"));
    assert_eq!(listed(env).len(), 1);
    assert_eq!(listed(env)[0]["Names"], json!(["localhost/tagged:1", name]));
    env.ok("images --format {{.Repository}}:{{.Tag}}").prints("localhost/tagged:1\n");
}

fn of_a_list_the_lists_digest_is_shown(env: &TestEnv) {
    let registry = env.registry();
    let images = [Base::image(), Base::image().architecture("s390x")];
    let list = registry.push_index("a/list", "1", &images);
    let name = format!("{}/a/list:1", registry.host());
    env.ok(&format!("pull -q {name}"));
    env.ok("images --format {{.Digest}}").prints(&format!("{list}\n"));
    let manifest = env.ok(&format!("image inspect {name} --format {{{{.Digest}}}}")).text();
    assert_ne!(manifest, list);
    let mut both = [&manifest, &list].map(|digest| format!("{}/a/list@{digest}", registry.host()));
    both.sort();
    assert_eq!(listed(env)[0]["RepoDigests"], json!(both));
}

fn names_come_newest_first(env: &TestEnv) {
    env.base();
    env.ok("tag base other:2");
    env.ok("tag base a.example/x:1");
    let shown = env.ok("images --format {{.Repository}}:{{.Tag}} base").lines();
    assert_eq!(shown, ["a.example/x:1", "localhost/other:2", "localhost/base:latest"]);
    let line = env.ok("images --noheading --history").lines().remove(0);
    assert!(line.ends_with("localhost/base:latest, localhost/other:2, a.example/x:1"), "{line}");
    env.ok("images --history").has("HISTORY");
    let format =
        "{{.Names}} {{.RepoTags}} {{.IsDangling}} {{.IsReadOnly}} {{.Dangling}} {{.ReadOnly}} {{.IsManifestList}}";
    let line = env.engine().words("images --format").arg(format).run().lines().remove(0);
    let names = "[a.example/x:1 localhost/other:2 localhost/base:latest]";
    assert_eq!(line, format!("{names} {names} false false false false <nil>"));
    let digest = env.ok("image inspect --format {{.Digest}} base").text();
    let shown = env.ok("images --format {{.RepoDigests}} base").lines().remove(0);
    let expected = ["a.example/x", "localhost/base", "localhost/other"].map(|name| format!("{name}@{digest}"));
    assert_eq!(shown, format!("[{}]", expected.join(" ")));
    for (sort, first) in [("repository", "a.example/x:1"), ("tag", "a.example/x:1")] {
        let shown = env.ok(&format!("images --sort {sort} --format {{{{.Repository}}}}:{{{{.Tag}}}}")).lines();
        assert_eq!(shown[0], first, "{sort}: {shown:?}");
    }
}

/// Made in the same second, one is still the older.
fn moments_are_told_apart(env: &TestEnv) {
    env.write("files.tar", testkit::Layer::new(&[testkit::Entry::file("f", "x")]).tar);
    for tag in ["one", "two", "three"] {
        env.ok(&format!("import -q files.tar i:{tag}"));
    }
    let filtered = |filter: &str| env.ok(&format!("images --format {{{{.Tag}}}} --filter {filter}")).text();
    assert_eq!(filtered("since=i:one"), "three\ntwo");
    assert_eq!(filtered("before=i:three"), "two\none");
    // Podman's order goes by whole seconds.
    if !env.is_peer() {
        assert_eq!(filtered("reference=i"), "three\ntwo\none");
    }
}

testkit::cases! { both: [
    moments_are_told_apart,
    an_empty_list_has_its_heads, shows_names_ids_and_sizes, format_and_filter, every_filter, wrong_filters_are_refused,
    names_come_newest_first, templates, json_has_one_entry_a_name, digests_are_names,
    of_a_list_the_lists_digest_is_shown,
] }
