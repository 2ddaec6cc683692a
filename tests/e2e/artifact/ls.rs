//! `artifact ls`.

use super::{NAME, digest};
use testkit::TestEnv;

fn a_table(env: &TestEnv) {
    env.ok("artifact ls").prints("REPOSITORY  TAG         DIGEST      CREATED     SIZE\n");
    env.write("a", "hello\n");
    env.ok(&format!("artifact add {NAME} a"));
    env.ok("artifact add short a");
    let lines = env.ok("artifact ls").lines();
    assert_eq!(lines.len(), 3);
    let words: Vec<_> = lines[1].split_whitespace().collect();
    let digest = digest(env, NAME);
    assert_eq!(words[..3], ["quay.io/my/artifact", "1", &digest["sha256:".len()..][..12]]);
    assert!(lines[1].ends_with(" ago  6B"), "{lines:?}");
    assert!(lines[2].starts_with("short  "), "{lines:?}");
    env.ok("artifact ls --no-trunc").has(&digest["sha256:".len()..]);
    assert_eq!(env.ok("artifact list -n").lines().len(), 2);
}

fn templates(env: &TestEnv) {
    env.write("a", "hello\n");
    env.ok(&format!("artifact add {NAME} a"));
    let shows = |format: &str, expected: &str| {
        env.engine().words("artifact ls --format").arg(format).run().ok().prints(expected);
    };
    shows("{{.Repository}}|{{.Tag}}|{{.Size}}|{{.VirtualSize}}", "quay.io/my/artifact|1|6B|6\n");
    shows("table {{.Tag}} {{.VirtualSize}}", "TAG         VIRTUAL SIZE\n1           6\n");
    env.ok("artifact ls --format {{.CreatedAt}}").has(" +0000 UTC\n");
    env.run("artifact ls --format {{.Nope}}").code(125).complains("Nope");
    env.run("artifact ls extra").code(125).complains("takes no arguments");
}

testkit::cases! { both: [a_table, templates] }
