//! `pull`: by tag, digest and index, both flavours, all compressions, and again after being killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use serde_json::json;
use testkit::{Base, Body, Compression, Entry, Flavor, Image, Layer, Reply, Terminal, TestEnv, sha256_hex};

fn by_tag(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base:1", registry.host());
    let output = env.ok(&format!("pull {name}"));
    output.prints(&format!("{}\n", Base::image().id()));
    env.ok(&format!("run --rm --network none {name} echo ran")).prints("ran\n");
}

fn by_digest(env: &TestEnv) {
    let registry = env.registry();
    let digest = registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base@{digest}", registry.host());
    env.ok(&format!("pull -q {name}")).prints(&format!("{}\n", Base::image().id()));
    env.ok(&format!("run --rm --network none {name} echo ran")).prints("ran\n");
    let wrong = format!("{}/lib/base@sha256:{}", registry.host(), "0".repeat(64));
    env.run(&format!("pull {wrong}")).refused(&"0".repeat(64));
}

fn docker_manifests(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "docker", &Base::image().flavor(Flavor::Docker));
    env.ok(&format!("run --rm --network none {}/lib/base:docker echo ran", registry.host())).prints("ran\n");
}

fn all_compressions(env: &TestEnv) {
    let registry = env.registry();
    for (tag, compression) in [
        ("none", Compression::None),
        ("gzip", Compression::Gzip),
        ("zstd", Compression::Zstd),
        ("xz", Compression::Xz),
        ("bzip2", Compression::Bzip2),
    ] {
        registry.push("lib/base", tag, &Base::image().compressed(compression));
        env.ok(&format!("run --rm --network none {}/lib/base:{tag} echo ran", registry.host())).prints("ran\n");
        // Or the next one's layers would be there already.
        env.ok("rmi -a");
    }
}

fn media_types_of_old_compressions(env: &TestEnv) {
    let fake = env.fake_registry();
    for (word, compression) in [("xz", Compression::Xz), ("bzip2", Compression::Bzip2)] {
        let image = Base::image().compressed(compression);
        fake.offer("lib/base", word, &image);
        let mut manifest = image.manifest_value();
        manifest["layers"][0]["mediaType"] = format!("application/vnd.oci.image.layer.v1.tar+{word}").into();
        fake.offer_manifest("lib/base", word, image.manifest_type(), &serde_json::to_vec(&manifest).unwrap());
        env.ok(&format!("pull -q --tls-verify=false {}/lib/base:{word}", fake.host()));
        env.ok(&format!("run --rm --network none {}/lib/base:{word} echo ran", fake.host())).prints("ran\n");
        env.ok(&format!("save -q -o {word}.tar {}/lib/base:{word}", fake.host()));
        env.ok("rmi -a");
        env.ok(&format!("load -q -i {word}.tar"));
        env.ok("rmi -a");
    }
}

fn an_index_by_platform(env: &TestEnv) {
    let registry = env.registry();
    let foreign = Image::new(vec![Layer::new(&[Entry::file("foreign", "x")])]).architecture("s390x");
    registry.push_index("lib/multi", "1", &[foreign.clone(), Base::image()]);
    let name = format!("{}/lib/multi:1", registry.host());
    env.ok(&format!("run --rm --network none {name} echo ran")).prints("ran\n");
    env.ok(&format!("pull -q --platform linux/s390x {name}")).prints(&format!("{}\n", foreign.id()));
    env.run(&format!("pull --platform linux/riscv64 {name}")).code(125).complains("riscv64").is_readable();
    env.run(&format!("pull --platform bogus {name}")).code(125).complains("bogus").is_readable();
    env.ok(&format!("pull -q --platform '' {name}")).prints(&format!("{}\n", Base::image().id()));
    // One image alone is taken whatever it is for, but not without a word.
    registry.push("lib/one", "1", &foreign);
    let output = env.ok(&format!("pull -q --platform windows {}/lib/one:1", registry.host()));
    output.complains("image platform (linux/s390x)").complains("does not match the expected platform (windows/");
}

fn a_registry_without_tls_is_told(env: &TestEnv) {
    let registry = env.registry();
    registry.push("one", "1", &Base::image());
    env.run(&format!("pull -q --tls-verify=true {}/one:1", registry.host()))
        .code(125)
        .complains_of_one(&["--tls-verify=false", "server gave HTTP response to HTTPS client"]);
}

fn many_layers_in_order(env: &TestEnv) {
    let mut image = Base::image();
    for n in 0..20 {
        image.layers.push(Layer::new(&[Entry::file("etc/top", n.to_string()), Entry::file(&format!("etc/l{n}"), "x")]));
    }
    image.layers.push(Layer::new(&[
        Entry::file("etc/.wh.l3", ""),
        Entry::dir("home"),
        Entry::file("home/.wh..wh..opq", ""),
    ]));
    let registry = env.registry();
    registry.push("lib/many", "1", &image);
    env.ok(&format!(
        "run --rm --network none {}/lib/many:1 sh -c 'cat /etc/top; ls -d /etc/l3; ls /etc | grep -c ^l'",
        registry.host()
    ))
    .code(0)
    .prints("1919\n");
}

