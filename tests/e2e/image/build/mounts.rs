//! `RUN --mount=…`

use super::{build, inside};
use testkit::{TestEnv, note_skipped};

fn binds_are_seen_and_left_alone(env: &TestEnv) {
    env.write("ctx/f", "context");
    let text = "FROM base AS s\nRUN mkdir /d && echo stage > /d/f\nFROM base\n\
                RUN --mount=target=/c --mount=from=s,source=/d,target=/s cat /c/f /s/f; touch /c/x 2>/dev/null || echo read-only\n\
                RUN --mount=from=s,source=/d,target=/s,rw touch /s/new && ls /s\n\
                RUN --mount=from=s,source=/d,target=/s ls /s\n";
    let built = build(env, "", text);
    built.ok().has("contextstage\nread-only");
    assert!(!env.exists(env.work().join("ctx/x")));
    if !env.is_peer() {
        assert_eq!(built.text().matches("\nnew\n").count(), 1, "{built}");
        assert_eq!(inside(env, "ls -d /c /s 2>/dev/null | wc -l"), "0");
    }
}

fn caches_stay(env: &TestEnv) {
    let text = |n: u32| format!("FROM base\nRUN --mount=type=cache,target=/c echo {n} >> /c/log; cat /c/log > /seen\n");
    build(env, "", &text(1)).ok();
    build(env, "", &text(2)).ok();
    assert_eq!(inside(env, "cat /seen; ls /c 2>/dev/null | wc -l"), "1\n2\n0");
    let text = "FROM base\nRUN --mount=type=cache,id=other,target=/c,mode=0700,uid=5,gid=6,sharing=locked stat -c '%a %u:%g' /c\n";
    build(env, "", text).ok().has("700 5:6");
}

fn secrets_leave_no_trace(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman gives no secrets to variables");
    }
    env.write("secret", "hush");
    let text = "FROM base\nRUN --mount=type=secret,id=s cat /run/secrets/s && stat -c %a /run/secrets/s\n\
                RUN --mount=type=secret,id=e,env=TOKEN --mount=type=secret,id=s,target=/etc/s,mode=0444 echo $TOKEN; cat /etc/s\n";
    env.base();
    env.write("ctx/Containerfile", text);
    let flags = "build --network none -t built --secret id=s,src=secret --secret id=e,env=OUTSIDE ctx";
    env.engine().words(flags).var("OUTSIDE", "tok").run().ok().has("hush400").has("tok\nhush");
    let files = inside(
        env,
        "grep -rs hush /etc /run /tmp /root | wc -l; env | grep -c tok; ls /run/secrets /etc/s 2>/dev/null | wc -l",
    );
    assert_eq!(files, "0\n0\n0");
    env.ok("history --no-trunc built").lacks("hush").lacks("tok");
    let text = "FROM base\nRUN --mount=type=secret,id=missing,required=true true\n";
    build(env, "", text).code(125).complains("missing");
    build(env, "", "FROM base\nRUN --mount=type=secret,id=missing cat /run/secrets/missing || echo none\n")
        .ok()
        .has("none");
}

fn steps_with_mounts_make_layers(env: &TestEnv) {
    env.write("secret", "hush");
    env.write("ctx/d/f", "context");
    let text = "FROM base\n\
                RUN --mount=type=secret,id=s,required=true test -s /run/secrets/s && echo secret > /first\n\
                RUN --mount=type=bind,source=d,target=/m,rw touch /m/new && cp /m/f /second\n\
                RUN --mount=type=bind,source=d/f,target=/m --mount=type=tmpfs,target=/t cp /m /t/f && cp /t/f /third\n";
    build(env, "--secret id=s,src=secret", text).ok();
    assert_eq!(inside(env, "cat /first /second /third"), "secret\ncontextcontext");
    assert!(!env.exists(env.work().join("ctx/d/new")));
}

fn secrets_have_an_end(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman reads for ever");
    }
    let text = "FROM base\nRUN --mount=type=secret,id=s true\n";
    build(env, "--secret id=s,src=/dev/zero", text).code(125).complains("secret s has more than");
}

fn memory(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman knows no size of these");
    }
    build(
        env,
        "",
        "FROM base\nRUN --mount=type=tmpfs,target=/t,size=1m touch /t/x && grep -c ' /t tmpfs' /proc/mounts\n",
    )
    .ok()
    .has("\n1\n");
    assert_eq!(inside(env, "ls /t 2>/dev/null | wc -l"), "0");
}

/// As BuildKit, and as COPY: what the ignore file leaves out isn't there, whichever folder is mounted.
fn binds_show_nothing_that_is_ignored(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman mounts the folder as it is");
    }
    for name in ["keep", "drop.log", "d/keep", "d/drop.log", "node/a", "node/b/c", "some/keep", "some/other"] {
        env.write(&format!("ctx/{name}"), name);
    }
    env.write("ctx/.dockerignore", "**/*.log\nnode\nsome\n!some/keep\n.dockerignore\nContainerfile\n");
    env.host("chmod 750 ctx/d").run().ok();
    let text = "FROM base\n\
                RUN --mount=target=/m cd /m && find . -type f | sort && stat -c %a d && { touch x 2>/dev/null || echo read-only; }\n\
                RUN --mount=target=/m,source=d,rw touch /m/new && ls /m\n";
    let built = build(env, "", text);
    built.ok().has("./d/keep\n./keep\n./some/keep\n750\nread-only").has("keep\nnew").lacks("drop").lacks("node");
    assert!(!env.exists(env.work().join("ctx/d/new")) && env.exists(env.work().join("ctx/d/drop.log")));
    env.write("ctx/drop.log", "other");
    build(env, "", text).ok().has("Using cache");
    build(env, "", "FROM base\nRUN --mount=target=/m,source=node ls /m\n").code(125).complains("ignore file");
}

fn a_source_is_a_path_not_a_pattern(env: &TestEnv) {
    env.write("ctx/[a]*/f", "special");
    env.write("ctx/a/f", "plain");
    let text = "FROM base\nRUN --mount=source=[a]*,target=/m cat /m/f\n";
    build(env, "", text).ok().has("special");
    if env.is_peer() {
        return note_skipped("podman remembers the step whatever was mounted");
    }
    env.write("ctx/[a]*/f", "changed");
    build(env, "", text).ok().has("changed");
}

fn a_cache_begins_as_the_folder_that_it_is_from(env: &TestEnv) {
    let text = "FROM base AS s\nRUN mkdir /d && echo x > /d/f && chown 5:6 /d && chmod 711 /d\nFROM base\n\
                RUN --mount=type=cache,id=from,from=s,source=/d,target=/c stat -c '%a %u:%g' /c && cat /c/f\n";
    if env.is_peer() {
        return note_skipped("podman's caches from stages aren't BuildKit's");
    }
    build(env, "", text).ok().has("711 5:6\nx");
}

fn nonsense(env: &TestEnv) {
    for (mount, why) in [
        ("type=nope,target=/a", "nope"),
        ("target=/a,foo=1", "foo"),
        ("type=bind,from=scratch,source=/no,target=/a", "/no"),
    ] {
        build(env, "", &format!("FROM base\nRUN --mount={mount} true\n")).code(125).complains(why);
    }
}

testkit::cases! { both: [
    binds_are_seen_and_left_alone, caches_stay, secrets_leave_no_trace, steps_with_mounts_make_layers, secrets_have_an_end,
    memory, nonsense, binds_show_nothing_that_is_ignored, a_source_is_a_path_not_a_pattern,
    a_cache_begins_as_the_folder_that_it_is_from,
] }
