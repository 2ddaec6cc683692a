//! `-v …:O` and images as mounts.

use testkit::{Base, Entry, Layer, TestEnv, note_skipped};

fn source(env: &TestEnv) -> String {
    env.write("src/file", "below");
    env.work().join("src").display().to_string()
}

fn changes_dont_reach_the_source(env: &TestEnv) {
    env.base();
    let source = source(env);
    let change = "sh -c 'cat /m/file; echo new >/m/file; echo new >/m/more; ls /m; cat /m/file'";
    env.ok(&format!("run --rm --network none -v {source}:/m:O base {change}")).prints("belowfile\nmore\nnew\n");
    assert_eq!(env.read(format!("{source}/file")).unwrap(), "below");
    assert!(!env.exists(format!("{source}/more")));
    // A relative source is one, too.
    env.ok("run --rm --network none -v ./src:/m:O base ls /m").prints("file\n");
}

fn each_start_begins_anew(env: &TestEnv) {
    env.base();
    let source = source(env);
    env.ok(&format!("create --name c --network none -v {source}:/m:O base sh -c 'ls /m; touch /m/more'"));
    env.ok("start -a c").prints("file\n");
    env.ok("start -a c").prints("file\n");
    env.ok("rm c");
}

fn nothing_of_it_is_left(env: &TestEnv) {
    env.base();
    let source = source(env);
    env.warm_up();
    let before = env.trace();
    env.ok(&format!("run --rm --network none -v {source}:/m:O -v {source}:/n:O base touch /m/x /n/y"));
    env.ok(&format!("run -d --name c --network none -v {source}:/m:O base sleep 1000"));
    env.ok("rm -f -t 0 c");
    before.assert_restored(env);
}

fn folders_for_the_changes_may_be_given(env: &TestEnv) {
    env.base();
    let source = source(env);
    let work = env.work().display().to_string();
    env.host("mkdir upper work").run().ok();
    let line = format!("run --rm --network none -v {source}:/m:O,upperdir={work}/upper,workdir={work}/work base");
    env.ok(&format!("{line} touch /m/kept"));
    env.ok(&format!("{line} ls /m")).prints("file\nkept\n");
    assert!(env.exists(format!("{work}/upper/kept")) && !env.exists(format!("{source}/kept")));
    env.run(&format!("run --rm --network none -v {source}:/m:O,upperdir={work}/upper base true")).refused("workdir");
    env.run(&format!("run --rm --network none -v {source}:/m:O,ro base true"))
        .refused("can't use 'O' with other options");
}

fn a_volume_can_be_below(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -v vol:/m base touch /m/kept");
    env.ok("run --rm --network none -v vol:/m:O base sh -c 'touch /m/lost; ls /m'").prints("kept\nlost\n");
    env.ok("run --rm --network none -v vol:/m base ls /m").prints("kept\n");
}

fn its_owner_can_be_the_containers_user(env: &TestEnv) {
    env.base();
    let source = source(env);
    let line =
        format!("run --rm --network none -u 5 -v {source}:/m:O,U base sh -c 'stat -c %u /m /m/file; touch /m/x'");
    env.ok(&line).prints("5\n5\n");
}

fn a_container_with_ids_of_its_own_has_it_too(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman's container has no right to the folder in which the overlay is mounted");
    }
    env.base();
    let source = source(env);
    let first = if env.is_root() { 100_000 } else { 1 };
    let line = format!("run --rm --network none --uidmap 0:{first}:1000 -v {source}:/m:O base cat /m/file");
    env.ok(&line).prints("below");
}

fn other_image(env: &TestEnv) {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::dir("img"), Entry::dir("img/sub"), Entry::file("img/f", "in the image")]));
    image.layers.push(Layer::new(&[Entry::file("img/g", "above"), Entry::symlink("lnk", "/img")]));
    env.load(&image, "localhost/other:1");
}

fn an_image_is_mounted(env: &TestEnv) {
    env.base();
    other_image(env);
    let run = "run --rm --network none --mount type=image,src=other:1,dst=/m";
    env.run(&format!("{run} base sh -c 'cat /m/img/f; touch /m/x'"))
        .code(1)
        .prints("in the image")
        .complains("read-only");
    env.ok(&format!("{run},rw=true base sh -c 'echo x >/m/img/f; ls /m/img'")).prints("f\ng\nsub\n");
    env.ok(&format!("{run} base cat /m/img/f")).prints("in the image");
}

fn a_part_of_an_image_is_mounted(env: &TestEnv) {
    env.base();
    other_image(env);
    let run = "run --rm --network none --mount type=image,src=other:1,dst=/m";
    env.run(&format!("{run},subpath=/img base sh -c 'ls /m; touch /m/x'")).code(1).prints("f\ng\nsub\n");
    env.ok(&format!("{run},subpath=/lnk base ls /m")).prints("f\ng\nsub\n");
    env.ok(&format!("{run},subpath=/img,rw=true base sh -c 'touch /m/x; ls /m'")).prints("f\ng\nsub\nx\n");
    env.run(&format!("{run},subpath=img base true")).refused("must be an absolute path");
}

fn an_image_that_isnt_here_is_named(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --mount type=image,src=nope,dst=/m base true")
        .code(126)
        .complains("nope")
        .is_readable();
    env.run("run --rm --mount type=image,dst=/m base true").refused("must set source and destination for image volume");
    env.run("run --rm --mount type=image,src=base base true")
        .refused("must set source and destination for image volume");
    env.run("run --rm --mount type=image,src=base,dst=/m,foo base true").refused("foo: invalid mount option");
}

fn an_images_mount_outlives_the_images_name(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman removes the layers");
    }
    env.base();
    other_image(env);
    let mount = "--mount type=image,src=other:1,dst=/m,subpath=/img";
    env.ok(&format!("run -d --name c --network none {mount} base sleep 1000"));
    env.ok("rmi other:1");
    env.ok("exec c cat /m/f").prints("in the image");
    env.ok("rm -f -t 0 c");
}

testkit::cases! { both: [
    changes_dont_reach_the_source, each_start_begins_anew, nothing_of_it_is_left, folders_for_the_changes_may_be_given,
    a_volume_can_be_below, its_owner_can_be_the_containers_user, a_container_with_ids_of_its_own_has_it_too,
    an_image_is_mounted, a_part_of_an_image_is_mounted, an_image_that_isnt_here_is_named,
    an_images_mount_outlives_the_images_name,
] }