fn a_layer_that_is_there_is_not_fetched_again(env: &TestEnv) {
    let fake = env.fake_registry();
    fake.offer("lib/a", "1", &Base::image());
    let mut more = Base::image();
    more.layers.push(Layer::new(&[Entry::file("etc/more", "x")]));
    fake.offer("lib/a", "2", &more);
    env.ok(&format!("pull -q {}/lib/a:1", fake.host()));
    env.ok(&format!("pull -q {}/lib/a:2", fake.host()));
    let path = format!("/blobs/sha256:{}", sha256_hex(&Base::layer().blob()));
    let fetched = fake.seen().iter().filter(|request| request.method == "GET" && request.path.ends_with(&path)).count();
    assert_eq!(fetched, 1);
}

fn the_policy_of_run(env: &TestEnv) {
    let fake = env.fake_registry();
    fake.offer("lib/a", "1", &Base::image());
    let name = format!("{}/lib/a:1", fake.host());
    env.ok(&format!("run --rm --network none {name} true"));
    let asked = fake.seen().len();
    env.ok(&format!("run --rm --network none {name} true"));
    assert_eq!(fake.seen().len(), asked, "what is there isn't asked for");
    env.ok(&format!("run --rm --pull always --network none {name} true"));
    assert!(fake.seen().len() > asked);
    let changed = Base::image().config("Cmd", json!(["echo", "newer"]));
    fake.offer("lib/a", "1", &changed);
    env.ok(&format!("run --rm --pull newer --network none {name}")).prints("newer\n");
}

fn unqualified_names_are_searched(env: &TestEnv) {
    let registry = env.registry();
    registry.push("short", "latest", &Base::image());
    if !env.is_peer() {
        let conf = "unqualified-search-registries = [\"127.0.0.1:5000\"]\n";
        env.configure(&testkit::Settings { system: &[("registries.conf", conf)], user: &[] });
    }
    env.ok("run --rm --network none short echo ran").prints("ran\n");
    env.ok("images --format {{.Repository}}:{{.Tag}}").prints("127.0.0.1:5000/short:latest\n");
}

fn aliases_mirrors_and_blocked_ones(env: &TestEnv) {
    let registry = env.registry();
    registry.push("mirrored/base", "1", &Base::image());
    let conf = "[aliases]\nnick = \"127.0.0.1:5000/mirrored/base\"\n\
        [[registry]]\nprefix = \"example.invalid\"\nlocation = \"example.invalid\"\n\
        [[registry.mirror]]\nlocation = \"127.0.0.1:5000/mirrored\"\ninsecure = true\n\
        [[registry]]\nlocation = \"127.0.0.1:5000\"\ninsecure = true\n\
        [[registry]]\nlocation = \"blocked.invalid\"\nblocked = true\n";
    env.configure(&testkit::Settings { system: &[("registries.conf", conf)], user: &[] });
    env.ok("pull -q nick:1");
    env.ok("rmi -a -f");
    env.ok("pull -q example.invalid/base:1");
    env.ok("images --format {{.Repository}}").prints("example.invalid/base\n");
    env.run("pull blocked.invalid/x:1").refused("blocked");
}

fn wrong_names_are_refused(env: &TestEnv) {
    for name in ["UPPER/case", "127.0.0.1:5000/a:b:c", "x@sha256:short", "''", "a//b", "127.0.0.1:5000/x:bad/tag"] {
        env.run(&format!("pull {name}")).code(125).is_readable();
    }
    env.run("pull").code(125).is_readable();
}

fn an_unreachable_registry_is_named(env: &TestEnv) {
    env.run("pull 127.0.0.1:1/lib/base:1").refused("127.0.0.1:1");
    env.run("pull no-such-host.invalid/lib/base:1").refused("no-such-host.invalid");
}

fn retries_that_are_asked_for_wait_for_a_registry(env: &TestEnv) {
    let fake = env.fake_registry();
    let manifest = "/v2/lib/base/manifests/1";
    let asked = || fake.seen().iter().filter(|request| request.path == manifest && request.method == "GET").count();
    fake.reply(manifest, Reply::status(503));
    let name = format!("{}/lib/base:1", fake.host());
    for (retry, attempts) in [(0, 1), (2, 3)] {
        let before = asked();
        env.run(&format!("pull --retry {retry} --retry-delay 1ms {name}")).refused("503");
        assert_eq!(asked() - before, attempts, "--retry {retry}");
    }
    let before = asked();
    let pull = env.engine().words(&format!("pull -q --retry 1000 --retry-delay 50ms {name}")).spawn();
    testkit::wait_until("a second attempt", || asked() > before + 1);
    fake.offer("lib/base", "1", &Base::image());
    pull.wait().ok().prints(&format!("{}\n", Base::image().id()));
}

