//! `COPY` and `ADD`.

use super::{build, inside};
use testkit::{Entry, TestEnv, write_tar};

fn files_folders_and_patterns(env: &TestEnv) {
    env.write("ctx/a.txt", "A");
    env.write("ctx/b.txt", "B");
    env.write("ctx/dir/c", "C");
    env.write("ctx/dir/sub/d", "D");
    let text = "FROM base\nWORKDIR /w\nCOPY a.txt new\nCOPY a.txt b.txt both/\nCOPY *.txt all/\nCOPY dir /d\nCOPY dir/sub/ /d\nCOPY [\"a.txt\", \"with blank\"]\n";
    build(env, "", text).ok();
    assert_eq!(inside(env, "cat new both/a.txt both/b.txt all/*.txt /d/c /d/sub/d /d/d 'with blank'"), "AABABCDDA");
    assert_eq!(inside(env, "stat -c %u:%g new /d /d/c"), "0:0\n0:0\n0:0");
}

fn owners_and_modes(env: &TestEnv) {
    env.write("ctx/f", "x");
    let text = "FROM base\nRUN echo 'own:x:7:8::/:' >> /etc/passwd && echo 'grp:x:9:' >> /etc/group\n\
                COPY --chown=own f /web\nCOPY --chown=own:grp f /grp\nCOPY --chown=11:12 --chmod=4711 f /new/n\n";
    build(env, "", text).ok();
    assert_eq!(inside(env, "stat -c '%u:%g %a' /web /grp /new/n"), "7:8 644\n7:9 644\n11:12 4711");
    build(env, "", "FROM base\nCOPY --chown=nobodythere f /x\n").code(125).complains("nobodythere");
}

fn owners_and_modes_of_variables_without_a_value(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman takes the empty text for a mode");
    }
    env.write("ctx/f", "x");
    build(env, "", "FROM base\nARG none\nCOPY --chown=$none --chmod=$none f /w/\n").ok();
    assert_eq!(inside(env, "stat -c '%u %a' /w/f"), "0 644");
}

/// Overlay takes no folder twice.
fn the_same_layer_may_come_twice(env: &TestEnv) {
    env.write("ctx/f", "x");
    build(env, "", "FROM base\nCOPY f /\nRUN echo y > /f\nCOPY f /\nRUN cat /f > /seen\n").ok();
    assert_eq!(inside(env, "cat /f /seen"), "xx");
}

/// As BuildKit does it.
fn archives_win_and_links_may_lead_nowhere_yet(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman changes the modes of what it unpacks");
    }
    env.write("ctx/t.tar", write_tar(&[Entry::dir("d"), Entry::file("d/in", "inside")]));
    env.write("ctx/f", "x");
    let text = "FROM base\nRUN mkdir -p -m 700 /un/d && ln -s ../made/later /to\nADD --chmod=711 t.tar /un/\nCOPY f /to/\n\
                USER 5:6\nWORKDIR /w/own\nUSER nobodythere\nWORKDIR /w/roots\n";
    build(env, "", text).ok();
    assert_eq!(inside(env, "stat -c '%u:%g %a' /un/d /un/d/in; cat /made/later/f"), "0:0 755\n0:0 644\nx");
    assert_eq!(inside(env, "stat -c %u:%g /w /w/own /w/roots"), "5:6\n5:6\n0:0");
}

fn from_other_places(env: &TestEnv) {
    env.write("other/o", "O");
    let text = "FROM base AS one\nRUN mkdir /d && echo 1 > /d/f && ln -s f /d/link && chown 3:4 /d/f\nFROM base\n\
                COPY --from=one /d /copied\nCOPY --from=0 /d/link /followed\nCOPY --from=base /etc/passwd /pw\nCOPY --from=named o /\n";
    build(env, "--build-context named=other", text).ok();
    assert_eq!(inside(env, "cat /copied/f /copied/link /followed /o; readlink /copied/link"), "1\n1\n1\nOf");
    assert_eq!(inside(env, "stat -c %u:%g /copied/f; test -s /pw && echo there"), "3:4\nthere");
}

fn what_is_ignored_is_not_there(env: &TestEnv) {
    for name in ["keep.md", "drop.md", "dir/drop.md", "dir/x", "only/y"] {
        env.write(&format!("ctx/{name}"), name);
    }
    env.write("ctx/.containerignore", "# none of these\n**/*.md\n!keep.md\nonly\n");
    build(env, "", "FROM base\nCOPY . /all\n").ok();
    assert_eq!(
        inside(env, "cd /all && find . -type f -name '*.md' -o -name x -o -name y | sort"),
        "./dir/x\n./keep.md"
    );
    let ignored = build(env, "", "FROM base\nCOPY drop.md /\n");
    ignored.code(125).complains("drop.md");
    env.write("ctx/Containerfile.dockerignore", "keep.md\n");
    env.write("ctx/.containerignore", "");
    build(env, "--ignorefile ctx/Containerfile.dockerignore", "FROM base\nCOPY . /all\n").ok();
    assert_eq!(inside(env, "ls /all/*.md"), "/all/drop.md");
}

