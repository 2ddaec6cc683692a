//! Every flag of `run` reaches its field: what is given, and what the spec's JSON then holds.

use crate::syntax::parse::{Action, parse};
use serde_json::{Value, json};

fn spec(words: &[&str]) -> Result<Value, String> {
    let mut line = vec!["run".to_owned()];
    line.extend(words.iter().map(|w| (*w).to_owned()));
    line.extend(["img".to_owned(), "cmd".to_owned(), "-x".to_owned()]);
    let parsed = parse("minke", &line).map_err(|failure| failure.message.unwrap_or_default())?;
    let Action::Run(_, matches) = parsed.action else { return Err("no command".to_owned()) };
    let spec = super::container(&matches).map_err(|failure| failure.message.unwrap_or_default())?;
    serde_json::to_value(spec).map_err(|error| error.to_string())
}

fn check(words: &[&str], pointer: &str, expected: Value) {
    let spec = spec(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    let got = spec.pointer(pointer).cloned().unwrap_or(Value::Null);
    assert_eq!(got, expected, "{words:?} at {pointer} in {spec:#}");
}

#[test]
fn image_and_command() {
    check(&[], "/image", json!("img"));
    check(&[], "/command", json!(["cmd", "-x"]));
}

#[test]
fn process() {
    check(&["-i"], "/stdin", json!(true));
    check(&["-it"], "/terminal", json!(true));
    check(&["--name", "web"], "/name", json!("web"));
    check(&["--hostname=h"], "/hostname", json!("h"));
    check(&["-h", "h"], "/hostname", json!("h"));
    check(&["-e", "A=1", "-e", "B=2,3"], "/env", json!({"A": "1", "B": "2,3"}));
    check(&["-w", "/x"], "/work_dir", json!("/x"));
    check(&["-u", "1:2"], "/user", json!("1:2"));
    check(&["--entrypoint", "[\"a\",\"b\"]"], "/entrypoint", json!(["a", "b"]));
    check(&["--entrypoint", ""], "/entrypoint", json!([""]));
    check(&["--label", "a=b", "-l", "c"], "/labels", json!({"a": "b", "c": ""}));
    check(&["--annotation", "a=b"], "/annotations", json!({"a": "b"}));
    check(&["--init"], "/init", json!(true));
    check(&["--init=false"], "/init", json!(false));
    check(&["--group-add", "a,b"], "/groups", json!(["a", "b"]));
    check(&["--umask", "0077"], "/umask", json!("0077"));
    check(&["--unsetenv", "PATH"], "/unsetenv", json!(["PATH"]));
    check(&["--env-host"], "/env_host", json!(true));
    check(&["--http-proxy=false"], "/httpproxy", json!(false));
}

#[test]
fn files_are_read() {
    let folder = std::env::temp_dir().join(format!("minke-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("env");
    std::fs::write(&file, "# comment\nA=1\nB=2\n").unwrap();
    check(&["--env-file", file.to_str().unwrap(), "-e", "B=3"], "/env", json!({"A": "1", "B": "3"}));
    check(&["--label-file", file.to_str().unwrap(), "--label", "B=3"], "/labels", json!({"A": "1", "B": "3"}));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(spec(&["--env-file", "/nosuch"]).unwrap_err().contains("/nosuch"));
}

#[test]
fn life() {
    check(&["--rm"], "/remove", json!(true));
    check(&["--stop-signal", "HUP"], "/stop_signal", json!(1));
    check(&["--stop-timeout", "3"], "/stop_timeout", json!(3));
    check(&["--restart", "on-failure:5"], "/restart_tries", json!(5));
    check(&["--restart=always"], "/restart_policy", json!("always"));
    check(&["--pidfile", "/p"], "/pidFile", json!("/p"));
}

#[test]
fn resources() {
    check(&["--memory", "64m"], "/resource_limits/memory/limit", json!(67_108_864));
    check(&["--memory-swap", "-1"], "/resource_limits/memory/swap", json!(-1));
    check(&["--memory-reservation", "1m"], "/resource_limits/memory/reservation", json!(1_048_576));
    check(&["--cpus", "1.5"], "/resource_limits/cpu/quota", json!(150_000));
    check(&["-c", "512"], "/resource_limits/cpu/shares", json!(512));
    check(&["--cpuset-cpus", "0-1"], "/resource_limits/cpu/cpus", json!("0-1"));
    check(&["--pids-limit", "-1"], "/resource_limits/pids/limit", json!(-1));
    check(&["--ulimit", "nofile=10:20"], "/r_limits/0/hard", json!(20));
    check(&["--sysctl", "net.ipv4.ip_forward=1"], "/sysctl", json!({"net.ipv4.ip_forward": "1"}));
    check(&["--oom-score-adj", "-5"], "/oom_score_adj", json!(-5));
    check(&["--shm-size", "1m"], "/shm_size", json!(1_048_576));
}

#[test]
fn security() {
    check(&["--cap-add", "net_admin,SYS_TIME"], "/cap_add", json!(["CAP_NET_ADMIN", "CAP_SYS_TIME"]));
    check(&["--cap-drop", "all"], "/cap_drop", json!(["ALL"]));
    check(&["--privileged"], "/privileged", json!(true));
    check(&["--security-opt", "seccomp=unconfined"], "/seccomp_profile_path", json!("unconfined"));
    check(&["--security-opt", "no-new-privileges"], "/no_new_privileges", json!(true));
    check(&["--security-opt", "unmask=ALL"], "/unmask", json!(["ALL"]));
    check(&["--device", "/dev/null:/dev/x:r"], "/devices/0/path", json!("/dev/null:/dev/x:r"));
    check(&["--device-cgroup-rule", "c 5:* rwm"], "/device_cgroup_rule/0/major", json!(5));
}

#[test]
fn namespaces() {
    check(&["--userns", "keep-id"], "/userns/nsmode", json!("keep-id"));
    check(&["--uidmap", "0:1:2,2:5:1"], "/idmappings/UIDMap/1/host_id", json!(5));
    check(&["--gidmap", "0:1:2"], "/idmappings/GIDMap/0/size", json!(2));
    check(&["--pid", "host"], "/pidns/nsmode", json!("host"));
    check(&["--uts", "host"], "/utsns/nsmode", json!("host"));
    check(&["--ipc", "container:x"], "/ipcns/value", json!("x"));
    check(&["--cgroupns", "private"], "/cgroupns/nsmode", json!("private"));
}

#[test]
fn mounts() {
    check(&["-v", "/a:/b:ro,z"], "/mounts/0/destination", json!("/b"));
    check(&["-v", "vol:/b"], "/volumes/0/Name", json!("vol"));
    check(&["-v", "/b"], "/volumes/0/Dest", json!("/b"));
    check(&["--mount", "type=bind,source=/a,destination=/b"], "/mounts/0/source", json!("/a"));
    check(&["--mount", "type=volume,source=v,target=/b"], "/volumes/0/Name", json!("v"));
    check(&["--tmpfs", "/t:size=1m"], "/mounts/0/type", json!("tmpfs"));
    check(&["--read-only"], "/read_only_filesystem", json!(true));
}

#[test]
fn network() {
    check(&["-p", "8080:80/udp"], "/portmappings/0/container_port", json!(80));
    check(&["-p", "127.0.0.1:8080:80"], "/portmappings/0/host_ip", json!("127.0.0.1"));
    check(&["--network", "none"], "/netns/nsmode", json!("none"));
    check(&["--net=host"], "/netns/nsmode", json!("host"));
    check(&["--network", "container:x"], "/netns/value", json!("x"));
    check(&["--dns", "1.1.1.1"], "/dns_server", json!(["1.1.1.1"]));
    check(&["--add-host", "a:1.2.3.4"], "/hostadd", json!(["a:1.2.3.4"]));
    check(&["-P"], "/publish_image_ports", json!(true));
    check(&["--expose", "80"], "/expose/80", json!("tcp"));
}

#[test]
fn log_and_platform() {
    check(&["--log-driver", "none"], "/log_configuration/driver", json!("none"));
    check(&["--log-opt", "max-size=1m"], "/log_configuration/size", json!(1_048_576));
    check(&["--platform", "linux/arm64"], "/image_arch", json!("arm64"));
    check(&["--arch", "x86_64"], "/image_arch", json!("amd64"));
}

#[test]
fn refusals() {
    let refused = |words: &[&str]| spec(words).unwrap_err();
    assert_eq!(refused(&["--memory=zz"]), "invalid value for memory: invalid size: 'zz'");
    assert!(refused(&["--blkio-weight", "5"]).starts_with("--blkio-weight is not supported yet"));
    assert_eq!(refused(&["--restart", "foo"]), "\"foo\" is not a valid restart policy: invalid argument");
    assert_eq!(
        refused(&["--platform", "linux/arm64", "--arch", "x"]),
        "--platform option can not be specified with --arch or --os"
    );
}