/// Where connections are closed at once there may be a registry soon.
fn retries_that_are_asked_for_wait_for_whoever_listens(env: &TestEnv) {
    let listener = env.inside(|| std::net::TcpListener::bind("127.0.0.1:5099")).expect("a free port");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let connections = |retry: u32| {
        let before = count.load(Ordering::Relaxed);
        env.run(&format!("pull --retry {retry} --retry-delay 1ms 127.0.0.1:5099/x:1")).refused("127.0.0.1:5099");
        count.load(Ordering::Relaxed) - before
    };
    let once = connections(0);
    assert!(once > 0);
    assert_eq!(connections(3), once * 4);
}

fn a_missing_tag_is_named(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    env.run(&format!("pull {}/lib/base:2", registry.host())).refused("lib/base:2");
    env.run(&format!("pull {}/lib/none:1", registry.host())).refused("lib/none:1");
}

fn a_killed_pull_then_a_pull_works(env: &TestEnv) {
    let fake = env.fake_registry();
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("big", vec![7; 3 << 20])]));
    fake.offer("lib/big", "1", &image);
    let stuck = format!("/v2/lib/big/blobs/sha256:{}", sha256_hex(&image.layers[1].blob()));
    let whole = image.layers[1].blob();
    fake.reply(&stuck, Reply::ok("application/octet-stream", "").body(Body::Silence));
    let name = format!("{}/lib/big:1", fake.host());
    let mut process = env.engine().words(&format!("pull -q {name}")).spawn();
    testkit::wait_until("the request of the layer", || fake.seen().iter().any(|request| request.path == stuck));
    process.signal(Signal::KILL);
    process.wait_status();
    env.ok("images -q").prints("");
    fake.reply(&stuck, Reply::ok("application/octet-stream", whole));
    env.ok(&format!("run --rm --network none {name} ls -l /big")).has("3145728");
    if !env.is_peer() {
        env.ok("rmi -a -f");
        let left = env.trace();
        let layers: Vec<String> = left
            .items()
            .filter(|item| item.contains("minke/layers/") || item.contains("minke/tmp/") && !item.contains("/new-"))
            .collect();
        assert!(layers.is_empty(), "{layers:#?}");
    }
}

fn a_full_disk_is_told_and_survived(env: &TestEnv) {
    let registry = env.registry();
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("big", vec![7; 30 << 20])]));
    registry.push("lib/big", "1", &image);
    registry.push("lib/base", "1", &Base::image());
    let root = env.graphroot();
    let user = env.user();
    let owner = if env.is_root() {
        String::new()
    } else {
        format!("chown -R {}:{} {}/home;", user.uid, user.gid, env.dir().display())
    };
    env.script(&format!("mkdir -p {0}; mount -t tmpfs -o size=12m,mode=755 small {0}; {owner}", root.display()));
    let output = env.run(&format!("pull {}/lib/big:1", registry.host()));
    output.refused("space");
    env.ok("images -q").prints("");
    env.ok(&format!("pull -q {}/lib/base:1", registry.host()));
    env.ok("images -q").has(&Base::image().id()[..12]);
}

fn content_trust_is_dockers(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let name = format!("{}/lib/base:1", registry.host());
    env.ok(&format!("pull -q --disable-content-trust {name}"));
    env.ok(&format!("push -q --disable-content-trust=true {name}"));
    if !env.is_peer() {
        env.run(&format!("pull -q --disable-content-trust=false {name}")).refused("policy.json");
    }
}

fn progress_is_shown_on_a_terminal_only(env: &TestEnv) {
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let line = format!("pull {}/lib/base:1", registry.host());
    let mut terminal = Terminal::start(env.engine().words(&line), 24, 100);
    let (status, shown) = terminal.wait();
    assert_eq!(status.code(), Some(0));
    assert!(shown.contains(&Base::image().id()), "{shown}");
    let quiet = env.ok(&format!("pull -q {}/lib/base:1", registry.host()));
    quiet.quiet().prints(&format!("{}\n", Base::image().id()));
}

testkit::cases! { both: [
    content_trust_is_dockers,
    by_tag, by_digest, docker_manifests, all_compressions, media_types_of_old_compressions, an_index_by_platform, a_registry_without_tls_is_told, many_layers_in_order,
    a_layer_that_is_there_is_not_fetched_again, the_policy_of_run, unqualified_names_are_searched,
    aliases_mirrors_and_blocked_ones, wrong_names_are_refused, an_unreachable_registry_is_named,
    retries_that_are_asked_for_wait_for_a_registry, retries_that_are_asked_for_wait_for_whoever_listens, a_missing_tag_is_named,
    a_killed_pull_then_a_pull_works, a_full_disk_is_told_and_survived, progress_is_shown_on_a_terminal_only,
] }
