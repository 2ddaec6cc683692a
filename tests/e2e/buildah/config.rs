//! `buildah config`.

use super::{buildah, image, ok, shown};
use testkit::TestEnv;

/// Sets, and shows a field.
#[track_caller]
fn set(env: &TestEnv, flags: &[&str], template: &str) -> String {
    buildah(env, "config").args(flags).arg("c").run().ok();
    shown(env, "c", template)
}

fn lists_are_added_to_and_taken_from(env: &TestEnv) {
    ok(env, "from --name c scratch");
    let env_of = "{{.OCIv1.Config.Env}}";
    assert_eq!(set(env, &["--env", "A=1", "--env", "B=2", "-e", "C=$A-x"], env_of), "[A=1 B=2 C=1-x]");
    assert_eq!(set(env, &["--env", "A-", "--env", "B=3"], env_of), "[C=1-x B=3]");
    assert_eq!(set(env, &["--env", "-"], env_of), "[]");
    let labels = "{{.OCIv1.Config.Labels}}";
    assert_eq!(set(env, &["--label", "a=b", "--label", "c", "-l", "d="], labels), "map[a:b c: d:]");
    assert_eq!(set(env, &["--label", "a-", "--unsetlabel", "c"], labels), "map[d:]");
    let ports = "{{.OCIv1.Config.ExposedPorts}}";
    assert_eq!(set(env, &["--port", "80", "--port", "81/udp"], ports), "map[80:{} 81/udp:{}]");
    assert_eq!(set(env, &["--port", "80-"], ports), "map[81/udp:{}]");
    let volumes = "{{.OCIv1.Config.Volumes}}";
    assert_eq!(set(env, &["--volume", "/v,/w"], volumes), "map[/v:{} /w:{}]");
    assert_eq!(set(env, &["--volume", "/v-"], volumes), "map[/w:{}]");
    assert_eq!(set(env, &["--annotation", "-", "--annotation", "a=b"], "{{.ImageAnnotations}}"), "map[a:b]");
    assert_eq!(set(env, &["--unsetannotation", "a"], "{{len .ImageAnnotations}}"), "0");
}

fn commands(env: &TestEnv) {
    ok(env, "from --name c scratch");
    let both = "{{json .OCIv1.Config.Entrypoint}} {{json .OCIv1.Config.Cmd}}";
    assert_eq!(set(env, &["--cmd", "a \"b c\" d"], both), "null [\"a\",\"b c\",\"d\"]");
    assert_eq!(set(env, &["--cmd", "[\"a\",\"b c\"]"], both), "null [\"a\",\"b c\"]");
    let output = buildah(env, "config --entrypoint").arg("[\"e\", \"f g\"]").arg("c").run();
    output.ok().complains("cmd \\\"a b c\\\" exists and will be passed to entrypoint as a parameter");
    let output = buildah(env, "config --entrypoint").arg("e \"f g\"").arg("c").run();
    output.ok().complains("cmd \\\"a b c\\\" exists but will be ignored because of entrypoint settings");
    assert_eq!(shown(env, "c", "{{json .OCIv1.Config.Entrypoint}}"), "[\"/bin/sh\",\"-c\",\"e \\\"f g\\\"\"]");
    assert_eq!(set(env, &["--entrypoint", "", "--cmd", ""], both), "null null");
}

