//! `buildah copy` and `buildah add`.

use super::{buildah, can_run, ok};
use testkit::TestEnv;

/// A shell in the working container `c`.
#[track_caller]
fn sh(env: &TestEnv, script: &str) -> String {
    let output = buildah(env, "run --network none c -- sh -c").arg(script).run();
    output.ok();
    output.text()
}

fn begin(env: &TestEnv) {
    env.base();
    ok(env, "from --name c base");
    ok(env, "config --workingdir /wd c");
    env.write("f", "one");
    env.write("d/a", "two");
    env.write("d/sub/b", "three");
}

fn files_and_folders(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    begin(env);
    let digest = ok(env, "copy c f").text();
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
    assert_eq!(sh(env, "cat /wd/f; stat -c %u:%g /wd/f"), "one0:0");
    ok(env, "copy -q c f d /dest/").prints("");
    assert_eq!(sh(env, "cd /dest; find . -type f | sort"), "./a\n./f\n./sub/b");
    ok(env, "copy c f relative/");
    assert_eq!(sh(env, "cat /wd/relative/f"), "one");
    let path = env.work().join("f").display().to_string();
    ok(env, &format!("copy c {path} ../work/f /both/"));
    ok(env, "copy --chown 1:2 --chmod 0700 c f /owned");
    assert_eq!(sh(env, "stat -c %u:%g:%a /owned"), "1:2:700");
    ok(env, "copy --timestamp 1000 c d /dated");
    assert_eq!(sh(env, "stat -c %Y /dated/a"), "1000");
    ok(env, "copy --contextdir d c sub /from-context");
    assert_eq!(sh(env, "cat /from-context/b"), "three");
    env.write("ignored", "a\n");
    ok(env, "copy --contextdir d --ignorefile ignored c . /kept");
    assert_eq!(sh(env, "find /kept -type f"), "/kept/sub/b");
    if !env.is_peer() {
        // Buildah compares it with the whole path.
        ok(env, "copy --exclude a c d /excluded");
        assert_eq!(sh(env, "find /excluded -type f"), "/excluded/sub/b");
    }
}

fn from_images_and_containers(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    begin(env);
    ok(env, "from --name other base");
    ok(env, "copy --chown 5:6 other f /theirs");
    ok(env, "copy --from other c /theirs /mine");
    assert_eq!(sh(env, "cat /mine; stat -c %u:%g /mine"), "one5:6");
    ok(env, "copy --from base c /bin/busybox /copy/");
    assert_eq!(sh(env, "/copy/busybox echo runs"), "runs");
    if !env.is_peer() {
        ok(env, "copy --from c c /mine /again");
        assert_eq!(sh(env, "cat /again"), "one");
    }
}

fn archives_are_unpacked(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    begin(env);
    env.host("tar czf a.tgz d").run().ok();
    ok(env, "add --add-history c a.tgz /unpacked");
    assert_eq!(sh(env, "cat /unpacked/d/sub/b"), "three");
    ok(env, "copy --add-history c a.tgz f /packed/");
    assert_eq!(sh(env, "ls /packed"), "a.tgz\nf");
    ok(env, "commit -q c made");
    let history = super::image(env, "made", "{{range .OCIv1.History}}{{.CreatedBy}}\n{{end}}");
    assert!(history.contains("/bin/sh -c #(nop) ADD file:"), "{history}");
    assert!(history.contains("/bin/sh -c #(nop) COPY multi:"), "{history}");
}

fn nothing_leaves(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    begin(env);
    env.write("secret", "outside");
    env.host("ln -s ../secret d/link").run().ok();
    env.host("ln -s /etc/passwd d/absolute").run().ok();
    for source in ["../secret", "link", "absolute"] {
        buildah(env, &format!("copy --contextdir d c {source} /x")).run().code(125);
    }
    // Links in the container are its own: what they lead to on the host stays as it is.
    let outside = env.work().join("outside");
    env.host("mkdir outside").run().ok();
    sh(env, &format!("ln -s {} /way; ln -s /way/file /file", outside.display()));
    ok(env, "copy c f /way/");
    ok(env, "copy c f /file");
    assert!(!env.exists(outside.join("f")) && !env.exists(outside.join("file")));
    assert_eq!(sh(env, &format!("cat {}/f", outside.display())), "one");
}

fn what_is_wrong_is_said(env: &TestEnv) {
    begin(env);
    buildah(env, "copy c nope /").run().code(125).complains("adding content to container \"c\"");
    buildah(env, "copy c").run().code(125).complains("src must be specified");
    buildah(env, "copy nope f").run().code(125).complains("reading build container \"nope\": container not known");
    buildah(env, "copy --checksum sha256:00 c f /z").run().code(125).complains("not supported for local sources");
    buildah(env, "copy --ignorefile f c f /z").run().code(125).complains("--contextdir");
}

testkit::cases! {
    both: [
        files_and_folders, from_images_and_containers, archives_are_unpacked, nothing_leaves, what_is_wrong_is_said,
    ]
}
