//! `skopeo sync`: repositories, folders and lists of images, again and again.

use super::{ok, skopeo, small};
use serde_json::json;
use testkit::{Auth, FakeRegistry, Registry, Reply, TestEnv};

/// A registry with `a/one:1`, `a/one:2` and `a/two:1`.
fn filled(env: &TestEnv) -> Registry<'_> {
    let registry = env.registry();
    registry.push("a/one", "1", &small("amd64"));
    registry.push("a/one", "2", &small("arm64"));
    registry.push("a/two", "1", &small("amd64"));
    registry
}

fn tags(env: &TestEnv, repository: &str) -> Vec<String> {
    let shown: serde_json::Value =
        serde_json::from_slice(&ok(env, &format!("list-tags docker://{repository}")).stdout).unwrap();
    let mut tags: Vec<String> =
        shown["Tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect();
    tags.sort();
    tags
}

fn digest(env: &TestEnv, name: &str) -> String {
    ok(env, &format!("inspect --no-tags --override-arch amd64 --format {{{{.Digest}}}} {name}"))
        .text()
        .trim()
        .to_owned()
}

fn a_repository_to_a_registry(env: &TestEnv) {
    let from = filled(env);
    let host = from.host();
    ok(env, &format!("sync --src docker --dest docker {host}/a/one {host}/x"));
    assert_eq!(tags(env, &format!("{host}/x/one")), ["1", "2"]);
    assert_eq!(digest(env, &format!("docker://{host}/x/one:1")), digest(env, &format!("docker://{host}/a/one:1")));
    ok(env, &format!("sync --src docker --dest docker --append-suffix -m {host}/a/one:1 {host}/x/y"));
    assert_eq!(tags(env, &format!("{host}/x/y/one")), ["1-m"]);
    ok(env, &format!("sync --dry-run --src docker --dest docker {host}/a/one {host}/dry"));
    skopeo(env, &format!("list-tags docker://{host}/dry/one")).run().code(1);
}

fn to_a_folder_and_back(env: &TestEnv) {
    let from = filled(env);
    let host = from.host();
    ok(env, &format!("sync --src docker --dest dir --digestfile digests {host}/a/one usb"));
    let expected = digest(env, &format!("docker://{host}/a/one:1"));
    assert_eq!(digest(env, "dir:usb/one:1"), expected);
    let lines = env.read(env.work().join("digests")).unwrap();
    assert!(lines.contains(&format!("{expected} dir:usb/one:1\n")), "{lines}");
    ok(env, &format!("sync --src docker --dest dir --scoped {host}/a/two:1 scoped"));
    assert_eq!(digest(env, &format!("dir:scoped/{host}/a/two:1")), digest(env, &format!("docker://{host}/a/two:1")));
    ok(env, &format!("sync --src dir --dest docker usb {host}/back"));
    assert_eq!(digest(env, &format!("docker://{host}/back/one:1")), expected);
    assert_eq!(tags(env, &format!("{host}/back/one")), ["1", "2"]);
    ok(env, &format!("sync --src dir --dest docker usb/one:2 {host}/single"));
    assert_eq!(tags(env, &format!("{host}/single/one")), ["2"]);
}

fn a_list_of_images(env: &TestEnv) {
    let from = filled(env);
    let host = from.host();
    for tag in ["v1.2.3", "1.10", "2.0"] {
        from.push("a/many", tag, &small("amd64"));
    }
    let list = format!(
        "{host}:\n  tls-verify: false\n  images:\n    a/two: []\n    a/one:\n      - \"2\"\n  images-by-tag-regex:\n    \
         a/many: ^2\\.0$\n  images-by-semver:\n    a/many: \">= 1.2, < 2\"\n"
    );
    env.write("list.yaml", list.as_bytes());
    ok(env, "sync --src yaml --dest dir list.yaml usb");
    let mut found: Vec<String> = std::fs::read_dir(env.work().join("usb"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, ["many:1.10", "many:2.0", "many:v1.2.3", "one:2", "two:1"]);
    env.write("bad.yaml", b"a.b: [");
    skopeo(env, "sync --src yaml --dest dir bad.yaml usb").run().code(1).complains("Failed to unmarshal");
    env.write("empty.yaml", b"a.b:\n  images: {}\n");
    ok(env, "sync --src yaml --dest dir empty.yaml usb").complains("No images specified for registry");
}

fn goes_on_if_told_so(env: &TestEnv) {
    let from = filled(env);
    let host = from.host();
    env.write("list.yaml", format!("{host}:\n  tls-verify: false\n  images:\n    a/one: [\"9\", \"1\"]\n").as_bytes());
    skopeo(env, "sync --src yaml --dest dir list.yaml stopped").run().complains("one:9");
    let line = "sync --keep-going --src yaml --dest dir list.yaml all";
    skopeo(env, line).run().code(1).complains("Error copying ref").complains("Sync failed");
    assert!(env.work().join("all/one:1/manifest.json").exists());
}

fn all_of_an_index_or_what_suits(env: &TestEnv) {
    let registry = env.registry();
    let index = registry.push_index("many", "1", &[small("amd64"), small("arm64")]);
    let host = registry.host();
    ok(env, &format!("sync --all --src docker --dest docker {host}/many {host}/all"));
    assert_eq!(digest(env, &format!("docker://{host}/all/many:1")), index);
    ok(env, &format!("--override-arch arm64 sync --src docker --dest dir {host}/many one"));
    ok(env, "inspect --override-arch arm64 --format {{.Architecture}} dir:one/many:1").prints("arm64\n");
}

/// A manifest that is unchanged may have got new signatures.
fn new_signatures_arrive(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = env.registry();
    let digest = registry.push("a/one", "1", &small("amd64"));
    let sigs = env.work().join("sigs");
    let conf = format!("docker:\n  {}:\n    lookaside: file://{}\n", registry.host(), sigs.display());
    env.configure(&testkit::Settings { system: &[("registries.d/here.yaml", &conf)], user: &[] });
    let from = format!("{}/a/one", registry.host());
    let sync = || ok(env, &format!("sync --src docker --dest dir {from} mirror"));
    sync();
    let signature = env.work().join("mirror/one:1/signature-1");
    assert!(!env.exists(&signature));
    env.write(&format!("sigs/a/one@{}/signature-1", digest.replace(':', "=")), b"\xa3signed".as_slice());
    sync();
    assert!(env.exists(&signature));
    sync().complains("Unchanged");
}

fn nothing_is_written_by_a_dry_run(env: &TestEnv) {
    let registry = filled(env);
    ok(env, &format!("sync --dry-run --digestfile digests --src docker --dest dir {}/a/one x", registry.host()));
    assert!(!env.exists(env.work().join("digests")) && !env.exists(env.work().join("x/one:1")));
    ok(env, &format!("sync --digestfile digests --src docker --dest dir {}/a/one x", registry.host()));
    assert!(env.exists(env.work().join("digests")));
}

fn broken_patterns_and_lists(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    for flag in ["--exclude-tags", "--include-tags"] {
        let output = skopeo(env, &format!("sync {flag} '[' --src docker --dest dir 127.0.0.1:1/a x")).run();
        output.code(1).complains("level=fatal").complains("syntax error in pattern");
    }
    env.write("list.yaml", "127.0.0.1:1:\n  images:\n    - a\n");
    let read = || skopeo(env, "sync --src yaml --dest dir list.yaml x").run();
    read().code(1).complains("line 3, column 5: here should be `key: value`").is_readable();
    env.write("list.yaml", format!("# {}\n", "x".repeat(5 << 20)));
    read().code(1).complains("longer than the 4194304 bytes");
}

fn nonsense(env: &TestEnv) {
    for (line, words) in [
        ("sync --src dir --dest docker", "Exactly two arguments expected"),
        ("sync --dest dir a b", "A source transport must be specified"),
        ("sync --src dir a b", "A destination transport must be specified"),
        ("sync --src foo --dest dir a b", "is not a valid source transport"),
        ("sync --src dir --dest foo a b", "is not a valid destination transport"),
        ("sync --src dir --dest dir a b", "not implemented, consider using rsync instead"),
        ("sync --src dir --dest docker nosuch b", "Invalid source directory specified"),
    ] {
        skopeo(env, line).run().code(1).complains(words);
    }
    std::fs::create_dir(env.work().join("empty")).unwrap();
    skopeo(env, "sync --src dir --dest docker empty a.b/c").run().code(1).complains("No images to sync found");
    let registry = env.registry();
    skopeo(env, &format!("sync --src docker --dest dir --src-tls-verify=false {}/nosuch x", registry.host()))
        .run()
        .code(1)
        .complains("nosuch");
    let missing = format!("sync --src docker --dest dir --src-tls-verify=false {}/nosuch:1 x", registry.host());
    skopeo(env, &missing).run().code(2).complains("nosuch");
    let output = skopeo(env, &format!("sync --src docker --dest dir docker://{}/one x", registry.host())).run();
    output.code(1).complains("annot obtain a valid image reference");
    if !env.is_peer() {
        output.complains("docker://` doesn't belong in a name");
    }
}

/// What Skopeo hasn't got from here on.
fn ours(env: &TestEnv) -> bool {
    if env.is_peer() {
        testkit::note_skipped("only minke can do that");
    }
    !env.is_peer()
}

/// Requests to a fake registry since the last look.
fn methods(fake: &FakeRegistry, seen: &mut usize) -> Vec<String> {
    let all = fake.seen();
    let new = all[*seen..].iter().filter(|request| request.path != "/v2/");
    let lines = new.map(|request| format!("{} {}", request.method, request.path)).collect();
    *seen = all.len();
    lines
}

fn what_is_there_costs_a_head(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let fake = env.fake_registry();
    let image = small("amd64");
    fake.offer("one", "1", &image);
    let host = fake.host();
    let line = format!("sync --src docker --dest dir {host}/one:1 usb");
    ok(env, &line);
    let mut seen = 0;
    methods(&fake, &mut seen);
    ok(env, &line).complains("Unchanged");
    assert_eq!(methods(&fake, &mut seen), ["HEAD /v2/one/manifests/1"]);
    // Another image under the same name: what both have isn't fetched again, what the first had alone goes.
    let second = small("amd64").config("Labels", json!({ "is": "second" }));
    fake.offer("one", "1", &second);
    ok(env, &line);
    let blobs: Vec<String> = methods(&fake, &mut seen).into_iter().filter(|line| line.contains("/blobs/")).collect();
    assert_eq!(blobs.len(), 1, "{blobs:?}");
    let files = std::fs::read_dir(env.work().join("usb/one:1")).unwrap().count();
    assert_eq!(files, 4, "manifest, version, configuration, layer");
}

fn what_is_there_is_left_in_registries(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let from = filled(env);
    let line = format!("sync --src docker --dest docker {0}/a/one {0}/x", from.host());
    ok(env, &line).complains("Copying image ref 1/2");
    assert!(!ok(env, &line).complains("Unchanged").complaint().contains("Copying"));
    from.push("a/one", "2", &small("amd64").config("Labels", json!({ "is": "third" })));
    let output = ok(env, &line);
    output.complains("Unchanged").complains("to=\"docker://127.0.0.1:5000/x/one:2\"");
    assert_eq!(output.complaint().matches("Copying image ref").count(), 1);
}

fn tags_by_pattern(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = env.registry();
    for tag in ["1.0", "1.1", "1.1-rc1", "2.0", "latest"] {
        registry.push("one", tag, &small("amd64"));
    }
    let host = registry.host();
    let line = format!("sync --src docker --dest docker {host}/one {host}/x");
    ok(env, &format!("{line} --include-tags 1.*,latest --exclude-tags *-rc*"));
    assert_eq!(tags(env, &format!("{host}/x/one")), ["1.0", "1.1", "latest"]);
}

fn platforms_that_were_chosen(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = env.registry();
    registry.push_index("many", "1", &[small("amd64"), small("arm64"), small("s390x")]);
    let host = registry.host();
    let line = format!("sync --src docker --dest dir {host}/many usb --platform linux/amd64,linux/s390x");
    ok(env, &line);
    let index: serde_json::Value = serde_json::from_slice(&ok(env, "inspect --raw dir:usb/many:1").stdout).unwrap();
    let found: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["platform"]["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(found, ["amd64", "s390x"]);
    ok(env, &line).complains("Unchanged");
    ok(env, &format!("sync --src docker --dest dir {host}/many one --platform linux/s390x"));
    ok(env, "inspect --override-arch s390x --format {{.Architecture}} dir:one/many:1").prints("s390x\n");
    // Not less than was asked for.
    skopeo(env, &format!("sync --src docker --dest dir {host}/many no --platform linux/amd64,linux/mips"))
        .run()
        .code(1)
        .complains("linux/mips");
    skopeo(env, &format!("sync --src docker --dest dir {host}/many no --platform linux/mips,linux/ppc64le"))
        .run()
        .code(1)
        .complains("mips");
    skopeo(env, &format!("{line} --all")).run().code(1).complains("--platform");
}

fn what_is_gone_is_deleted(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    let host = registry.host();
    let line = format!("sync --src docker --dest dir --delete-missing {host}/one usb");
    for tag in ["2", "3-keep"] {
        ok(env, &format!("copy docker://{host}/one:1 dir:usb/one:{tag}"));
    }
    ok(env, &format!("copy docker://{host}/one:1 dir:usb/other:2"));
    std::fs::create_dir_all(env.work().join("usb/one:mine")).unwrap();
    ok(env, &format!("copy docker://{host}/one:1 dir:usb/one:noted"));
    env.write("usb/one:noted/notes", "mine");
    let exists = |name: &str| env.work().join("usb").join(name).exists();
    ok(env, &format!("{line} --dry-run")).complains("Would have deleted").complains("one:2");
    assert!(exists("one:2"));
    ok(env, &format!("{line} --exclude-tags *-keep")).complains("Deleted").complains("one:noted stays");
    assert_eq!(["one:1", "one:2", "one:3-keep", "one:mine", "other:2"].map(exists), [true, false, true, true, true]);
    assert!(exists("one:noted/manifest.json"));
    skopeo(env, &format!("sync --src docker --dest dir --delete-missing {host}/one:1 usb"))
        .run()
        .code(1)
        .complains("--delete-missing needs a whole repository");
}

/// What a registry calls a tag may be anything.
fn tags_that_are_none_are_passed_over(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("skopeo gives the repository up");
    }
    let fake = env.fake_registry();
    fake.offer("one", "1", &small("amd64"));
    let tags = json!({ "name": "one", "tags": ["../../x", "1", "\u{1b}[2J", "x".repeat(10_000)] });
    fake.reply("/v2/one/tags/list", Reply::ok("application/json", tags.to_string()));
    let output = skopeo(
        env,
        &format!("sync --src docker --dest dir --keep-going --src-tls-verify=false {}/one usb", fake.host()),
    )
    .run();
    output.ok();
    assert_eq!(env.script("ls usb").text().trim(), "one:1");
    output.complains("3 of the listed tags can't be tags").is_readable();
}

fn what_is_gone_is_deleted_in_registries(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = Registry::start_with(env, 5077, &Auth { deletes: true, ..Auth::default() });
    let host = registry.host();
    registry.push("one", "1", &small("amd64"));
    registry.push("x/one", "1", &small("amd64"));
    // The same image as the one that stays: by its digest both would go.
    registry.push("x/one", "2", &small("amd64"));
    registry.push("x/one", "3", &small("amd64").config("Labels", json!({ "is": "other" })));
    let line = format!("sync --src docker --dest docker --delete-missing {host}/one {host}/x");
    let output = ok(env, &line);
    output.complains("Deleted").complains("one:3");
    output.complains("one:2 stays: the registry deletes by digests only");
    assert_eq!(tags(env, &format!("{host}/x/one")), ["1", "2"]);
}

/// Two sources with the same place: each has what the other lacks.
fn what_another_source_has_is_not_gone(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = env.registry();
    let host = registry.host();
    registry.push("a/app", "1", &small("amd64"));
    registry.push("b/app", "2", &small("amd64"));
    let list = format!("{host}:\n  tls-verify: false\n  images:\n    a/app: []\n    b/app: []\n");
    env.write("list.yaml", list.as_bytes());
    ok(env, &format!("copy docker://{host}/a/app:1 dir:usb/app:3"));
    ok(env, "sync --src yaml --dest dir --delete-missing list.yaml usb").complains("app:3");
    let exists = |tag: &str| env.work().join(format!("usb/app:{tag}")).exists();
    assert_eq!(["1", "2", "3"].map(exists), [true, true, false]);
    // What can't be listed may have anything.
    let list = format!("{host}:\n  tls-verify: false\n  images:\n    a/app: []\n    nosuch/app: []\n");
    env.write("list.yaml", list.as_bytes());
    ok(env, "sync --src yaml --dest dir --delete-missing list.yaml usb").complains("nothing is deleted");
    assert!(exists("2"));
}

/// An answer without tags is more often a fault than a repository that was emptied.
fn an_empty_answer_deletes_nothing(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = env.registry();
    registry.push("one", "1", &small("amd64"));
    ok(env, &format!("copy docker://{}/one:1 dir:usb/one:1", registry.host()));
    let fake = env.fake_registry();
    fake.reply("/v2/one/tags/list", Reply::ok("application/json", "{}"));
    ok(env, &format!("sync --src docker --src-tls-verify=false --dest dir --delete-missing {}/one usb", fake.host()))
        .complains("nothing is deleted");
    assert!(env.work().join("usb/one:1/manifest.json").exists());
}

/// An index that stays needs its images.
fn images_of_an_index_stay_in_registries(env: &TestEnv) {
    if !ours(env) {
        return;
    }
    let registry = Registry::start_with(env, 5078, &Auth { deletes: true, ..Auth::default() });
    let host = registry.host();
    registry.push_index("one", "1", &[small("amd64"), small("arm64")]);
    registry.push_index("x/one", "1", &[small("amd64"), small("arm64")]);
    registry.push("x/one", "1-amd64", &small("amd64"));
    let output = ok(env, &format!("sync --all --src docker --dest docker --delete-missing {host}/one {host}/x"));
    output.complains("tag 1 needs the same image");
    ok(env, &format!("copy --all docker://{host}/x/one:1 dir:whole"));
}

testkit::cases! { both: [
    a_repository_to_a_registry, to_a_folder_and_back, a_list_of_images, goes_on_if_told_so, new_signatures_arrive, nothing_is_written_by_a_dry_run, broken_patterns_and_lists,
    all_of_an_index_or_what_suits, nonsense, what_is_there_costs_a_head, what_is_there_is_left_in_registries,
    tags_by_pattern, platforms_that_were_chosen, what_is_gone_is_deleted, tags_that_are_none_are_passed_over, what_is_gone_is_deleted_in_registries,
    what_another_source_has_is_not_gone, an_empty_answer_deletes_nothing, images_of_an_index_stay_in_registries,
] }
