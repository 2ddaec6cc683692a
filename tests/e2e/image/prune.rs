//! `image prune`.

use testkit::{Base, Entry, Image, Layer, TestEnv};

fn nameless(text: &str) -> Image {
    Image::new(vec![Layer::new(&[Entry::file("f", text)])])
}

/// In the store without a name.
fn load_nameless(env: &TestEnv, text: &str) -> String {
    env.load(&nameless(text), "localhost/gone:1");
    env.ok("untag gone:1");
    nameless(text).id()
}

fn nameless_images_go(env: &TestEnv) {
    env.base();
    let id = load_nameless(env, "x");
    env.ok("image prune -f").prints(&format!("{id}\n"));
    env.ok("images -q --no-trunc").prints(&format!("sha256:{}\n", Base::image().id()));
    env.ok("image prune -f").prints("");
}

fn used_ones_stay(env: &TestEnv) {
    env.base();
    env.load(&nameless("x"), "localhost/other:1");
    env.ok("create --name c base true");
    env.ok("image prune -a --force").prints(&format!("{}\n", nameless("x").id()));
    env.ok("rm c");
    env.ok("image prune -a -f").prints(&format!("{}\n", Base::image().id()));
    env.ok("images -q").prints("");
}

fn filters_choose(env: &TestEnv) {
    env.load(&nameless("x").config("Labels", serde_json::json!({"keep": "1"})), "localhost/kept:1");
    env.load(&nameless("y"), "localhost/other:1");
    env.ok("image prune -a -f --filter label=keep=2").prints("");
    env.ok("image prune -a -f --filter until=2000-01-01T00:00:00Z").prints("");
    env.ok("image prune -a -f --filter label!=keep").prints(&format!("{}\n", nameless("y").id()));
    env.ok("images --format {{.Repository}}").prints("localhost/kept\n");
    env.run("image prune -f --filter foo=x").code(125).complains("invalid image filter \"foo\"");
    env.run("image prune -f --filter nonsense").code(125).complains("nonsense is invalid");
    env.run("image prune -f --filter until=zzz").code(125).complains("zzz");
}

fn asks_first(env: &TestEnv) {
    let id = load_nameless(env, "x");
    let answer = |text: &str| env.engine().words("image prune").stdin(text).run();
    answer("").code(125).complains("EOF").has("WARNING! This command removes all dangling images.");
    answer("n\n").ok().has("Are you sure you want to continue? [y/N] ").lacks(&id);
    answer("y\n").ok().has(&id);
    env.run("image prune x").code(125).complains("takes no arguments");
    env.ok("images -q").prints("");
}

/// Who asks for a digest wants that image.
fn what_was_pulled_by_digest_stays(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &nameless("x"));
    let tagged = format!("{}/one:1", registry.host());
    env.ok(&format!("pull -q --tls-verify=false {tagged}"));
    let digest = env.ok(&format!("image inspect --format {{{{.Digest}}}} {tagged}")).text();
    env.ok(&format!("rmi {tagged}"));
    let name = format!("{}/one@{digest}", registry.host());
    env.ok(&format!("pull -q --tls-verify=false {name}"));
    env.ok("image prune -f").prints("");
    env.ok("images -q --filter dangling=true").prints("");
    // Other names keep the image.
    env.ok(&format!("tag {name} other:1"));
    env.ok(&format!("rmi {name}")).prints(&format!("Untagged: {name}\n"));
    env.ok("image exists other:1");
    env.ok(&format!("pull -q --tls-verify=false {name}"));
    env.ok("rmi other:1").prints("Untagged: localhost/other:1\n");
    env.ok(&format!("rmi {name}")).has(&format!("Untagged: {name}")).has("Deleted: ");
    env.ok(&format!("pull -q --tls-verify=false {name}"));
    env.ok(&format!("untag {name}"));
    env.ok("image prune -f").prints(&format!("{}\n", nameless("x").id()));
}

testkit::cases! { both: [
    nameless_images_go, what_was_pulled_by_digest_stays,  used_ones_stay, filters_choose, asks_first,
] }
