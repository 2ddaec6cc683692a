//! `info`.

use serde_json::Value;
use testkit::TestEnv;

fn tells_where_everything_is(env: &TestEnv) {
    let output = env.ok("info --format json");
    let info: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(info["store"]["graphRoot"], env.graphroot().to_str().unwrap());
    assert_eq!(info["store"]["runRoot"], env.runroot().to_str().unwrap());
    assert_eq!(info["host"]["security"]["rootless"], !env.is_root());
    assert!(info["host"]["kernel"].is_string() && info["host"]["arch"].is_string());
    assert!(info["version"]["Version"].is_string());
}

fn is_readable_and_takes_a_format(env: &TestEnv) {
    env.ok("info").has("host:").has("store:").has("graphRoot:");
    env.ok("info --format {{.Store.GraphRoot}}").prints(&format!("{}\n", env.graphroot().display()));
}

fn counts_containers_and_images(env: &TestEnv) {
    env.base();
    env.ok("create base true");
    env.ok("info --format '{{.Store.ContainerStore.Number}} {{.Store.ImageStore.Number}}'").prints("1 1\n");
}

fn templates(env: &TestEnv) {
    let shown = |format: &str| env.engine().words("info --format").arg(format).run().text();
    assert_eq!(shown("{{.Host.OS}} {{.Host.EmulatedArchitectures}} {{.Host.RuntimeInfo}}"), "linux [] map[]");
    assert_eq!(shown("{{index .Registries \"search\"}}"), shown("{{.Registries.search}}"));
    let status = shown("{{range $key, $value := .Store.GraphStatus}}{{$key}}={{$value}};{{end}}");
    assert!(status.contains("Supports d_type=true;") && !status.contains("json"), "{status}");
    env.ok("info --format '{{json .Store.ContainerStore}}'")
        .prints("{\"number\":0,\"paused\":0,\"running\":0,\"stopped\":0}\n");
}

fn version(env: &TestEnv) {
    let shown = |format: &str| env.engine().words("version --format").arg(format).run().text();
    let version = shown("{{.Client.Version}}");
    assert_eq!(shown("{{.Server.Version}}"), version);
    assert_eq!(shown("{{.Version}}"), version);
    assert_eq!(shown("{{.Client.Os}} {{.Client.OsArch}}"), format!("linux {}", shown("{{.OsArch}}")));
    if !env.is_peer() {
        // Two builds of the same sources are the same.
        let built: i64 = shown("{{.Client.Built}}").parse().unwrap();
        let commit = shown("{{.Client.GitCommit}}");
        assert!(commit.is_empty() || commit.len() == 40 && built > 1_700_000_000, "{commit} {built}");
        env.ok("version").has("Built:");
    }
}

testkit::cases! { both: [tells_where_everything_is, is_readable_and_takes_a_format, counts_containers_and_images, templates, version] }
