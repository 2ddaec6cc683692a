//! `image inspect`.

use serde_json::{Value, json};
use testkit::{Base, Entry, Layer, TestEnv};

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

fn layers_can_be_found(env: &TestEnv) {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("mine", "y")]));
    env.load(&image, "localhost/i:1");
    let shown: Value = serde_json::from_slice(&env.ok("image inspect i:1").stdout).unwrap();
    let data = &shown[0]["GraphDriver"]["Data"];
    assert_eq!(env.read(format!("{}/mine", data["UpperDir"].as_str().unwrap())).as_deref(), Some("y"));
    assert!(env.exists(format!("{}/bin", data["LowerDir"].as_str().unwrap())));
}

fn healthchecks_say_what_was_said(env: &TestEnv) {
    let check = json!({"Test": ["CMD", "true"], "Interval": 5_000_000_000_u64});
    env.load(&Base::image().config("Healthcheck", check.clone()).config("OnBuild", json!(["RUN x"])), "localhost/i:1");
    let shown: Value = serde_json::from_slice(&env.ok("image inspect i:1").stdout).unwrap();
    assert_eq!(shown[0]["Healthcheck"], check);
    assert_eq!((shown[0]["Config"].get("Healthcheck"), shown[0]["Config"].get("OnBuild")), (None, None));
    let format = "{{.HealthCheck.Interval}} {{.HealthCheck.Timeout}} {{.HealthCheck.Test}} {{.Config.ArgsEscaped}}";
    env.engine().words("image inspect i:1 --format").arg(format).run().prints("5s 0s [CMD true] false\n");
    let format =
        r#"{{.Created.Format "2006-01-02 Jan _2 15:04:05"}} {{.Created.Unix}} {{(.Created.AddDate 0 1 0).Month}}"#;
    let expected = "2026-01-02 Jan  2 03:04:05 1767323045 February\n";
    env.engine().words("image inspect i:1 --format").arg(format).run().prints(expected);
}

fn only_line_separators_are_escaped(env: &TestEnv) {
    env.load(&Base::image().config("Labels", json!({"a": "<b> & c\u{2028}d\u{2029}"})), "localhost/i:1");
    let expected = r#""a": "<b> & c\u2028d\u2029""#;
    for command in ["image inspect i:1", "inspect i:1"] {
        let text = env.ok(command).text();
        assert!(text.contains(expected), "{text}");
    }
    let expected = r#"{"a":"<b> & c\u2028d\u2029"}"#;
    env.engine().words("inspect i:1 --format").arg("{{json .Labels}}").run().prints(&format!("{expected}\n"));
}

testkit::cases! { both: [only_line_separators_are_escaped, shows_the_config, format_and_unknown, layers_can_be_found, healthchecks_say_what_was_said] }
