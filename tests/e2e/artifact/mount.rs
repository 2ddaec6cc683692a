//! `run --mount type=artifact`.

use super::{NAME, OCI, by_hand, sha256};
use testkit::TestEnv;

const SINGLE: &str = "registry.invalid/some/single:1";

/// An artifact with one file and one with two.
fn artifacts(env: &TestEnv) {
    env.base();
    env.write("one.txt", "1\n");
    env.write("two.txt", "2\n");
    env.ok(&format!("artifact add {SINGLE} one.txt"));
    env.ok(&format!("artifact add {NAME} one.txt two.txt"));
}

/// What a container with this mount prints.
fn run(env: &TestEnv, mount: &str, script: &str) -> String {
    env.ok(&format!("run --rm --network none --mount type=artifact,{mount} base sh -c '{script}'")).whole()
}

fn a_single_file_is_where_it_is_wished(env: &TestEnv) {
    artifacts(env);
    assert_eq!(run(env, &format!("src={SINGLE},dst=/data"), "cat /data"), "1\n");
    assert_eq!(run(env, &format!("src={SINGLE},dst=/new/place,name=x"), "cat /new/place"), "1\n");
    assert_eq!(run(env, &format!("src={SINGLE},dst=/etc/passwd"), "cat /etc/passwd"), "1\n");
    // A folder of the image holds it by its title.
    assert_eq!(run(env, &format!("src={SINGLE},dst=/etc"), "cat /etc/one.txt"), "1\n");
    assert_eq!(run(env, &format!("src={SINGLE},dst=/etc,name=x"), "cat /etc/x"), "1\n");
}

fn several_files_are_in_a_folder(env: &TestEnv) {
    artifacts(env);
    let all = |flags: &str, place: &str, names: &str| {
        assert_eq!(run(env, &format!("src={NAME},dst={place}{flags}"), &format!("cd {place}; cat {names}")), "1\n2\n");
    };
    all("", "/data", "one.txt two.txt");
    all("", "/etc", "one.txt two.txt");
    all(",name=x", "/data", "x-0 x-1");
    env.run(&format!("run --rm --network none --mount type=artifact,src={NAME},dst=/etc/passwd base true"))
        .code(126)
        .complains("/etc/passwd");
}

fn one_of_several_can_be_chosen(env: &TestEnv) {
    artifacts(env);
    assert_eq!(run(env, &format!("src={NAME},dst=/data,title=two.txt"), "cat /data"), "2\n");
    assert_eq!(run(env, &format!("src={NAME},dst=/etc,title=two.txt,name=x"), "cat /etc/x"), "2\n");
    let digest = sha256("2\n");
    let file = digest.replace(':', "-");
    assert_eq!(run(env, &format!("src={NAME},dst=/data,digest={digest}"), "cat /data"), "2\n");
    assert_eq!(run(env, &format!("src={NAME},dst=/etc,digest={digest}"), &format!("cat /etc/{file}")), "2\n");
}

fn nobody_inside_can_change_it(env: &TestEnv) {
    artifacts(env);
    let script = "echo bad >/data || echo refused; rm /data || mount -o remount,rw /data || cat /data";
    assert_eq!(run(env, &format!("src={SINGLE},dst=/data"), script), "refused\n1\n");
    let line = format!("run --rm --network none -u 5 --mount type=artifact,src={SINGLE},dst=/data base cat /data");
    env.ok(&line).prints("1\n");
    let ids = if env.is_root() { "--uidmap 0:100000:1000" } else { "--userns keep-id" };
    env.ok(&line.replace("-u 5", ids)).prints("1\n");
}

fn it_is_looked_for_at_each_start(env: &TestEnv) {
    artifacts(env);
    env.ok(&format!("create --name c --network none --mount type=artifact,src={SINGLE},dst=/data base cat /data"));
    env.ok("start -a c").prints("1\n");
    env.ok("inspect c --format '{{json .Mounts}}'").prints("[]\n");
    env.ok(&format!("artifact rm {SINGLE}"));
    env.run("start -a c").code(125).complains(&format!("{SINGLE}: artifact does not exist"));
}

fn nonsense_is_refused(env: &TestEnv) {
    artifacts(env);
    for (mount, code, said) in [
        ("dst=/x", 125, "must set source and destination for artifact volume"),
        ("src=NAME", 125, "must set source and destination for artifact volume"),
        ("src=NAME,dst=/x,rw", 125, "rw: invalid mount option"),
        ("src=NAME,dst=/x,title", 125, "title: must provide an argument for option"),
        ("src=NAME,dst=x", 125, "must be an absolute path"),
        ("src=nobody,dst=/x", 126, "nobody: artifact does not exist"),
        ("src=NAME,dst=/x,title=no", 126, "no blob with the title \"no\""),
        ("src=NAME,dst=/x,digest=sha256:00", 126, "no blob with the digest \"sha256:00\""),
    ] {
        let mount = mount.replace("NAME", NAME);
        env.run(&format!("run --rm --network none --mount type=artifact,{mount} base true")).code(code).complains(said);
    }
    env.run(&format!("run --rm --network none --mount type=artifact,src={NAME},dst=/x,title=a,digest=b base true"))
        .code(if env.is_peer() { 126 } else { 125 })
        .complains("cannot specify both digest and title");
    env.run(&format!("run --network none --mount type=artifact,src={NAME},dst=/x -v v:/x base true"))
        .refused("/x: duplicate mount destination");
}

/// Titles are the word of whoever made the artifact.
fn a_title_is_no_path(env: &TestEnv) {
    env.base();
    let registry = env.fake_registry();
    for blob in ["{}", "bad", "good"] {
        registry.offer_blob("a/b", blob.as_bytes());
    }
    registry.offer_manifest("a/b", "1", OCI, &by_hand(&[("../../bin/sh", "bad"), ("x", "good")]));
    let name = format!("{}/a/b:1", registry.host());
    env.ok(&format!("artifact pull -q --tls-verify=false {name}"));
    env.run(&format!("run --rm --network none --mount type=artifact,src={name},dst=/etc base true"))
        .code(126)
        .complains("artifact blob title invalid");
    if !env.is_peer() {
        // There one covers the other.
        registry.offer_manifest("a/b", "2", OCI, &by_hand(&[("same", "bad"), ("same", "good")]));
        let name = format!("{}/a/b:2", registry.host());
        env.ok(&format!("artifact pull -q --tls-verify=false {name}"));
        env.run(&format!("run --rm --network none --mount type=artifact,src={name},dst=/etc base true"))
            .code(126)
            .complains("more than one blob of the artifact has the title \"same\"");
    }
}

testkit::cases! { both: [
    a_single_file_is_where_it_is_wished, several_files_are_in_a_folder, one_of_several_can_be_chosen,
    nobody_inside_can_change_it, it_is_looked_for_at_each_start, nonsense_is_refused, a_title_is_no_path,
] }
