//! Layers, labels, annotations and history of the image that comes out.

use super::{build, field, inside};
use testkit::TestEnv;

const TEXT: &str = "FROM base\nRUN mkdir /d && echo 1 > /d/gone && echo 2 > /d/kept\nENV A=1\nRUN rm /d/gone /etc/group\nLABEL own=1\n";

fn layers(env: &TestEnv) -> usize {
    field(env, "{{len .RootFS.Layers}}").parse().unwrap()
}

fn layers_become_one(env: &TestEnv) {
    build(env, "", TEXT).ok();
    let whole = layers(env);
    for (flags, count, steps) in
        [("--squash", whole - 1, whole + 2), ("--layers=false", whole - 1, whole + 2), ("--squash-all", 1, 4)]
    {
        build(env, flags, TEXT).ok();
        assert_eq!(layers(env), count, "{flags}");
        let history = env.ok("history --format {{.CreatedBy}}|{{.Size}} built").lines();
        assert_eq!(history.len(), steps, "{flags}: {history:?}");
        assert!(history[0].contains("LABEL own=1") && !history[0].ends_with("|0B"), "{flags}: {history:?}");
        assert!(history[1].ends_with("|0B") && history[3].ends_with("|0B"), "{flags}: {history:?}");
        assert_eq!(inside(env, "cat /d/kept; ls /d /etc/group 2>/dev/null; true"), "2\n/d:\nkept", "{flags}");
    }
    build(env, "--squash --squash-all", TEXT).code(125).complains("--squash-all");
    build(env, "--omit-history --no-cache", TEXT).ok();
    assert!(!env.ok("history --format {{.CreatedBy}} built").text().contains("rm /d/gone"));
}

fn labels_and_annotations(env: &TestEnv) {
    build(env, "--annotation of=base --label from=base --label gone=1", "FROM base\n").ok();
    env.ok("tag built localhost/below");
    env.ok("rmi built");
    let text = "FROM below\nLABEL own=1\n";
    let digest = env.ok("image inspect localhost/below --format {{.Digest}}").text().trim().to_owned();
    build(env, "--pull=never --unsetlabel gone", text).ok();
    let shown = field(env, "{{json .Annotations}} {{json .Config.Labels}}");
    for part in [
        r#""of":"base""#,
        r#""org.opencontainers.image.base.name":"localhost/below:latest""#,
        &format!(r#""org.opencontainers.image.base.digest":"{digest}""#),
        r#""org.opencontainers.image.created":"2"#,
        r#""from":"base""#,
        r#""own":"1""#,
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("gone"), "{shown}");
    let flags = "--pull=never --no-cache --inherit-labels=false --inherit-annotations=false --created-annotation=false --identity-label=false";
    build(env, flags, text).ok();
    assert_eq!(field(env, "{{json .Annotations}} {{json .Config.Labels}}").replace("null", "{}"), r#"{} {"own":"1"}"#);
    build(env, "--pull=never --no-cache --unsetannotation of --os-version 10.1", text).ok();
    assert!(!field(env, "{{json .Annotations}}").contains("\"of\""));
    let saved = env.engine().words("save --format oci-archive -o image.tar built").run();
    saved.ok();
    let config = env.host("sh -c").arg(
        "tar xf image.tar && grep -l os.version blobs/sha256/* && grep -ho '\"os.version\":\"10.1\"' blobs/sha256/*",
    );
    config.run().ok();
    build(env, "--disable-content-trust --compress", "FROM base\n").ok();
}

fn times_of_files(env: &TestEnv) {
    env.write("ctx/f", "x");
    env.host("touch -d 2001-01-01 ctx/f").run().ok();
    let text = "FROM base\nCOPY f /f\nRUN touch /g\n";
    build(env, "--no-cache --timestamp 1500000000", text).ok();
    assert_eq!(inside(env, "stat -c %Y /f /g"), "1500000000\n1500000000");
    build(env, "--no-cache --source-date-epoch 1500000000 --rewrite-timestamp", text).ok();
    assert_eq!(inside(env, "stat -c %Y /f /g").lines().nth(1), Some("1500000000"));
    assert_ne!(inside(env, "stat -c %Y /f"), "1500000000");
    assert_eq!(field(env, "{{.Created.Unix}}"), "1500000000");
    build(env, "--no-cache --source-date-epoch 1500000000 --rewrite-timestamp=false", text).ok();
    assert_ne!(inside(env, "stat -c %Y /g"), "1500000000");
    assert_eq!(field(env, "{{.Created.Unix}}"), "1500000000");
}

testkit::cases! { both: [layers_become_one, labels_and_annotations, times_of_files] }
