//! `image inspect`.

use serde_json::{Value, json};
use testkit::{Base, TestEnv};

fn shows_the_config(env: &TestEnv) {
    let image = Base::image().config("Labels", json!({"a": "b"})).config("ExposedPorts", json!({"80/tcp": {}}));
    env.load(&image, "localhost/i:1");
    let output = env.ok("image inspect i:1");
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let shown = &shown[0];
    assert_eq!(shown["Id"], image.id());
    assert_eq!(shown["RepoTags"][0], "localhost/i:1");
    assert_eq!(shown["Os"], "linux");
    assert_eq!(shown["Config"]["Cmd"][0], "sh");
    assert_eq!(shown["Labels"]["a"], "b");
    assert_eq!(shown["RootFS"]["Layers"][0], image.layers[0].diff_id());
    assert!(shown["Size"].as_u64().unwrap() > 1_000_000);
}

fn format_and_unknown(env: &TestEnv) {
    env.base();
    env.ok("image inspect --format {{.Id}} base").prints(&format!("{}\n", Base::image().id()));
    env.ok("inspect --format {{.Id}} base").prints(&format!("{}\n", Base::image().id()));
    env.run("image inspect no-such").refused("no-such");
}

testkit::cases! { both: [shows_the_config, format_and_unknown] }
