//! `manifest remove`.

use super::{architectures, digest, two_images};
use testkit::TestEnv;

fn entries_go(env: &TestEnv) {
    two_images(env);
    let id = env.ok("manifest create list base other").text();
    let digest = digest(env, "base");
    env.ok(&format!("manifest remove list {digest}")).prints(&format!("{id}\n"));
    assert_eq!(architectures(env, "list"), ["s390x"]);
    env.run(&format!("manifest remove list {digest}")).code(125).complains("no instance matching digest");
    env.run("manifest remove list nonsense").code(125).complains("invalid image digest \"nonsense\"");
    env.run("manifest remove list").code(125).complains("accepts 2 arg(s), received 1");
    env.ok("image exists base");
}

testkit::cases! { both: [entries_go] }
