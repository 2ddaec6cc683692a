//! Contexts and sources that aren't files here: tars, http servers, git repositories.

use super::{build, inside};
use testkit::{Entry, Reply, TestEnv, note_skipped, wait_until, write_tar};

const TEXT: &str = "FROM base\nCOPY f /seen\n";

fn tar() -> Vec<u8> {
    write_tar(&[
        Entry::file("Containerfile", TEXT),
        Entry::dir("sub"),
        Entry::file("sub/Other", "FROM base\nCOPY sub/f /seen\n"),
        Entry::file("f", "top"),
        Entry::file("sub/f", "below"),
        Entry::file("ignored", "x"),
        Entry::file(".dockerignore", "ignored\n"),
    ])
}

fn a_tar_on_standard_input(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman reads /dev/stdin anew, which isn't the user's here");
    }
    env.base();
    let path = env.write("ctx.tar", tar());
    let feed = |flags: &str, tar: &[u8]| {
        env.engine().words(&format!("build -q --network none -t built {flags} -")).stdin(tar).run()
    };
    feed("", &tar()).ok();
    assert_eq!(inside(env, "cat /seen"), "top");
    feed("-f sub/Other", &tar()).ok();
    assert_eq!(inside(env, "cat /seen"), "below");
    for program in ["gzip", "bzip2", "xz", "zstd"] {
        let packed = env.host(&format!("{program} -q -k -f {}", path.display())).run();
        if packed.status.code() == Some(127) {
            note_skipped("no program packs that here");
            continue;
        }
        packed.ok();
        let suffix = match program {
            "gzip" => "gz",
            "bzip2" => "bz2",
            "zstd" => "zst",
            other => other,
        };
        let bytes = std::fs::read(path.with_extension(format!("tar.{suffix}"))).unwrap();
        feed("", &bytes).ok();
        assert_eq!(inside(env, "cat /seen"), "top");
    }
    // No tar: a Containerfile.
    feed("", b"FROM base\nRUN echo alone > /seen\n").ok();
    assert_eq!(inside(env, "cat /seen"), "alone");
    feed("", b"FROM base\nCOPY f /\n").code(125).complains("there is no build context");
    feed("-f -", &tar()).code(125).complains("can't be both");
    feed("-f none", &tar()).code(125).complains("no file none");
    feed("", b"").code(125).complains("no instructions");
    feed("", &[0x1f, 0x8b, 8, 0, 0]).code(125).is_readable();
    env.write("ign.tar", tar());
    let text = write_tar(&[
        Entry::file("Containerfile", "FROM base\nCOPY . /all\n"),
        Entry::file("ignored", "x"),
        Entry::file(".dockerignore", "ignored\n"),
    ]);
    feed("", &text).ok();
    assert_eq!(inside(env, "ls /all"), "Containerfile");
}

/// Neither its links nor its Containerfile lead out of a tar, and nothing of it stays.
fn hostile_tars(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman reads /dev/stdin anew, which isn't the user's here");
    }
    env.base();
    env.write("secret", "hush");
    let secret = env.work().join("secret").display().to_string();
    let feed =
        |entries: &[Entry]| env.engine().words("build --network none -t built -").stdin(write_tar(entries)).run();
    feed(&[Entry::symlink("Containerfile", &secret)]).code(125).lacks("hush");
    feed(&[Entry::symlink("Containerfile", "/etc/passwd")]).code(125).is_readable();
    let text = Entry::file("Containerfile", "FROM base\nCOPY link /f\n");
    feed(&[text.clone(), Entry::symlink("link", &secret)]).code(125).is_readable();
    feed(&[text.clone(), Entry::symlink("d", "/"), Entry::file("d/tmp/minke-escaped", "x")]).is_readable();
    assert!(!std::path::Path::new("/tmp/minke-escaped").exists());
    feed(&[text.clone(), Entry::file("../escaped", "x")]).is_readable();
    feed(&[text, Entry::file("link", "x").claim_size(1 << 60)]).code(125).is_readable();
    env.ok("system check").quiet();
    nothing_is_left(env);
}

fn what_a_server_has(env: &TestEnv) {
    env.base();
    let server = env.fake_registry();
    let host = server.host();
    server.reply("/ctx.tar", Reply::ok("application/x-tar", tar()));
    server.reply("/Containerfile", Reply::ok("text/plain", "FROM base\nRUN echo alone > /seen\n"));
    env.ok(&format!("build -q --network none -t built http://{host}/ctx.tar"));
    assert_eq!(inside(env, "cat /seen"), "top");
    env.ok(&format!("build -q --network none -t built http://{host}/Containerfile"));
    assert_eq!(inside(env, "cat /seen"), "alone");
    env.run(&format!("build http://{host}/none")).code(125).complains("404");
    if env.is_peer() {
        return note_skipped("podman has no named contexts of these, and looks for -f in the folder here");
    }
    env.ok(&format!("build -q --network none -t built -f sub/Other http://{host}/ctx.tar"));
    assert_eq!(inside(env, "cat /seen"), "below");
    env.write("ctx/f", "own");
    env.ok(&format!("build -q --network none -t built -f http://{host}/Containerfile ctx"));
    assert_eq!(inside(env, "cat /seen"), "alone");
    let named = format!("--build-context other=http://{host}/ctx.tar");
    build(env, &named, "FROM base\nCOPY --from=other sub/f /seen\nRUN --mount=from=other,target=/m cat /m/f\n")
        .ok()
        .has("top");
    assert_eq!(inside(env, "cat /seen"), "below");
    env.run(&format!("build --build-context a=http://{host}/Containerfile ctx")).code(125).complains("no tar");
    env.run("build --build-context a=ftp://x/y ctx").code(125).complains("ftp://");
    nothing_is_left(env);
}

