//! `history`.

use testkit::{Base, Entry, Layer, TestEnv};

fn shows_the_layers(env: &TestEnv) {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("x", "y")]));
    env.load(&image, "localhost/h:1");
    let output = env.ok("history h:1");
    output.has("CREATED BY").has("testkit").has(&image.id()[..12]);
    assert_eq!(output.lines().len(), 3, "{output}");
    env.ok("history -q --no-trunc h:1").has(&image.id());
    env.ok("history --format json h:1").has(r#""id":"\u003cmissing\u003e""#);
    env.run("history no-such").refused("no-such");
}

fn images_on_the_way_are_named(env: &TestEnv) {
    env.base();
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("x", "y")]));
    env.load(&image, "localhost/h:1");
    env.ok("tag h:1 other:2");
    let lines = env.engine().words("history --no-trunc --format").arg("{{.ID}} {{.Tags}}").arg("h:1").run().lines();
    assert_eq!(lines[0], format!("{} [localhost/other:2 localhost/h:1]", image.id()));
    assert_eq!(lines[1], format!("{} [localhost/base:latest]", Base::image().id()));
    let output = env.ok("history --format json h:1");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys: Vec<&String> = shown[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "created", "CreatedBy", "tags", "size", "Created"]);
    env.ok("history -H=false --format {{.Created}} base").prints("2026-01-02T03:04:05Z\n");
}

fn templates(env: &TestEnv) {
    env.base();
    let shown = |format: &str| env.engine().words("history --format").arg(format).arg("base").run().text();
    let whole = format!("{} testkit", Base::image().id());
    assert_eq!(shown("{{.ImageHistoryLayer.ID}} {{.ImageHistoryLayer.CreatedBy}}"), whole);
    assert_eq!(shown("{{range .}}{{.CreatedBy}},{{end}}"), "testkit,");
    assert_eq!(shown("{{.ImageHistoryLayer.Created}}"), "2026-01-02 03:04:05 +0000 UTC");
    assert!(shown("{{json .}}").contains("\"CreatedBy\":\"testkit\""));
}

testkit::cases! { both: [shows_the_layers, images_on_the_way_are_named, templates] }
