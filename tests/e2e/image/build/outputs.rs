//! `--output`: where the result goes beside the store.

use super::{build, field};
use testkit::TestEnv;

/// Two files with an owner of their own, a link, and another name of a file.
const FILES: &str = "FROM base AS make\n\
    RUN mkdir -p /out/d && echo content > /out/d/f && ln -s /etc/passwd /out/link && ln /out/d/f /out/other && \
    chmod 751 /out/d && chown 5:6 /out/d/f && chmod 4711 /out/d/f && touch -d 2001-02-03 /out/d\n\
    FROM scratch AS files\nCOPY --from=make /out /\n";

fn listed(env: &TestEnv, folder: &str) -> String {
    let find = format!("cd {folder} && find . -mindepth 1 | sort | xargs stat -c '%n %F %a %u:%g %h'");
    let list = env.host("sh -c").arg(find).run();
    list.ok();
    list.text().trim().to_owned()
}

fn files_of_a_stage(env: &TestEnv) {
    build(env, "--target files -o out", FILES).ok();
    let (uid, gid) = if env.is_root() { (0, 0) } else { (env.user().uid, env.user().gid) };
    let (fuid, fgid) = if env.is_root() { (5, 6) } else { (uid, gid) };
    let expected = format!(
        "./d directory 751 {uid}:{gid} 2\n./d/f regular file 4711 {fuid}:{fgid} 2\n\
         ./link symbolic link 777 {uid}:{gid} 1\n./other regular file 4711 {fuid}:{fgid} 2"
    );
    // Podman's user has no bit of that sort.
    let found = listed(env, "out");
    if !env.is_peer() {
        assert_eq!(found, expected);
    }
    assert_eq!(env.host("readlink out/link").run().text().trim(), "/etc/passwd");
    env.ok("rmi -f built");
}

fn a_tar_alone_on_standard_output(env: &TestEnv) {
    for flag in ["-o -", "--output type=tar,dest=-"] {
        let built = build(env, &format!("{flag} --source-date-epoch 1000000000"), FILES);
        built.ok();
        env.write("out.tar", &built.stdout);
        let list = env.host("tar -tvf out.tar --utc --full-time").run();
        if env.is_peer() {
            continue;
        }
        list.ok().has("5/6 ").has("-rws--x--x").has("d/f link to other").has("2001-09-09 01:46:40");
        built.complains("STEP 2/2");
    }
    build(env, "-o type=tar,dest=file.tar -o second -t tagged", FILES).ok();
    env.host("tar -tf file.tar").run().ok().has("d/f");
    assert_eq!(env.read(env.work().join("second/other")).as_deref(), Some("content\n"));
    env.ok("image exists tagged");
}

/// What is in the folder already may be anything.
fn nothing_is_written_through_links(env: &TestEnv) {
    env.script(&format!("mkdir -m 777 {}/elsewhere", env.dir().display()));
    let elsewhere = env.dir().join("elsewhere");
    let prepare = format!(
        "mkdir -p out real && ln -s {0} out/d && ln -s {0}/file out/other && echo old > out/link && echo keep > out/kept && ln -s real via",
        elsewhere.display()
    );
    env.host("sh -c").arg(prepare).run().ok();
    build(env, "-o out", FILES).ok();
    assert!(env.host(&format!("ls -A {}", elsewhere.display())).run().text().is_empty());
    env.host("stat -c %F out/d out/other out/link").run().prints("directory\nregular file\nsymbolic link\n");
    assert_eq!(env.read(env.work().join("out/kept")).as_deref(), Some("keep\n"));
    // The place itself is the caller's word.
    build(env, "-o via", FILES).ok();
    assert!(env.exists(env.work().join("real/d/f")));
    // What is at a file's place goes, folders too.
    env.host("sh -c")
        .arg(format!("rm -rf out; mkdir -p out/other/x; ln -s {} out/other/y", elsewhere.display()))
        .run()
        .ok();
    env.write_at(&elsewhere.join("stays"), b"");
    build(env, "-o out", FILES).ok();
    assert_eq!(env.read(env.work().join("out/other")).as_deref(), Some("content\n"));
    assert!(env.exists(elsewhere.join("stays")));
    build(env, "-o ctx/Containerfile", FILES).code(125).complains("ctx/Containerfile");
    build(env, "-o type=tar,dest=real", FILES).code(125).complains("real");
}

fn what_makes_no_sense_is_refused(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman knows folders and tars only, and takes much for their names");
    }
    for (output, why) in [
        ("type=local", "dest= is missing"),
        ("type=local,dest=-", "type=tar"),
        ("type=local,dest=/", "this system"),
        ("type=what,dest=x", "invalid type"),
        ("type=local,dest=x,mode=1", "unrecognized key"),
        ("type=registry", "a name is needed"),
        ("type=oci,tar=false", "needs a dest="),
    ] {
        let text = "FROM base\n";
        env.base();
        env.write("ctx/Containerfile", text);
        env.run(&format!("build -o {output} ctx")).code(125).complains(why);
    }
    build(env, "-o - -o type=oci", "FROM base\n").code(125).complains("only one");
}

fn archives_and_layouts(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman has only files as outputs");
    }
    env.write("old.tar", "what was there before");
    build(
        env,
        "-o type=oci,dest=old.tar -o type=docker,dest=docker.tar,name=other:1 -o type=oci,dest=folder,tar=false",
        FILES,
    )
    .ok();
    let id = field(env, "{{.Id}}");
    env.ok("rmi -af");
    env.ok("load -i old.tar").has("localhost/built:latest");
    assert_eq!(field(env, "{{.Id}}"), id);
    env.ok("rmi -af");
    env.ok("load -i docker.tar").has("localhost/other:1");
    env.ok("rmi -af");
    env.ok("pull -q oci:folder:localhost/built:latest").has(&id);
    let stream = build(env, "-o type=oci", FILES);
    stream.ok();
    env.ok("rmi -af");
    env.engine().words("load").stdin(stream.stdout.clone()).run().ok();
    let left = env.host("ls -A").run().text();
    assert!(!left.contains(".tar."), "{left}");
    env.base();
    build(env, "-t oci-archive:tagged.tar:x/y:1", "FROM base\n").ok();
    env.ok("rmi -af");
    env.ok("load -i tagged.tar").has("x/y:1");
}

fn pushed_or_only_remembered(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman has only files as outputs");
    }
    let registry = env.registry();
    let host = registry.host();
    build(env, &format!("-o type=image,name={host}/one:1,push=true"), FILES).ok();
    build(env, &format!("-o type=registry,name={host}/two:1,compression=zstd"), FILES).ok();
    env.base();
    env.write("ctx/Containerfile", FILES);
    env.ok(&format!("build -t {host}/three:1 --push ctx"));
    let id = field(env, "{{.Id}}");
    env.ok(&format!("image exists {host}/one:1"));
    env.ok("rmi -af");
    for name in ["one", "two", "three"] {
        env.ok(&format!("pull -q {host}/{name}:1")).prints(&format!("{id}\n"));
    }
    env.ok("rmi -af");
    env.base();
    let only = env.ok("build -o type=cacheonly ctx");
    only.lacks("COMMIT");
    assert_eq!(env.ok("images -q").lines().len(), 1);
    env.ok("build -o type=cacheonly ctx").has("Using cache");
}

testkit::cases! { both: [
    files_of_a_stage, a_tar_alone_on_standard_output, nothing_is_written_through_links, what_makes_no_sense_is_refused,
    archives_and_layouts, pushed_or_only_remembered,
] }
