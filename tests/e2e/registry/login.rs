//! `login`.

use super::{closed, helper, own_file};
use testkit::{Terminal, TestEnv};

const KEPT: &str = "{\n\t\"auths\": {\n\t\t\"127.0.0.1:5001\": {\n\t\t\t\"auth\": \"YWxpY2U6c2VjcmV0\"\n\t\t}\n\t}\n}";

fn keeps_what_the_registry_takes(env: &TestEnv) {
    let closed = closed(env);
    let host = closed.host();
    env.ok(&format!("login -u alice -p secret {host}")).prints("Login Succeeded!\n");
    assert_eq!(env.read(own_file(env)).as_deref(), Some(KEPT));
    env.host(&format!("stat -c %a {}", own_file(env))).run().prints("600\n");
    env.ok(&format!("login --get-login {host}")).prints("alice\n");
    let again = format!(
        "Authenticating with existing credentials for {host}\nExisting credentials are valid. Already logged in to {host}\n"
    );
    env.ok(&format!("login {host}")).prints(&again);
}

fn what_is_refused_is_not_kept(env: &TestEnv) {
    let closed = closed(env);
    let host = closed.host();
    env.run(&format!("login -u alice -p wrong {host}"))
        .code(125)
        .complains(&format!("logging into \"{host}\": invalid username/password"));
    assert!(!env.exists(own_file(env)));
    env.run(&format!("login --get-login {host}")).code(125).complains(&format!("not logged into {host}"));
    env.run("login -u alice -p secret 127.0.0.1:9").code(125).complains("authenticating creds for \"127.0.0.1:9\"");
}

fn the_password_comes_from_standard_input(env: &TestEnv) {
    let closed = closed(env);
    let login = |flags: &str| env.engine().words(&format!("login {flags} {}", closed.host())).stdin("secret\n").run();
    login("--password-stdin").code(125).complains("must provide --username with --password-stdin");
    login("-u alice --password-stdin -p x").code(125).complains("can't specify both --password-stdin and --password");
    login("-u alice --password-stdin").ok();
    login("-u alice --password-stdin -v").ok().has("Login Succeeded!");
}

fn without_a_terminal_nobody_is_asked(env: &TestEnv) {
    let closed = closed(env);
    env.run(&format!("login {}", closed.host())).code(125).complains("getting username and password");
    env.run(&format!("login -u alice {}", closed.host())).code(125).complains("getting username and password");
}

fn a_person_is_asked_without_echo(env: &TestEnv) {
    let closed = closed(env);
    let mut terminal = Terminal::start(env.engine().words(&format!("login {}", closed.host())), 24, 80);
    terminal.expect("Username: ");
    terminal.send("alice\r");
    terminal.expect("Password: ");
    terminal.send("secret\r");
    let (status, text) = terminal.wait();
    assert!(status.success(), "{text}");
    assert!(text.contains("Login Succeeded!") && !text.contains("secret"), "{text}");
}

fn repositories_have_their_own(env: &TestEnv) {
    let closed = closed(env);
    let host = closed.host();
    env.ok(&format!("login -u alice -p secret {host}/team/app"));
    env.ok(&format!("login --get-login {host}/team/app")).prints("alice\n");
    env.run(&format!("login --get-login {host}/team")).code(125);
    assert!(env.read(own_file(env)).unwrap().contains("\"127.0.0.1:5001/team/app\""));
    env.run(&format!("login -u alice -p secret {host}/team/app:tag")).code(125).complains("contains tag or digest");
    env.ok(&format!("login -u alice -p secret http://{host}/v1/x"));
    env.ok(&format!("login --get-login {host}")).prints("alice\n");
}

fn other_files(env: &TestEnv) {
    let closed = closed(env);
    let login = format!("login -u alice -p secret {}", closed.host());
    env.ok(&format!("{login} --authfile mine.json"));
    assert_eq!(env.read(env.work().join("mine.json")).as_deref(), Some(KEPT));
    env.ok(&format!("{login} --compat-auth-file docker.json"));
    assert_eq!(env.read(env.work().join("docker.json")).as_deref(), Some(KEPT));
    env.run(&format!("{login}/team --compat-auth-file docker.json")).code(125).complains("/team");
    env.run(&format!("{login} --compat-auth-file docker.json --authfile mine.json"))
        .code(125)
        .complains("simultaneously");
    env.engine().words(&login).var("REGISTRY_AUTH_FILE", env.work().join("variable.json")).run().ok();
    assert_eq!(env.read(env.work().join("variable.json")).as_deref(), Some(KEPT));
    assert!(!env.exists(own_file(env)));
    env.write("broken.json", "{");
    env.run(&format!("{login} --authfile broken.json")).code(125).complains("broken.json");
    assert_eq!(env.read(env.work().join("broken.json")).as_deref(), Some("{"));
}

fn helpers_keep_it_instead(env: &TestEnv) {
    let closed = closed(env);
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", helper(env));
    let file = env.write("helped.json", "{\"credHelpers\":{\"127.0.0.1:5001\":\"tests\"}}");
    let line = |line: &str| {
        let words = format!("{line} --authfile helped.json {}", closed.host());
        env.engine().words(&words).var("PATH", &path).run()
    };
    line("login -u alice -p secret").ok();
    assert_eq!(env.read(&file).as_deref(), Some("{\"credHelpers\":{\"127.0.0.1:5001\":\"tests\"}}"));
    let kept = env.read(env.work().join("bin/kept")).expect("the helper was told");
    assert!(kept.contains("\"ServerURL\":\"127.0.0.1:5001\"") && kept.contains("\"Secret\":\"secret\""), "{kept}");
    line("login --get-login").prints("alice\n");
    line("logout").ok();
    assert!(!env.exists(env.work().join("bin/kept")));
    assert!(env.read(env.work().join("bin/asked")).unwrap().ends_with("erase 127.0.0.1:5001\n"));
}

fn helpers_of_registries_conf(env: &TestEnv) {
    let closed = closed(env);
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", helper(env));
    let conf = "credential-helpers = [\"tests\"]\n";
    env.configure(&testkit::Settings { system: &[("registries.conf.d/helper.conf", conf)], user: &[] });
    let line = |words: &str| env.engine().words(&format!("{words} {}", closed.host())).var("PATH", &path).run();
    line("login -u alice -p secret").ok();
    assert!(!env.exists(own_file(env)));
    line("login --get-login").prints("alice\n");
    line("logout").ok();
    line("login --get-login").code(125);
}

testkit::cases! { both: [
    keeps_what_the_registry_takes, what_is_refused_is_not_kept, the_password_comes_from_standard_input,
    without_a_terminal_nobody_is_asked, a_person_is_asked_without_echo, repositories_have_their_own, other_files,
    helpers_keep_it_instead, helpers_of_registries_conf,
] }
