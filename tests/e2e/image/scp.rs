//! `image scp`, with a stand-in for ssh that runs the command here, in a store of its own.

use testkit::TestEnv;

fn ssh(env: &TestEnv) -> String {
    let bin = env.work().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let engine = testkit::engine_under_test();
    let store = env.work().join("other");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {0}/ssh.log\nwhile [ \"$1\" != -- ]; do shift; done\nshift 2\n\
         minke() {{ exec {engine} --root {1}/root --runroot {1}/run \"$@\"; }}\n\
         eval \"$(echo \"$*\" | sed 's/exec minke/minke/')\"\n",
        env.work().display(),
        store.display()
    );
    env.write("bin/ssh", script);
    env.script(&format!("chmod 755 {}/ssh", bin.display()));
    format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display())
}

fn there_and_back(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman speaks ssh itself");
    }
    env.base();
    let path = ssh(env);
    let scp = |words: &str| env.engine().words(&format!("image scp {words}")).var("PATH", &path).run();
    scp("-q localhost/base:latest me@elsewhere:2222::").ok().has("Loaded image: localhost/base:latest");
    let log = env.read(env.work().join("ssh.log")).unwrap();
    assert!(log.starts_with("-p 2222 -- me@elsewhere "), "{log}");
    env.ok("rmi -a -f");
    scp("elsewhere::localhost/base:latest").ok();
    env.ok("run --rm --network none localhost/base:latest echo hello").prints("hello\n");
    scp("elsewhere::localhost/nosuch:1").code(125).complains("image save at elsewhere failed");
}

/// An end that goes before the archive fits into the pipe.
fn a_receiver_that_is_gone_is_told(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman speaks ssh itself");
    }
    env.base();
    let path = ssh(env);
    let scp = |path: &str| env.engine().words("image scp base elsewhere::").var("PATH", path).run();
    env.write("bin/ssh", "#!/bin/sh\nexit 255\n");
    env.script(&format!("chmod 755 {}/bin/ssh", env.work().display()));
    scp(&path).code(125).complains("image load at elsewhere failed");
    env.script(&format!("rm {}/bin/ssh; mkdir {0}/none", env.work().display()));
    scp(&format!("{}/none", env.work().display()))
        .code(125)
        .complains("start ssh for image load: there is no such program");
}

fn nonsense(env: &TestEnv) {
    env.run("image scp").code(125).complains("accepts between 1 and 2 arg(s), received 0");
    env.run("image scp a").code(125).complains("must specify a destination");
    if !env.is_peer() {
        for line in ["a -oProxyCommand=x::", "a b", "::a", "h::a;b", "h::"] {
            env.run(&format!("image scp -- {line}")).code(125);
        }
    }
}

testkit::cases! { both: [there_and_back, a_receiver_that_is_gone_is_told, nonsense] }
