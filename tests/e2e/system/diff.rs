//! `diff`, `container diff`, `image diff`.

use serde_json::{Value, json};
use testkit::{Base, Entry, Image, Layer, TestEnv};

/// A tree to be changed, and an image that changes it.
fn images(env: &TestEnv) {
    let mut one = Base::image();
    one.layers.push(Layer::new(&[
        Entry::dir("d"),
        Entry::file("d/change", "1"),
        Entry::file("d/gone", "1"),
        Entry::file("d/stays", "1"),
        Entry::dir("whole"),
        Entry::file("whole/old", "1"),
    ]));
    env.load(&one, "localhost/one:1");
    let mut two = Image::new(one.layers.clone());
    two.layers.push(Layer::new(&[
        Entry::file("d/change", "22"),
        Entry::file("d/.wh.gone", ""),
        Entry::file("new/deep/file", "1"),
        Entry::dir("whole"),
        Entry::file("whole/.wh..wh..opq", ""),
        Entry::file("whole/fresh", "1"),
    ]));
    env.load(&two, "localhost/two:1");
}

fn sorted(env: &TestEnv, command: &str) -> Vec<String> {
    let mut lines = env.ok(command).lines();
    lines.sort();
    lines
}

const TWO: [&str; 9] =
    ["A /new", "A /new/deep", "A /new/deep/file", "A /whole/fresh", "C /d", "C /d/change", "D /d/gone", "D /whole", ""];

fn of_an_image(env: &TestEnv) {
    images(env);
    assert_eq!(sorted(env, "image diff two:1"), TWO[..8]);
    assert_eq!(sorted(env, "diff two:1"), TWO[..8]);
    let shown: Value = serde_json::from_slice(&env.ok("image diff --format json two:1").stdout).unwrap();
    assert_eq!(shown["deleted"], json!(["/d/gone", "/whole"]));
    assert_eq!(shown["added"].as_array().unwrap().len(), 4);
    let alone = Image::new(vec![Layer::new(&[Entry::file("a/b", "1")])]);
    env.load(&alone, "localhost/alone:1");
    assert_eq!(sorted(env, "image diff alone:1"), ["A /a", "A /a/b"]);
}

fn between_two_images(env: &TestEnv) {
    images(env);
    let forward = [
        "A /d",
        "A /d/change",
        "A /d/stays",
        "A /new",
        "A /new/deep",
        "A /new/deep/file",
        "A /whole/fresh",
        "C /whole",
        "D /whole/other",
    ];
    // One on the other: its layer says what changed.
    assert_eq!(sorted(env, "image diff two:1 one:1"), TWO[..8]);
    let mut other = Base::image();
    other.layers.push(Layer::new(&[Entry::dir("whole"), Entry::file("whole/other", "1")]));
    env.load(&other, "localhost/other:1");
    assert_eq!(sorted(env, "image diff two:1 other:1"), forward);
    let back = ["A /d/gone", "A /whole/old", "C /d", "C /d/change", "C /whole", "D /new", "D /whole/fresh"];
    assert_eq!(sorted(env, "diff one:1 two:1"), back);
    env.ok("image diff one:1 one:1").prints("");
}

fn of_a_container(env: &TestEnv) {
    images(env);
    let script = "echo x >>/d/change; rm /d/gone; mkdir -p /new/deep; echo >/new/deep/f; rm -r /whole; mkdir /whole; \
                  echo >/whole/f; ln -s x /link; chmod 700 /tmp; mkfifo /fifo";
    env.run(&format!("run --name c --network none one:1 sh -c '{script}'")).ok();
    let expected = [
        "A /fifo",
        "A /link",
        "A /new",
        "A /new/deep",
        "A /new/deep/f",
        "A /whole/f",
        "C /d",
        "C /d/change",
        "C /tmp",
        "D /d/gone",
        "D /whole",
    ];
    let shown = |command: &str| {
        let mut lines = sorted(env, command);
        // The engine's own files.
        lines.retain(|line| line != "C /etc");
        lines
    };
    assert_eq!(shown("container diff c"), expected);
    assert_eq!(shown("diff c"), expected);
    assert_eq!(shown("diff --latest"), expected);
    assert!(shown("diff c two:1").contains(&"D /whole/fresh".to_owned()));
    env.ok("create --name fresh one:1 true");
    env.ok("diff fresh").prints("");
}

fn other_content_leaves_the_folder_alone(env: &TestEnv) {
    images(env);
    env.ok("run --name c --network none one:1 sh -c 'echo x >>/d/change'");
    let mut lines = sorted(env, "diff c");
    lines.retain(|line| line != "C /etc");
    assert_eq!(lines, ["C /d/change"]);
}

fn wrong_calls(env: &TestEnv) {
    images(env);
    env.run("diff no-such").code(125).complains("no-such");
    env.run("image diff no-such").code(125).complains("no-such: image not known");
    env.run("image diff one:1 no-such").code(125).complains("no-such: image not known");
    env.run("container diff one:1").code(125).complains("one:1");
    env.run("image diff").code(125).complains("accepts between 1 and 2 arg(s), received 0");
    env.run("diff").code(125).complains("requires a name, id, or the \"--latest\" flag");
    env.run("diff a b c").code(125).complains("arg(s), received 3");
    env.run("diff --latest x").code(125).complains("--latest and containers cannot be used together");
    env.run("diff --format {{.}} one:1").code(125).complains("only supported value for '--format' is 'json'");
}

testkit::cases! { both: [
    of_an_image, between_two_images, of_a_container, other_content_leaves_the_folder_alone, wrong_calls,
] }
