//! `save`: every format comes back by `load`, several images in one archive, standard output.

use testkit::{Base, Entry, Image, Layer, TestEnv};

fn every_format_comes_back(env: &TestEnv) {
    let id = Base::image().id();
    for format in ["docker-archive", "oci-archive", "oci-dir", "docker-dir"] {
        env.base();
        env.ok(&format!("save -q --format {format} -o {format} base")).prints("");
        env.ok("rmi base");
        env.ok(&format!("load -q -i {format}")).has("Loaded image:");
        env.ok("images -q --no-trunc").prints(&format!("sha256:{id}\n"));
        env.ok(&format!("run --rm --network none {id} echo ran")).prints("ran\n");
        env.ok(&format!("rmi {id}"));
    }
}

fn archives_keep_names(env: &TestEnv) {
    env.base();
    for format in ["docker-archive", "oci-archive"] {
        env.ok(&format!("save -q --format {format} -o {format}.tar base"));
        env.ok(&format!("load -q -i {format}.tar")).prints("Loaded image: localhost/base:latest\n");
    }
    env.ok("save -q -o named.tar base localhost/more:1");
    env.ok("rmi base");
    env.ok("load -q -i named.tar");
    env.ok("run --rm --network none localhost/more:1 echo ran").prints("ran\n");
}

fn several_images_share_layers(env: &TestEnv) {
    env.base();
    let mut other = Base::image();
    other.layers.push(Layer::new(&[Entry::file("etc/more", "x")]));
    env.load(&other, "localhost/other:1");
    env.ok("save -q -m -o one.tar base");
    env.ok("save -q -m -o both.tar base other:1");
    let size = |name: &str| std::fs::metadata(env.work().join(name)).unwrap().len();
    assert!(size("both.tar") < size("one.tar") + 20_000, "{} and {}", size("one.tar"), size("both.tar"));
    env.ok("rmi base other:1");
    env.ok("load -q -i both.tar").prints("Loaded image: localhost/base:latest\nLoaded image: localhost/other:1\n");
    env.ok("run --rm --network none other:1 cat /etc/more").prints("x");
    env.run("save -m --format oci-archive -o x.tar base other:1").refused("docker-archive");
}

fn to_standard_output(env: &TestEnv) {
    let image = Image::new(vec![Layer::new(&[Entry::file("f", "x".repeat(100_000))])]);
    env.load(&image, "localhost/small:1");
    for format in ["docker-archive", "oci-archive"] {
        let output = env.ok(&format!("save -q --format {format} small:1"));
        env.write("piped.tar", &output.stdout);
        env.ok("load -q -i piped.tar").prints("Loaded image: localhost/small:1\n");
    }
}

fn wrong_wishes_are_refused(env: &TestEnv) {
    env.base();
    env.run("save -o x.tar nope").refused("nope");
    env.run("save --format foo -o x base").refused("docker-archive");
    env.run("save --compress -o x.tar base").refused("docker-dir");
    env.ok("save -q -o there.tar base");
    env.run("save -o there.tar base").code(125).is_readable();
    env.run("save --format oci-dir base").code(125).is_readable();
    env.run("save").code(125).is_readable();
}

testkit::cases! { both: [
    every_format_comes_back, archives_keep_names, several_images_share_layers, to_standard_output,
    wrong_wishes_are_refused,
] }