/// A repository with two branches, a tag and a submodule, served by git's own daemon.
fn repository(env: &TestEnv) {
    let script = "set -e; export HOME=$PWD GIT_CONFIG_GLOBAL=$PWD/gitconfig\n\
        git config --global user.name t; git config --global user.email t@t; git config --global init.defaultBranch main\n\
        git config --global protocol.file.allow always; git config --global safe.directory '*'\n\
        mkdir -p srv && git init -q srv/sub && cd srv/sub && echo of-submodule > s && git add s && git commit -qm s && cd ../..\n\
        git init -q work && cd work\n\
        printf 'FROM base\\nCOPY f /seen\\n' > Containerfile; echo one > f; mkdir dir\n\
        printf 'FROM base\\nCOPY g /seen\\n' > dir/Containerfile; echo in-dir > dir/g\n\
        git add . && git commit -qm one && git tag -am v1 v1\n\
        git checkout -q -b other && echo two > f && git commit -qam two && git checkout -q main\n\
        git submodule add -q git://127.0.0.1/sub sub 2>/dev/null || { git daemon --base-path=../srv --export-all --detach --pid-file=../git.pid; sleep 0; }\n\
        until git ls-remote git://127.0.0.1/sub >/dev/null 2>&1; do :; done\n\
        git submodule add -q git://127.0.0.1/sub sub && git commit -qm three\n\
        cd .. && git clone -q --bare work srv/r.git && git -C srv/r.git config uploadpack.allowAnySHA1InWant true\n";
    env.host("sh -ec").arg(script).run().ok();
    wait_until("the repository is served", || env.host("git ls-remote git://127.0.0.1/r.git").run().status.success());
}

fn stop(env: &TestEnv) {
    env.host("sh -c").arg("kill $(cat git.pid)").run().ok();
}

fn commit(env: &TestEnv, name: &str) -> String {
    env.host(&format!("git --git-dir srv/r.git rev-parse {name}^{{commit}}")).run().ok().text().trim().to_owned()
}

fn repositories_are_contexts(env: &TestEnv) {
    if env.host("git --version").run().status.code() != Some(0) {
        return note_skipped("there is no git here");
    }
    env.base();
    repository(env);
    let file = format!("file://{}/srv/r.git", env.work().display());
    let url = "git://127.0.0.1/r.git";
    let (v1, other) = (commit(env, "v1"), commit(env, "other"));
    let mut cases = vec![
        (url.to_owned(), "one"),
        (format!("{url}#other"), "two"),
        (format!("{url}#v1"), "one"),
        (format!("{url}#{v1}"), "one"),
        (format!("{url}#main:dir"), "in-dir"),
        (format!("{url}#:dir"), "in-dir"),
    ];
    if !env.is_peer() {
        let own = [
            (file.clone(), "one"),
            (format!("{url}#refs/heads/other"), "two"),
            (format!("{url}#{}", &other[..8]), "two"),
            (format!("{url}?branch=other"), "two"),
            (format!("{url}?ref=main&subdir=dir"), "in-dir"),
            (format!("{url}?tag=v1&checksum={}", &v1[..10]), "one"),
        ];
        cases.extend(own);
    }
    for (text, seen) in cases {
        let built = env.engine().words("build -q --network none -t built").arg(&text).run();
        assert!(built.status.success(), "{text}: {built}");
        assert_eq!(inside(env, "cat /seen"), seen, "{text}");
    }
    if env.is_peer() {
        return stop(env);
    }
    let refused = [
        (format!("{url}#none"), "no branch, tag or commit none"),
        (format!("{url}#0123456789012345678901234567890123456789"), "no branch, tag or commit 0123"),
        (format!("{url}?checksum=0123abcd"), "expected checksum"),
        (format!("{url}#main:none"), "none"),
        (format!("{url}#--upload-pack=touch\u{20}x"), ""),
        (format!("{url}#--upload-pack=true"), "no name of a branch"),
        ("ssh://-oProxyCommand=true/x".to_owned(), "doesn't begin with -"),
        ("git://127.0.0.1:1/x.git".to_owned(), "git ls-remote"),
        ("https://127.0.0.1:1/x.git".to_owned(), "git ls-remote"),
    ];
    for (text, why) in &refused {
        env.engine().words("build --network none").arg(text).run().code(125).complains(why).is_readable();
    }
    let named = format!("--build-context r={url}#other --build-context m={url}");
    build(env, &named, "FROM base\nCOPY --from=r f /seen\nCOPY --from=m sub/s /sub\n").ok();
    assert_eq!(inside(env, "cat /seen /sub"), "two\nof-submodule");
    nothing_is_left(env);
    stop(env);
}

