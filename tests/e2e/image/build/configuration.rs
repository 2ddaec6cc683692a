//! Instructions that change the image's configuration.

use super::{build, field, inside};
use testkit::TestEnv;

fn all_of_them(env: &TestEnv) {
    let text = "FROM base\nENV a=1 b=\"x y\"\nENV c=$a${b:+z} a=2\nLABEL one=1 two=\"2 $c\"\nWORKDIR /w\nWORKDIR sub\n\
                EXPOSE 80 90/udp\nVOLUME /v1 [\"no\nVOLUME [\"/v2\"]\nUSER 5:6\nSTOPSIGNAL SIGINT\nMAINTAINER me\n";
    build(env, "", &text.replace(" [\"no", "")).ok();
    let env_of = field(env, "{{.Config.Env}}");
    assert!(env_of.contains("b=x y c=1z") && env_of.contains("a=2"), "{env_of}");
    assert_eq!(field(env, "{{.Config.Labels.one}} {{.Config.Labels.two}}"), "1 2 1z");
    assert_eq!(field(env, "{{.Config.WorkingDir}} {{.Config.User}} {{.Config.StopSignal}}"), "/w/sub 5:6 SIGINT");
    assert_eq!(field(env, "{{json .Config.ExposedPorts}}"), "{\"80/tcp\":{},\"90/udp\":{}}");
    assert_eq!(field(env, "{{json .Config.Volumes}}"), "{\"/v1\":{},\"/v2\":{}}");
    assert_eq!(field(env, "{{.Author}}"), "me");
    assert_eq!(inside(env, "pwd; echo $c"), "/w/sub\n1z");
}

fn commands_and_entrypoints(env: &TestEnv) {
    build(env, "", "FROM base\nCMD echo $HOME a\n").ok();
    assert_eq!(field(env, "{{json .Config.Cmd}}"), r#"["/bin/sh","-c","echo $HOME a"]"#);
    build(env, "", "FROM localhost/built\nENTRYPOINT [\"echo\", \"b\"]\n").ok();
    assert_eq!(field(env, "{{.Config.Cmd}} {{json .Config.Entrypoint}}"), r#"[] ["echo","b"]"#);
    env.ok("run --rm --network none built c").prints("b c\n");
}

/// Podman leaves them out of images in OCI's form, with a warning.
fn what_the_standard_lacks_is_kept(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman ignores them unless --format docker is given");
    }
    let text = "FROM base\nSHELL [\"/bin/sh\", \"-ec\"]\nHEALTHCHECK --interval=5s --retries=2 CMD true\nONBUILD RUN echo triggered > /t\nRUN false || echo on > /f\n";
    build(env, "", text).ok();
    assert_eq!(field(env, "{{json .HealthCheck.Test}}"), r#"["CMD-SHELL","true"]"#);
    assert_eq!(inside(env, "cat /f"), "on");
    build(env, "", "FROM localhost/built\nUSER 0\n").ok().has("STEP 2/3: RUN echo triggered > /t");
    assert_eq!(inside(env, "cat /t"), "triggered");
    build(env, "", "FROM localhost/built\n").ok().lacks("triggered");
}

fn arguments(env: &TestEnv) {
    let text = "ARG version=1\nFROM base\nARG version\nARG own=2\nARG given\nARG TARGETARCH\n\
                RUN echo \"$version $own $given $TARGETARCH$none\" > /f\nENV own=3\nRUN echo $own >> /f\n";
    build(env, "--build-arg given=G --build-arg version=9", text).ok();
    let arch = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
    assert_eq!(inside(env, "cat /f"), format!("9 2 G {arch}\n3"));
    let unused = build(env, "--build-arg nobody=1", "FROM base\n");
    unused.ok();
    assert!(unused.to_string().contains("were not consumed: [nobody]"), "{unused}");
}

testkit::cases! { both: [all_of_them, commands_and_entrypoints, what_the_standard_lacks_is_kept, arguments] }