fn excludes_and_parents(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's COPY has other ideas of --parents");
    }
    env.write("ctx/src/a/x.go", "1");
    env.write("ctx/src/a/x.md", "2");
    env.write("ctx/src/b/y.go", "3");
    build(
        env,
        "",
        "FROM base\nCOPY --exclude=**/*.md src /s\nCOPY --parents src/*/y.go /p/\nCOPY --parents ./src/./a/x.go /q/\n",
    )
    .ok();
    assert_eq!(inside(env, "find /s /p /q -type f | sort"), "/p/src/b/y.go\n/q/a/x.go\n/s/a/x.go\n/s/b/y.go");
}

fn heredocs(env: &TestEnv) {
    let text = "FROM base\nARG v=V\nCOPY <<plain /one\n$v \\$v \"q\"\nplain\nCOPY --chmod=755 <<'a' <<-b /two/\n$v\na\n\ttabs\nb\nRUN <<E cat > /three\nthird\nE\n";
    build(env, "", text).ok();
    assert_eq!(inside(env, "cat /one /two/a /two/b /three"), "V $v \"q\"\n$v\ntabs\nthird");
    assert_eq!(inside(env, "stat -c %a /one /two/a"), "644\n755");
}

fn archives_are_unpacked_by_add_only(env: &TestEnv) {
    env.write("ctx/t.tar", write_tar(&[Entry::dir("d"), Entry::file("d/in", "inside")]));
    env.write("ctx/no.tar", "not really");
    build(env, "", "FROM base\nADD t.tar no.tar /un/\nCOPY t.tar /packed/\n").ok();
    assert_eq!(inside(env, "cat /un/d/in /un/no.tar; ls /packed"), "insidenot reallyt.tar");
}

fn what_is_there_is_replaced_or_filled(env: &TestEnv) {
    env.write("ctx/f", "new");
    env.write("ctx/d/x", "X");
    let text = "FROM base\nRUN mkdir -p /real /t && echo old > /real/f && ln -s /real /link && ln -s /real/f /t/f && mkdir /d && echo o > /d/o\n\
                COPY f /link/\nCOPY f /t/f\nCOPY d /d\n";
    build(env, "", text).ok();
    assert_eq!(
        inside(env, "cat /real/f /t/f /d/o /d/x; readlink /link; test -L /t/f || echo file"),
        "newnewo\nX/real\nfile"
    );
}

fn holes_sockets_and_long_paths(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman copies sockets");
    }
    env.base();
    env.host("sh -ec").arg("mkdir -p ctx; truncate -s 1G ctx/holes; echo end >> ctx/holes").run().ok();
    build(env, "", "FROM base\nCOPY holes /\nRUN ls -l /holes && tail -c 4 /holes\n").ok().has("1073741828").has("end");
    let diffs = env.graphroot().join("minke/layers");
    let used = env.host_root(&format!("du -sm {}", diffs.display())).run().ok().text();
    assert!(used.split_whitespace().next().unwrap().parse::<u64>().unwrap() < 200, "{used}");
    let socket = std::os::unix::net::UnixListener::bind(env.work().join("ctx/socket")).unwrap();
    build(env, "", "FROM base\nCOPY socket /\n").code(125).complains("is a socket");
    build(env, "", "FROM base\nCOPY s* /s/\n").code(125).complains("no source files");
    drop(socket);
    let deep = "cd ctx; mkdir deep; cd deep; i=0; while [ $i -lt 25 ]; do mkdir -p \"$0\"; cd -P \"$0\"; i=$((i+1)); done; touch f";
    env.host("sh -ec").arg(deep).arg("d".repeat(200)).run().ok();
    let failed = build(env, "", "FROM base\nCOPY deep /deep\n");
    assert!(failed.complaint().len() < 1000, "{failed}");
}

/// As BuildKit does it: content comes with what it has, the folder that gets it is the image's.
fn the_folder_itself_is_not_copied(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman gives it the source's owner and mode");
    }
    env.write("ctx/f", "x");
    let text = "FROM base AS s\nRUN mkdir -p /d/in && chmod 700 /d /d/in && chown 3:4 /d /d/in\nFROM base\nRUN mkdir /old && chmod 711 /old\n\
                COPY --from=s /d /new\nCOPY --from=s /d /old\nCOPY --chmod=750 f /made/on/way\nCOPY --link --chown=5:6 f /linked/f\n";
    build(env, "", text).ok();
    let listed = inside(env, "stat -c '%u:%g %a' /new /new/in /old /old/in /made /made/on/way /linked /linked/f");
    assert_eq!(listed, "0:0 755\n3:4 700\n0:0 711\n3:4 700\n0:0 750\n0:0 750\n0:0 755\n5:6 644");
}

testkit::cases! { both: [
    archives_win_and_links_may_lead_nowhere_yet, owners_and_modes_of_variables_without_a_value, the_same_layer_may_come_twice,
    the_folder_itself_is_not_copied, holes_sockets_and_long_paths,
    files_folders_and_patterns, owners_and_modes, from_other_places, what_is_ignored_is_not_there, excludes_and_parents,
    heredocs, archives_are_unpacked_by_add_only, what_is_there_is_replaced_or_filled,
] }