fn repositories_are_added(env: &TestEnv) {
    if env.host("git --version").run().status.code() != Some(0) {
        return note_skipped("there is no git here");
    }
    repository(env);
    let url = "git://127.0.0.1/r.git";
    let (v1, main) = (commit(env, "v1"), commit(env, "main"));
    build(env, "", &format!("FROM base\nADD {url}#v1 /r\nADD {url}#other:dir /d/\nADD --keep-git-dir=true {url} /k\n"))
        .ok();
    assert_eq!(
        inside(env, "cat /r/f /d/g /k/sub/s; ls -a /r | grep -c git; cat /k/.git/HEAD"),
        format!("one\nin-dir\nof-submodule\n0\n{main}")
    );
    if env.is_peer() {
        return stop(env);
    }
    let text = format!(
        "FROM base\nADD --chown=3:4 --chmod=u=rwX,go= --exclude=dir --checksum={v1} {url}#v1 /r\nADD --checksum={} {url}?ref=v1 /s\n",
        &v1[..7]
    );
    build(env, "", &text).ok();
    assert_eq!(
        inside(env, "stat -c '%u:%g %a' /r/f; ls /r /s"),
        "3:4 600\n/r:\nContainerfile\nf\n\n/s:\nContainerfile\ndir\nf"
    );
    build(env, "", &text).ok().has("Using cache");
    build(env, "", &format!("FROM base\nADD --checksum=0123abcd {url} /r\n")).code(125).complains("expected checksum");
    build(env, "", "FROM base\nADD --checksum=sha256:00 git://127.0.0.1/r.git /r\n").code(125).complains("hex digits");
    let file = format!("file://{}/srv/r.git", env.work().display());
    build(env, "", &format!("FROM base\nADD {file} /r\n")).code(125).complains("file:");
    // The branch moves on: it is another commit.
    let moving = format!("FROM base\nADD {url}#main /r\n");
    build(env, "", &moving).ok();
    build(env, "", &moving).ok().has("Using cache");
    env.host("sh -ec").arg("cd work && git checkout -q main && echo new > f && GIT_CONFIG_GLOBAL=../gitconfig git commit -qam n && git push -q ../srv/r.git main").run().ok();
    build(env, "", &moving).ok();
    assert_eq!(inside(env, "cat /r/f"), "new");
    stop(env);
}

/// What a repository brings along is never executed: neither its hooks nor the caller's settings count.
fn repositories_execute_nothing(env: &TestEnv) {
    if env.is_peer() || env.host("git --version").run().status.code() != Some(0) {
        return note_skipped("podman asks the caller's git settings");
    }
    env.base();
    repository(env);
    let mark = env.work().join("executed").display().to_string();
    env.host("sh -ec").arg(format!(
        "mkdir hooks && printf '#!/bin/sh\\ntouch {mark}\\n' > hooks/post-checkout && chmod 755 hooks/post-checkout\n\
         export GIT_CONFIG_GLOBAL=$PWD/.gitconfig HOME=$PWD\n\
         git config --global core.hooksPath $PWD/hooks; git config --global core.fsmonitor 'touch {mark}; false'\n\
         git config --global filter.bad.smudge 'touch {mark}; cat'\n\
         cd work && echo 'f filter=bad' > .gitattributes && git add . && git -c user.name=a -c user.email=b commit -qm a && git push -q ../srv/r.git main; rm -f {mark}"
    ))
    .run()
    .ok();
    let home = env.work().display().to_string();
    let run = |text: &str| {
        let run = env.engine().words("build -q --network none -t built").arg(text);
        run.var("GIT_CONFIG_GLOBAL", format!("{home}/.gitconfig")).var("GIT_EXEC_PATH", "/nonexistent").run()
    };
    run("git://127.0.0.1/r.git").ok();
    run(&format!("file://{home}/srv/r.git")).ok();
    assert!(!env.exists(env.work().join("executed")));
    stop(env);
}

/// What was fetched goes, at the latest behind the answer.
fn nothing_is_left(env: &TestEnv) {
    let folder = env.graphroot().join("minke/tmp");
    let left = || env.inside(|| std::fs::read_dir(&folder).map_or(0, Iterator::count));
    wait_until("the store's temporary folder to be empty", || left() == 0);
}

testkit::cases! { both: [
    a_tar_on_standard_input, hostile_tars, what_a_server_has, repositories_are_contexts, repositories_are_added,
    repositories_execute_nothing,
] }
