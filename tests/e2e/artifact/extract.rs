//! `artifact extract`.

use super::{NAME, OCI, by_hand, sha256};
use testkit::TestEnv;

fn read(env: &TestEnv, file: &str) -> Option<String> {
    env.read(env.work().join(file))
}

fn into_files_and_folders(env: &TestEnv) {
    env.write("one.txt", "1\n");
    env.write("two.txt", "2\n");
    env.ok("artifact add single one.txt");
    env.ok(&format!("artifact add {NAME} one.txt two.txt"));
    env.ok("artifact extract single out").prints("");
    assert_eq!(read(env, "out").unwrap(), "1\n");
    env.ok(&format!("artifact extract --title two.txt {NAME} out"));
    assert_eq!(read(env, "out").unwrap(), "2\n");
    env.ok(&format!("artifact extract --digest {} {NAME} out", sha256("1\n")));
    assert_eq!(read(env, "out").unwrap(), "1\n");
    env.write("d/two.txt", "something that was here\n");
    env.ok(&format!("artifact extract {NAME} d"));
    assert_eq!((read(env, "d/one.txt").unwrap(), read(env, "d/two.txt").unwrap()), ("1\n".into(), "2\n".into()));
    env.write("e/.keep", "");
    env.ok(&format!("artifact extract --digest {} {NAME} e", sha256("2\n")));
    assert_eq!(read(env, &format!("e/{}", sha256("2\n").replace(':', "-"))).unwrap(), "2\n");
    // Another user's pipe can't be opened by that name.
    if env.is_root() {
        env.ok("artifact extract single /dev/stdout").prints("1\n");
    }
    assert_eq!(
        env.script("ls -A d | wc -l; ls -A e | wc -l").text().split_whitespace().collect::<Vec<_>>(),
        ["2", "2"]
    );
}

fn nonsense_is_refused(env: &TestEnv) {
    env.write("one", "1");
    env.write("two", "2");
    env.ok(&format!("artifact add {NAME} one two"));
    env.run(&format!("artifact extract {NAME}")).code(125).complains("accepts 2 arg(s), received 1");
    env.run(&format!("artifact extract {NAME} out")).code(125).complains("the artifact consists of several blobs");
    env.run(&format!("artifact extract --title x {NAME} out")).code(125).complains("no blob with the title \"x\"");
    let unknown = sha256("nothing");
    let output = env.run(&format!("artifact extract --digest {unknown} {NAME} out"));
    output.code(125).complains(&format!("no blob with the digest \"{unknown}\""));
    env.run(&format!("artifact extract --digest x --title one {NAME} out"))
        .code(125)
        .complains("cannot specify both digest and title");
    env.run("artifact extract nothing out").code(125).complains("nothing: artifact does not exist");
    env.run(&format!("artifact extract --title one {NAME} no/out")).code(125).complains("o such file or directory");
    env.run(&format!("artifact extract --title one {NAME} out/")).code(125).complains("s a directory");
    assert!(!env.exists(env.work().join("out")));
}

/// Titles are the word of whoever made the artifact.
fn titles_never_lead_out_of_the_folder(env: &TestEnv) {
    env.write("file", "evil\n");
    for (at, title) in ["../out", "/tmp/out-of-the-folder", ".."].iter().enumerate() {
        env.ok(&format!("artifact add --annotation org.opencontainers.image.title={title} a{at} file"));
        env.write("d/inside", "");
        env.run(&format!("artifact extract a{at} d")).code(125).is_readable();
        assert_eq!(env.script("ls -A d").text().trim(), "inside", "{title}");
        env.ok(&format!("artifact extract a{at} chosen"));
    }
    assert!(!env.exists(env.work().join("out")));
    env.write("victim", "untouched\n");
    env.script("ln -s ../victim d/link; mkdir d/folder");
    env.ok("artifact add --annotation org.opencontainers.image.title=link linked file");
    env.ok("artifact extract linked d");
    assert_eq!(read(env, "d/link").unwrap(), "evil\n");
    if !env.is_peer() {
        // There the link is followed.
        assert_eq!(read(env, "victim").unwrap(), "untouched\n");
    }
    env.ok("artifact add --annotation org.opencontainers.image.title=folder foldered file");
    env.run("artifact extract foldered d").code(125).complains("s a directory");
}

fn hostile_manifests(env: &TestEnv) {
    let registry = env.fake_registry();
    registry.offer_blob("a/same", b"{}");
    registry.offer_blob("a/same", b"1");
    registry.offer_blob("a/same", b"2");
    registry.offer_manifest("a/same", "1", OCI, &by_hand(&[("same", "1"), ("same", "2")]));
    registry.offer_manifest("a/same", "none", OCI, &by_hand(&[]));
    let long = "x".repeat(100_000);
    registry.offer_manifest("a/same", "long", OCI, &by_hand(&[(&format!("../{long}"), "1")]));
    let name = |tag: &str| format!("{}/a/same:{tag}", registry.host());
    for tag in ["1", "none", "long"] {
        env.ok(&format!("artifact pull -q --tls-verify=false {}", name(tag)));
    }
    env.write("d/.keep", "");
    let output = env.run(&format!("artifact extract --title same {} out", name("1")));
    output.code(125).complains("more than one match for the title \"same\"");
    env.run(&format!("artifact extract {} out", name("none"))).code(125).complains("nothing to extract");
    if !env.is_peer() {
        // There the last one wins, without a word, and errors are as long as the titles.
        env.run(&format!("artifact extract {} d", name("1"))).refused("same");
        env.run(&format!("artifact extract {} d", name("long"))).refused("cannot contain /");
    }
}

/// As with any tool that writes a file: what is there is written to where nothing can be put in its place.
fn whatever_the_target_is(env: &TestEnv) {
    env.write("one", "1\n");
    env.ok("artifact add x one");
    env.host("sh -ec").arg("ln -s there link; mkdir closed; echo longer >closed/f").run().ok();
    env.ok("artifact extract x link");
    assert_eq!((read(env, "there").unwrap().as_str(), env.script("readlink link").text().trim()), ("1\n", "there"));
    env.script("ln -sf no/where link");
    env.run("artifact extract x link").code(125).complains("o such file or directory");
    env.script("ln -sf link link");
    env.run("artifact extract x link").code(125).is_readable();
    // A file that its folder's owner keeps, and one of somebody else.
    env.script("chown 0:0 closed; chmod 755 closed");
    env.ok("artifact extract x closed/f");
    assert_eq!(read(env, "closed/f").unwrap(), "1\n");
    env.script("echo strange >strange; chown 12345:12345 strange; chmod 640 strange");
    let extracted = env.run("artifact extract x strange");
    if env.is_root() {
        extracted.ok();
        assert_eq!(read(env, "strange").unwrap(), "1\n");
    } else {
        extracted.code(125).complains("ermission denied");
    }
    assert_eq!(env.script("stat -c %u:%g:%a strange").text().trim(), "12345:12345:640");
    let into = format!("{} artifact extract x /dev/stdout >out; echo more >>out", testkit::engine_under_test());
    env.host("sh -ec").arg(into).run().ok();
    assert_eq!(read(env, "out").unwrap(), "1\nmore\n");
}

testkit::cases! {
    both: [into_files_and_folders, nonsense_is_refused, titles_never_lead_out_of_the_folder, hostile_manifests,
        whatever_the_target_is]
}
