//! `image tree`.

use testkit::{Base, Entry, Image, Layer, TestEnv};

fn two() -> Image {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("x", "y")]));
    image
}

fn shows_layers_and_whose_they_are(env: &TestEnv) {
    env.base();
    env.load(&two(), "localhost/two:1");
    let lines = env.ok("image tree two:1").lines();
    assert_eq!(lines[0], format!("Image ID: {}", &two().id()[..12]));
    assert_eq!(lines[1], "Tags:     [localhost/two:1]");
    assert!(lines[2].starts_with("Size:     ") && lines[2].ends_with("MB"), "{lines:?}");
    assert_eq!(lines[3], "Image Layers");
    assert!(
        lines[4].starts_with("├── ID: ") && lines[4].ends_with(" Top Layer of: [localhost/base:latest]"),
        "{lines:?}"
    );
    assert!(lines[5].starts_with("└── ID: ") && lines[5].ends_with(" Top Layer of: [localhost/two:1]"), "{lines:?}");
    let kilobytes = lines[5].split("Size: ").nth(1).unwrap();
    assert!(kilobytes.starts_with("2.048kB") || kilobytes.starts_with("  2.56kB"), "{lines:?}");
}

fn shows_what_is_built_upon_it(env: &TestEnv) {
    env.base();
    env.load(&two(), "localhost/two:1");
    let output = env.ok("image tree --whatrequires base");
    output.has("Top Layer of: [localhost/base:latest]").has("Top Layer of: [localhost/two:1]");
    env.ok("image tree --whatrequires two:1").lacks("base");
    env.run("image tree no-such").code(125).complains("no-such: image not known");
}

testkit::cases! { both: [shows_layers_and_whose_they_are, shows_what_is_built_upon_it] }
