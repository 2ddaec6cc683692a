//! What we write, the real skopeo reads, and the other way round, with the same digests.
//!
//! `MINKE_SKOPEO` is the command that runs it (in the folder in which it is started), else `skopeo`.

use std::path::Path;
use std::process::Command;

use testkit::{Base, Compression, Flavor, TestEnv, note_skipped};

/// All places for one image that are files.
const PLACES: [&str; 4] = ["dir:d", "oci:o:x", "oci-archive:o.tar:x", "docker-archive:a.tar:x:1"];

fn skopeo(folder: &Path, line: &str) -> Option<Result<String, String>> {
    let prefix = std::env::var("MINKE_SKOPEO").unwrap_or_else(|_| "skopeo".to_owned());
    let mut words = prefix.split_ascii_whitespace().chain(line.split_ascii_whitespace());
    let mut command = Command::new(words.next()?);
    match command.args(words).current_dir(folder).output() {
        Err(_) => {
            note_skipped("there is no skopeo here, and MINKE_SKOPEO names none");
            None
        }
        Ok(output) if output.status.success() => Some(Ok(String::from_utf8_lossy(&output.stdout).into_owned())),
        Ok(output) => Some(Err(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

fn at(place: &str, folder: &str) -> String {
    let (transport, rest) = place.split_once(':').expect("a transport");
    format!("{transport}:{folder}/{rest}")
}

/// Each image of the table: its name in our store.
fn images(env: &TestEnv) -> Vec<(String, String)> {
    let registry = env.registry();
    let mut names = Vec::new();
    for (tag, flavor, compression) in [
        ("oci-gzip", Flavor::Oci, Compression::Gzip),
        ("oci-zstd", Flavor::Oci, Compression::Zstd),
        ("oci-plain", Flavor::Oci, Compression::None),
        ("docker-gzip", Flavor::Docker, Compression::Gzip),
    ] {
        let digest = registry.push("lib/base", tag, &Base::image().flavor(flavor).compressed(compression));
        let name = format!("{}/lib/base:{tag}", registry.host());
        env.ok(&format!("pull -q {name}"));
        names.push((name, digest));
    }
    names
}

fn skopeo_reads_what_we_write(env: &TestEnv) {
    if skopeo(&env.work(), "--version").is_none() {
        return;
    }
    let id = Base::image().id();
    for (number, (name, _)) in images(env).iter().enumerate() {
        for place in PLACES {
            let folder = format!("{number}");
            std::fs::create_dir_all(env.work().join(&folder)).unwrap();
            env.script(&format!("chmod 777 {}", env.work().join(&folder).display()));
            let place = at(place, &folder);
            env.ok(&format!("push -q --digestfile digest {name} {place}"));
            let to = format!("dir:{folder}/copied");
            let copied = skopeo(&env.work(), &format!("--insecure-policy copy -q {place} {to}")).unwrap();
            copied.unwrap_or_else(|e| panic!("{name} {place}: {e}"));
            env.ok(&format!("pull -q {to}")).prints(&format!("{id}\n"));
            if !place.starts_with("docker-archive:") {
                let manifest = std::fs::read(env.work().join(&folder).join("copied/manifest.json")).unwrap();
                let ours = env.read(env.work().join("digest")).unwrap();
                assert_eq!(format!("sha256:{}", testkit::sha256_hex(&manifest)), ours, "{place}");
            }
            std::fs::remove_dir_all(env.work().join(&folder)).unwrap();
        }
    }
}

fn we_read_what_skopeo_writes(env: &TestEnv) {
    if skopeo(&env.work(), "--version").is_none() {
        return;
    }
    env.base();
    // In OCI, which is where skopeo keeps configurations as they are.
    env.ok("push -q --format oci base dir:first");
    for place in PLACES {
        let copied = skopeo(&env.work(), &format!("--insecure-policy copy -q dir:first {place}")).unwrap();
        copied.unwrap_or_else(|e| panic!("{place}: {e}"));
        env.ok("rmi -a");
        let pulled = env.ok(&format!("pull -q {place}"));
        pulled.prints(&format!("{}\n", Base::image().id()));
        env.ok(&format!("run --rm --network none {} echo ran", Base::image().id())).prints("ran\n");
    }
}

testkit::cases! { root: [skopeo_reads_what_we_write, we_read_what_skopeo_writes] }
