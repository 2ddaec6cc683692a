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
    env.run("history no-such").refused("no-such");
}

testkit::cases! { both: [shows_the_layers] }
