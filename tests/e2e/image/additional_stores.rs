//! `additionalimagestores`: images of other stores are listed and run, and never changed.

use serde_json::json;
use testkit::{Base, Image, Settings, TestEnv, sha256_hex};

/// Where the other store is.
fn other(env: &TestEnv) -> String {
    env.work().join("other").display().to_string()
}

fn use_it(env: &TestEnv) {
    let conf =
        format!("[storage]\ndriver = \"overlay\"\n[storage.options]\nadditionalimagestores = [\"{}\"]\n", other(env));
    match env.is_root() {
        true => env.configure(&Settings { system: &[("storage.conf", &conf)], user: &[] }),
        false => env.configure(&Settings { system: &[], user: &[("storage.conf", &conf)] }),
    }
}

/// By the engine itself.
fn filled_by_load(env: &TestEnv) {
    let archive = env.write("load.tar", Base::image().docker_archive("localhost/base:latest"));
    let roots = format!("--root {} --runroot {}", other(env), env.work().join("other-run").display());
    env.ok(&format!("{roots} load -q -i {}", archive.display()));
}

/// As containers/storage writes it.
fn filled_by_podman(env: &TestEnv) {
    let image = Base::image();
    let root = env.work().join("other");
    let put = |path: &str, content: &[u8]| env.write_at(&root.join(path), content);
    let mut layers = Vec::new();
    for (n, layer) in image.layers.iter().enumerate() {
        let id = format!("{n:064}");
        let parent = if n == 0 { String::new() } else { format!("{:064}", n - 1) };
        layers.push(json!({"id": id, "parent": parent, "diff-digest": layer.diff_id(), "diff-size": layer.tar.len()}));
        let archive = env.write("layer.tar", &layer.tar);
        let diff = root.join("overlay").join(&id).join("diff");
        env.host(&format!("mkdir -p {}", diff.display())).run().ok();
        env.host(&format!("tar -xpf {} -C {}", archive.display(), diff.display())).run().ok();
    }
    put("overlay-layers/layers.json", json!(layers).to_string().as_bytes());
    put("overlay-layers/layers.lock", b"");
    put("overlay-images/images.json", json!([record(&image)]).to_string().as_bytes());
    put("overlay-images/images.lock", b"");
    put(&data_path(&image, &format!("sha256:{}", image.id())), &image.config_blob());
    put(&data_path(&image, "manifest"), &image.manifest());
}

fn record(image: &Image) -> serde_json::Value {
    let digest = format!("sha256:{}", sha256_hex(&image.manifest()));
    json!({"id": image.id(), "digest": digest, "names": ["localhost/base:latest"],
        "layer": format!("{:064}", image.layers.len() - 1), "big-data-names": [format!("sha256:{}", image.id()), "manifest"],
        "big-data-sizes": {"manifest": image.manifest().len()}, "created": "2026-01-02T03:04:05Z"})
}

fn data_path(image: &Image, key: &str) -> String {
    let name = match key {
        "manifest" => key.to_owned(),
        key => format!("={}", testkit::base64(key.as_bytes())),
    };
    format!("overlay-images/{}/{name}", image.id())
}

/// Everything that is there, with sizes and times.
fn fingerprint(env: &TestEnv) -> String {
    let find = env.host_root(&format!("find {} -printf '%p %s %T@ %C@ %u %m\\n'", other(env)));
    let mut lines = find.run().lines();
    // A lock that is taken may be opened, and the engine may note who took it.
    lines.retain(|line| !line.contains(".lock") && !line.contains("/merged"));
    lines.sort();
    lines.join("\n")
}

fn used_and_not_changed(env: &TestEnv) {
    use_it(env);
    let before = fingerprint(env);
    env.ok("images --format '{{.Repository}} {{.ReadOnly}}'").prints("localhost/base true\n");
    if !env.is_peer() {
        // Podman counts what it can't take away.
        let images = env.ok("system df --format '{{.Total}} {{.RawReclaimable}}'").lines().remove(0);
        assert_eq!(images, "1 0");
    }
    let table = env.ok("images").lines();
    assert!(table[0].ends_with("SIZE        R/O") && table[1].ends_with("true"), "{table:?}");
    let json: serde_json::Value = serde_json::from_str(&env.ok("images --format json").text()).expect("json");
    assert_eq!((&json[0]["ReadOnly"], json[0]["Id"].as_str()), (&json!(true), Some(Base::image().id().as_str())));
    env.ok("images -q --filter readonly=false").prints("");
    env.ok("run --rm --network none base sh -c 'echo x > /new && cat /new'").prints("x\n");
    env.run("rmi base").code(125).complains("cannot remove read-only image");
    env.ok("rmi -af");
    env.ok("tag base mine:1");
    env.ok("run --rm --network none mine:1 echo ran").prints("ran\n");
    env.ok("rmi mine:1");
    // Podman has made a second image of the name by then.
    if !env.is_peer() {
        env.ok("images --format '{{.Repository}} {{.ReadOnly}}'").prints("localhost/base true\n");
        assert_eq!(fingerprint(env), before, "the other store was changed");
    }
}

fn of_the_engines_own_make(env: &TestEnv) {
    filled_by_load(env);
    used_and_not_changed(env);
}

fn of_containers_storage(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("its own stores have more files than this one");
    }
    filled_by_podman(env);
    used_and_not_changed(env);
}

fn a_root_of_ones_own_has_no_other_stores(env: &TestEnv) {
    filled_by_load(env);
    use_it(env);
    let roots = format!("--root {} --runroot {}", env.work().join("g").display(), env.work().join("r").display());
    env.ok(&format!("{roots} images -q")).prints("");
}

testkit::cases! { both: [of_the_engines_own_make, of_containers_storage, a_root_of_ones_own_has_no_other_stores] }
