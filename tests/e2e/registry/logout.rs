//! `logout`.

use super::{closed, own_file};
use testkit::TestEnv;

fn forgets_exactly_what_is_named(env: &TestEnv) {
    let closed = closed(env);
    let host = closed.host();
    env.ok(&format!("login -u alice -p secret {host}"));
    env.ok(&format!("login -u alice -p secret {host}/team"));
    env.ok(&format!("logout {host}/team")).prints(&format!("Removed login credentials for {host}/team\n"));
    env.ok(&format!("login --get-login {host}")).prints("alice\n");
    env.ok(&format!("logout {host}")).prints(&format!("Removed login credentials for {host}\n"));
    assert_eq!(env.read(own_file(env)).as_deref(), Some("{\n\t\"auths\": {}\n}"));
    env.run(&format!("logout {host}")).code(125).complains(&format!("not logged into {host}"));
}

fn everything(env: &TestEnv) {
    let closed = closed(env);
    env.ok(&format!("login -u alice -p secret {}", closed.host()));
    env.run(&format!("logout --all {}", closed.host())).code(125).complains("--all takes no arguments");
    env.ok("logout --all").prints("Removed login credentials for all registries\n");
    env.run(&format!("login --get-login {}", closed.host())).code(125);
    env.ok("logout -a");
}

fn what_docker_keeps_is_dockers(env: &TestEnv) {
    let closed = closed(env);
    let text = testkit::auth_json(&closed.host(), "alice", "secret");
    env.write_at(&env.home().join(".docker/config.json"), text.as_bytes());
    env.ok(&format!("logout {}", closed.host())).has("Please use docker logout instead");
    env.ok(&format!("login --get-login {}", closed.host())).prints("alice\n");
}

fn a_named_file_must_be_there(env: &TestEnv) {
    env.run("logout --authfile none.json a.example").code(125).complains("none.json");
    env.write("docker.json", testkit::auth_json("a.example", "bob", "x"));
    env.ok("logout --compat-auth-file docker.json a.example");
    env.run("login --authfile docker.json --get-login a.example").code(125);
}

testkit::cases! { both: [
    forgets_exactly_what_is_named, everything, what_docker_keeps_is_dockers, a_named_file_must_be_there,
] }