fn what_only_docker_has(env: &TestEnv) {
    ok(env, "from --name c scratch");
    let health = "{{json .Docker.Config.Healthcheck}}";
    let first = set(env, &["--healthcheck", "CMD-SHELL curl -f http://x/"], health);
    // Buildah splits the line at first; Docker would run its first word only.
    if !env.is_peer() {
        assert_eq!(
            first,
            "{\"Test\":[\"CMD-SHELL\",\"curl -f http://x/\"],\"Interval\":30000000000,\"Timeout\":30000000000,\"Retries\":3}"
        );
    }
    let flags = ["--healthcheck", "CMD a b", "--healthcheck-interval", "1m", "--healthcheck-retries", "4"];
    assert_eq!(
        set(env, &flags, health),
        "{\"Test\":[\"CMD\",\"a\",\"b\"],\"Interval\":60000000000,\"Timeout\":30000000000,\"Retries\":4}"
    );
    assert_eq!(set(env, &["--healthcheck", ""], health), "null");
    assert_eq!(
        set(env, &["--shell", "/bin/bash -c \"x y\""], "{{json .Docker.Config.Shell}}"),
        "[\"/bin/bash\",\"-c\",\"x y\"]"
    );
    assert_eq!(
        set(env, &["--onbuild", "RUN x", "--onbuild", "COPY a b"], "{{json .Docker.Config.OnBuild}}"),
        "[\"RUN x\",\"COPY a b\"]"
    );
    buildah(env, "config --hostname hn c").run().ok().complains("HOSTNAME is not supported for OCI");
    buildah(env, "config --domainname dn --comment com c").run().ok();
    let names = "{{.Docker.Config.Hostname}} {{.Docker.Config.Domainname}} {{.Docker.Comment}}";
    assert_eq!(shown(env, "c", names), "hn dn com");
    ok(env, "commit -q --format docker c docker");
    assert_eq!(image(env, "docker", names), "hn dn com");
    ok(env, "commit -q c oci");
    assert_eq!(image(env, "oci", "{{.Docker.Config.Hostname}}{{.Docker.Config.OnBuild}}"), "[]");
    ok(env, "from --format docker --name d scratch");
    buildah(env, "config --hostname hn d").run().ok().lacks("supported");
}

fn about_the_image(env: &TestEnv) {
    ok(env, "from --name c scratch");
    let flags = "config --author me --user u:g --workingdir /wd --stop-signal TERM --os linux --arch arm64 --variant v8 \
                 --os-version 1.2 --os-feature f1 --os-feature f2";
    ok(env, &format!("{flags} c"));
    ok(env, "config --os-feature f1- c");
    let about =
        "{{.OCIv1.Author}} {{.OCIv1.Architecture}} {{.OCIv1.Variant}} {{.OCIv1.OSVersion}} {{.OCIv1.OSFeatures}}";
    assert_eq!(shown(env, "c", about), "me arm64 v8 1.2 [f2]");
    let settings = "{{.OCIv1.Config.User}} {{.OCIv1.Config.WorkingDir}} {{.OCIv1.Config.StopSignal}}";
    ok(env, "commit -q c made");
    assert_eq!(image(env, "made", settings), "u:g /wd TERM");
}

fn history_is_noted(env: &TestEnv) {
    env.base();
    ok(env, "from --name c base");
    ok(env, "config --add-history --env Z=1 --label q=r --cmd x c");
    ok(env, "config --created-by cb --history-comment hc --author me c");
    ok(env, "commit -q c made");
    let steps = "{{range .OCIv1.History}}{{.CreatedBy}}|{{.Comment}}|{{.EmptyLayer}}\n{{end}}";
    let shown = image(env, "made", steps);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "testkit||false",
            "/bin/sh -c #(nop) ENV Z=1|FROM localhost/base:latest|true",
            "/bin/sh -c #(nop) CMD x||true",
            "/bin/sh -c #(nop) LABEL q=r||true",
        ]
    );
    assert!(lines[4].starts_with("cb|hc|"), "{shown}");
}

fn nothing_changes_if_something_is_wrong(env: &TestEnv) {
    ok(env, "from --name c scratch");
    buildah(env, "config --label a=b --env NOBODY_SET_THIS c").run().code(125).complains("no value given");
    assert_eq!(shown(env, "c", "{{len .OCIv1.Config.Labels}}"), "0");
    buildah(env, "config nope").run().code(125).complains("reading build container \"nope\": container not known");
    buildah(env, "config").run().code(125).complains("container ID must be specified");
    buildah(env, "config --healthcheck-interval x c").run().code(125).complains("healthcheck-interval");
}

testkit::cases! {
    both: [
        lists_are_added_to_and_taken_from, commands, what_only_docker_has, about_the_image, history_is_noted,
        nothing_changes_if_something_is_wrong,
    ]
}
