//! `import`.

use testkit::{Base, Entry, TestEnv, write_tar};

fn a_tar_becomes_an_image(env: &TestEnv) {
    env.write("base.tar", Base::layer().tar);
    let id = env.ok("import -q base.tar mine").text();
    assert!(id.starts_with("sha256:") && id.len() == 71, "{id}");
    env.ok("images -q --no-trunc mine").prints(&format!("{id}\n"));
    env.ok("images --format {{.Repository}}:{{.Tag}}").prints("localhost/mine:latest\n");
    env.ok("run --rm --network none mine sh -c 'echo ran'").prints("ran\n");
    env.ok("history --format {{.Comment}} mine").prints("imported from tarball\n");
}

fn from_standard_input_and_compressed(env: &TestEnv) {
    env.engine().words("import - mine:1").stdin(Base::layer().blob()).run().ok();
    env.ok("run --rm --network none mine:1 sh -c 'echo ran'").prints("ran\n");
}

fn says_what_it_is_told(env: &TestEnv) {
    env.write("small.tar", write_tar(&[Entry::file("f", "x")]));
    env.ok(
        "import -q -m 'my message' -c CMD=x -c 'ENTRYPOINT [\"/a\",\"b\"]' -c ENV=A=b -c 'LABEL l=v' -c 'EXPOSE 80' \
         -c USER=web -c VOLUME=/v -c WORKDIR=/w --os linux --arch arm64 --variant v8 small.tar q.io/a/b:2",
    );
    let show = |format: &str| env.ok(&format!("image inspect --format '{format}' q.io/a/b:2")).text().trim().to_owned();
    assert_eq!(show("{{.Config.Cmd}} {{.Config.Entrypoint}} {{.Config.Env}}"), "[/bin/sh -c x] [/a b] [A=b]");
    assert_eq!(show("{{.Config.User}} {{.Config.WorkingDir}} {{.Config.Labels}}"), "web /w map[l:v]");
    assert_eq!(show("{{json .Config.ExposedPorts}}{{json .Config.Volumes}}"), "{\"80/tcp\":{}}{\"/v\":{}}");
    assert_eq!(show("{{.Architecture}} {{.Os}} {{.Comment}}"), "arm64 linux my message");
}

fn nonsense_leaves_nothing(env: &TestEnv) {
    env.write("small.tar", write_tar(&[Entry::file("f", "x")]));
    env.write("junk", "junk");
    env.run("import").code(125).complains("accepts between 1 and 2 arg(s), received 0");
    env.run("import no-file x").code(125).complains("no-file");
    env.run("import -c FOO=x small.tar").code(125).complains("invalid instruction FOO");
    env.run("import -c CMD small.tar").code(125).complains("must be formatted as KEY VALUE");
    let wrong = env.engine().words("import -c").arg("STOPSIGNAL SIGFOO").words("small.tar x:1").run();
    wrong.code(125).complains("must be given a valid signal: invalid signal: SIGFOO");
    env.run("import junk x").code(125).is_readable();
    let fake = env.fake_registry();
    let gone = env.run(&format!("import http://{}/gone.tar x:1", fake.host()));
    gone.code(125);
    if !env.is_peer() {
        // Podman takes the server's message for the tar.
        gone.complains("404");
    }
    env.run("import http://127.0.0.1:1/x.tar x").code(125).is_readable();
    if !env.is_peer() {
        // There it is imported before its name is looked at.
        env.run("import small.tar Bad").refused("Bad");
        env.ok("system check").quiet();
    }
    env.ok("images -q --filter dangling=false").prints("");
}

testkit::cases! { both: [
    a_tar_becomes_an_image, from_standard_input_and_compressed, says_what_it_is_told, nonsense_leaves_nothing,
] }
