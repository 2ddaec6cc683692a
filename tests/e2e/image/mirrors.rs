//! registries.conf: mirrors by kind, blocked registries, prefixes with `*.`.

use testkit::{Base, Image, Settings, TestEnv};

fn configured(env: &TestEnv, conf: &str) {
    let insecure = "[[registry]]\nlocation = \"127.0.0.1:5000\"\ninsecure = true\n";
    env.configure(&Settings { system: &[("registries.conf", &format!("{insecure}{conf}"))], user: &[] });
}

/// Another image than `base`.
fn other() -> Image {
    Base::image().config("Labels", serde_json::json!({"other": "yes"}))
}

const BY_KIND: &str = r#"
[[registry]]
location = "example.invalid"
[[registry.mirror]]
location = "127.0.0.1:5000/tags"
insecure = true
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "127.0.0.1:5000/digests"
insecure = true
pull-from-mirror = "digest-only"
[[registry]]
location = "second.invalid"
mirror-by-digest-only = true
[[registry.mirror]]
location = "127.0.0.1:5000/digests"
insecure = true
"#;

fn mirrors_are_asked_for_their_kind_only(env: &TestEnv) {
    let registry = env.registry();
    let by_tag = registry.push("tags/base", "1", &Base::image());
    let by_digest = registry.push("digests/base", "1", &other());
    configured(env, BY_KIND);
    env.ok("pull -q example.invalid/base:1").prints(&format!("{}\n", Base::image().id()));
    env.ok(&format!("pull -q example.invalid/base@{by_digest}")).prints(&format!("{}\n", other().id()));
    env.ok("rmi -a -f");
    env.run(&format!("pull -q --retry 0 example.invalid/base@{by_tag}")).code(125).is_readable();
    env.ok(&format!("pull -q second.invalid/base@{by_digest}"));
    env.ok("rmi -a -f");
    env.run("pull -q --retry 0 second.invalid/base:1").code(125).is_readable();
    env.ok("images -aq").prints("");
}

const BLOCKED: &str = r#"
[[registry]]
prefix = "127.0.0.1:5000/closed"
location = "127.0.0.1:5000/closed"
insecure = true
blocked = true
[[registry]]
prefix = "127.0.0.1:5000/closed/but-this"
location = "127.0.0.1:5000/open"
insecure = true
"#;

/// The longest prefix counts.
fn what_is_blocked_is_neither_pulled_nor_pushed(env: &TestEnv) {
    let registry = env.registry();
    registry.push("closed/base", "1", &Base::image());
    registry.push("open/base", "1", &Base::image());
    configured(env, BLOCKED);
    let at = |path: &str| format!("{}/{path}:1", registry.host());
    env.run(&format!("pull -q {}", at("closed/base"))).code(125).complains("blocked");
    env.run(&format!("run --rm {} true", at("closed/base"))).code(125).complains("blocked");
    env.ok("images -aq").prints("");
    env.ok(&format!("pull -q {}", at("closed/but-this/base")));
    env.ok("images --format {{.Repository}}").prints(&format!("{}/closed/but-this/base\n", registry.host()));
    let push = format!("push -q {} {}", at("closed/but-this/base"), at("closed/new"));
    env.run(&push).code(125).complains("blocked");
}

const WILD: &str = r#"
[[registry]]
prefix = "*.example.invalid"
[[registry.mirror]]
location = "127.0.0.1:5000/wild"
insecure = true
[[registry]]
prefix = "*.bad.example.invalid"
blocked = true
"#;

fn a_star_stands_for_any_host_below(env: &TestEnv) {
    let registry = env.registry();
    registry.push("wild/lib/base", "1", &Base::image());
    configured(env, WILD);
    for host in ["a", "a.b"] {
        env.ok(&format!("pull -q {host}.example.invalid/lib/base:1"));
        env.ok("images --format {{.Repository}}").prints(&format!("{host}.example.invalid/lib/base\n"));
        env.ok("rmi -a -f");
    }
    env.run("pull -q --retry 0 example.invalid/lib/base:1").code(125).is_readable();
    env.run("pull -q very.bad.example.invalid/lib/base:1").code(125).complains("blocked");
}

testkit::cases! {
    both: [
        mirrors_are_asked_for_their_kind_only, what_is_blocked_is_neither_pulled_nor_pushed,
        a_star_stands_for_any_host_below,
    ]
}
