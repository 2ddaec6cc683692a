//! `system df`.

use testkit::{Base, Entry, Image, Layer, TestEnv};

fn rows(env: &TestEnv, fields: &str) -> Vec<String> {
    let mut rows = env.ok(&format!("system df --format '{fields}'")).lines();
    // That of the build cache is Docker's.
    rows.truncate(3);
    rows
}

fn counts_what_is_there(env: &TestEnv) {
    assert_eq!(
        rows(env, "{{.Type}} {{.Total}} {{.Active}} {{.Size}} {{.Reclaimable}}"),
        ["Images 0 0 0B 0B (0%)", "Containers 0 0 0B 0B (0%)", "Local Volumes 0 0 0B 0B (0%)",]
    );
    env.base();
    env.ok(
        "run --name c --network none -v v:/v base sh -c 'head -c 3000 /dev/zero > /v/f; head -c 5000 /dev/zero > /f'",
    );
    assert_eq!(rows(env, "{{.Type}} {{.Total}} {{.Active}}"), ["Images 1 1", "Containers 1 0", "Local Volumes 1 1"]);
    assert_eq!(rows(env, "{{.Size}} {{.Reclaimable}}")[2], "3kB 0B (0%)");
    env.ok("rm c");
    assert_eq!(rows(env, "{{.Size}} {{.Reclaimable}}")[2], "3kB 3kB (100%)");
}

fn shared_layers_count_once(env: &TestEnv) {
    env.base();
    let before: u64 = rows(env, "{{.RawSize}}")[0].parse().unwrap();
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("x", "y")]));
    env.load(&image, "localhost/two:1");
    let after: u64 = rows(env, "{{.RawSize}}")[0].parse().unwrap();
    assert!(after > before && after < before + 20_000, "{before} {after}");
    env.load(&Image::new(vec![Layer::new(&[Entry::file("z", "1".repeat(50_000))])]), "localhost/alone:1");
    let output = env.ok("system df -v");
    output.has("Images space usage:\n\nREPOSITORY").has("Containers space usage:\n\nCONTAINER ID");
    output.has("Local Volumes space usage:\n\nVOLUME NAME  LINKS       SIZE\n");
    let line = |name: &str| output.lines().into_iter().find(|line| line.starts_with(name)).unwrap();
    assert!(!line("localhost/two").contains(" 0B "), "{}", line("localhost/two"));
    assert!(line("localhost/alone").contains(" 0B "), "{}", line("localhost/alone"));
}

fn forms(env: &TestEnv) {
    env.base();
    let output = env.ok("system df");
    assert_eq!(output.lines()[0], "TYPE           TOTAL       ACTIVE      SIZE        RECLAIMABLE");
    let json: serde_json::Value = serde_json::from_str(&env.ok("system df --format json").text()).unwrap();
    assert_eq!(json[0]["Type"], "Images");
    assert_eq!(json[0]["TotalCount"], 1);
    env.run("system df -v --format json").code(125).complains("cannot combine --format and --verbose flags");
    env.run("system df --format {{.Nope}}").code(125).complains("can't evaluate field Nope in type *system.dfSummary");
    env.run("system df x").code(125).complains("takes no arguments");
}

testkit::cases! { both: [counts_what_is_there, shared_layers_count_once, forms] }
