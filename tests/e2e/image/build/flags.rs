//! Flags that change how a build is done, and mistakes in them.

use super::{build, field, inside};
use testkit::{TestEnv, note_skipped};

fn the_first_base_is_another(env: &TestEnv) {
    let text = "FROM nothing-like-it AS one\nRUN echo x > /f\nFROM one\nRUN cat /f\n";
    build(env, "--from base", text).ok().has("STEP 1/2: FROM base AS one").has("\nx\n");
}

fn commands_read_standard_input(env: &TestEnv) {
    env.base();
    env.write("ctx/Containerfile", "FROM base\nRUN cat > /read\n");
    let build = |flags: &str| {
        env.engine().words(&format!("build --no-cache --network none -t built {flags} ctx")).stdin("given").run()
    };
    build("").ok();
    assert_eq!(inside(env, "cat /read"), "");
    build("--stdin").ok();
    assert_eq!(inside(env, "cat /read"), "given");
}

fn what_is_told_goes_to_a_file(env: &TestEnv) {
    let text = "FROM base\nRUN echo out; echo err >&2\n";
    let built = build(env, "--no-cache --logfile log", text);
    built.ok().lacks("out").lacks("err");
    let log = env.read(env.work().join("log")).unwrap();
    assert!(log.contains("STEP 2/2: RUN echo") && log.contains("\nout\n") && log.contains("err\n"), "{log}");
    assert!(log.trim().ends_with(&field(env, "{{.Id}}")), "{log}");
    build(env, "--logfile log", text).ok();
    assert_eq!(env.read(env.work().join("log")).unwrap().matches("STEP 2/2").count(), 2);
    build(env, "--no-cache --logfile none/log", text).code(125).complains("none/log");
    if !env.is_peer() {
        build(env, "--logsplit", text).code(125).complains("--logfile");
    }
}

fn the_preprocessor_reads_first(env: &TestEnv) {
    env.base();
    if env.is_peer() || env.host("cpp --version").run().status.code() != Some(0) {
        return note_skipped("there is no cpp here, or podman has none");
    }
    env.write("ctx/part", "RUN echo PART > /part\n");
    env.write(
        "ctx/C.in",
        "#define BASE base\nFROM BASE\n#include \"part\"\n#ifdef MORE\nRUN echo more > /more\n#endif\n",
    );
    env.ok("build -q --network none -t built -f ctx/C.in --cpp-flag=-DPART=given --cpp-flag -DMORE ctx");
    assert_eq!(inside(env, "cat /part /more"), "given\nmore");
    env.write("ctx/bad.in", "#include \"none\"\n");
    env.run("build -f ctx/bad.in ctx").code(125).complains("none").is_readable();
    build(env, "--cpp-flag=-DX", "FROM base\n").code(125).complains("doesn't end with .in");
    let bare = env.engine().words("build -f ctx/C.in ctx").var("PATH", "/nonexistent").run();
    bare.code(125).complains("no program cpp");
}

fn mistakes_are_found_before_anything_is_built(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman finds them at the end, or at the step");
    }
    let text = "FROM base\nRUN echo ran > /x\n";
    for (flags, why) in [("--iidfile none/id", "none/id"), ("--net nosuch", "nosuch")] {
        env.base();
        env.write("ctx/Containerfile", text);
        let run = env.run(&format!("build {flags} ctx"));
        run.code(125).complains(why).lacks("STEP");
    }
    env.write("id", "before");
    build(env, "--iidfile id", "FROM base\nRUN false\n").code(1);
    assert_eq!(env.read(env.work().join("id")).as_deref(), Some("before"));
}

/// Programs disagree about the case, so both are there; nothing of them stays.
fn proxies_are_given_in_both_cases(env: &TestEnv) {
    env.base();
    env.write("ctx/Containerfile", "FROM base\nRUN env | grep -i _proxy | sort; env | grep -c '^container=' || true\n");
    let run = |flags: &str| {
        env.engine()
            .words(&format!("build --no-cache --network none -t built {flags} ctx"))
            .var("https_proxy", "u:1")
            .run()
    };
    run("").ok().has("https_proxy=u:1").has("\n0\n");
    assert!(!field(env, "{{.Config.Env}}").contains("proxy"));
    run("--http-proxy=false").ok().lacks("u:1");
    if !env.is_peer() {
        let built = build(
            env,
            "--no-cache --build-arg HTTP_PROXY=v:2",
            &env.read(env.work().join("ctx/Containerfile")).unwrap(),
        );
        built.ok().has("HTTP_PROXY=v:2").has("http_proxy=v:2");
        env.ok("history --no-trunc built").lacks("v:2");
    }
}

fn the_images_hostname_file_stays(env: &TestEnv) {
    let text = "FROM base\nRUN cat /etc/hostname 2>/dev/null || echo n''one\n";
    build(env, "--no-cache --no-hostname", text).ok().has("none");
    build(env, "--no-cache", text).ok().lacks("none");
}

testkit::cases! { both: [
    the_first_base_is_another, commands_read_standard_input, what_is_told_goes_to_a_file, the_preprocessor_reads_first,
    mistakes_are_found_before_anything_is_built, proxies_are_given_in_both_cases, the_images_hostname_file_stays,
] }
