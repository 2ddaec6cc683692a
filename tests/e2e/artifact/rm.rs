//! `artifact rm`.

use super::{NAME, digest};
use testkit::TestEnv;

fn by_name_and_by_digest(env: &TestEnv) {
    env.write("a", "1");
    env.ok(&format!("artifact add {NAME} a"));
    env.ok("artifact add second a");
    env.ok("artifact add third a");
    let hex = |name: &str| digest(env, name)["sha256:".len()..].to_owned();
    let (first, second, third) = (hex(NAME), hex("second"), hex("third"));
    env.ok(&format!("artifact rm {NAME} {}", &second[..12])).prints(&format!("{first}\n{second}\n"));
    env.run("artifact rm nothing third").code(125).complains("nothing: artifact does not exist").prints("");
    if !env.is_peer() {
        // There what comes before it is removed, without a word.
        env.run("artifact rm third nothing").code(125).prints("");
    }
    env.ok("artifact remove -i nothing third").prints(&format!("{third}\n"));
    env.ok("artifact rm -i nothing").prints("");
    env.ok("artifact ls -n").prints("");
}

fn all(env: &TestEnv) {
    env.ok("artifact rm --all").prints("");
    env.write("a", "1");
    env.ok("artifact add first a");
    env.ok("artifact add second a");
    env.run("artifact rm -a first").code(125).complains("when using the --all switch");
    env.run("artifact rm").code(125).complains("at least one artifact name or digest must be specified");
    assert_eq!(env.ok("artifact rm -a").lines().len(), 2);
    env.ok("artifact ls -n").prints("");
}

testkit::cases! { both: [by_name_and_by_digest, all] }
