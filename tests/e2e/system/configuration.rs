//! `containers.conf`, `storage.conf`: system files, the user's over them, variables over both.

use testkit::{Settings, TestEnv};

fn containers_conf_gives_defaults(env: &TestEnv) {
    env.base();
    let conf = "[containers]\ndefault_ulimits = [\"nofile=1000:1000\"]\nenv = [\"FROM_CONF=1\"]\nshm_size = \"2m\"\npids_limit = 99\n\
        default_capabilities = [\"CHOWN\"]\numask = \"0077\"\n";
    env.configure(&Settings { system: &[("containers.conf", conf)], user: &[] });
    env.ok("run --rm --network none base sh -c 'echo $FROM_CONF; ulimit -n; umask; grep CapEff /proc/self/status'")
        .prints("1\n1000\n0077\nCapEff:\t0000000000000001\n");
    let output = env.ok("run --rm --network none base sh -c 'df -k /dev/shm | tail -n 1'");
    let kilobytes: u32 = output.text().split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!((1900..=2048).contains(&kilobytes), "{output}");
}

fn user_settings_are_read_over_system_settings(env: &TestEnv) {
    env.base();
    let system = "[containers]\ndefault_ulimits = [\"nofile=1000:1000\"]\numask = \"0077\"\n";
    env.configure(&Settings {
        system: &[("containers.conf", system)],
        user: &[("containers.conf", "[containers]\numask = \"0027\"\n")],
    });
    env.ok("run --rm --network none base sh -c 'umask; ulimit -n'").prints("0027\n1000\n");
}

fn containers_conf_variable_replaces(env: &TestEnv) {
    env.base();
    let file = env.write("my.conf", "[containers]\ndefault_ulimits = [\"nofile=1000:1000\"]\numask = \"0007\"\n");
    env.engine()
        .words("run --rm --network none base sh -c umask")
        .var("CONTAINERS_CONF", &file)
        .run()
        .ok()
        .prints("0007\n");
}

fn storage_conf_moves_the_store(env: &TestEnv) {
    let root = env.work().join("elsewhere");
    let run =
        if env.is_root() { "/run/elsewhere".to_owned() } else { format!("/run/user/{}/elsewhere", env.user().uid) };
    let conf = format!(
        "[storage]\ndriver = \"overlay\"\ngraphroot = \"{0}\"\nrunroot = \"{run}\"\nrootless_storage_path = \"{0}\"\n",
        root.display()
    );
    if env.is_root() {
        env.configure(&Settings { system: &[("storage.conf", &conf)], user: &[] });
    } else {
        env.configure(&Settings { system: &[], user: &[("storage.conf", &conf)] });
    }
    env.base();
    env.ok("info --format {{.Store.GraphRoot}}").prints(&format!("{}\n", root.display()));
    env.ok("run --rm --network none base echo ran").prints("ran\n");
    assert!(env.exists(&root) && !env.exists(env.graphroot().join("minke/layers")));
}

fn root_and_runroot_flags(env: &TestEnv) {
    let (root, run) = (env.work().join("r"), env.work().join("rr"));
    let flags = format!("--root {} --runroot {}", root.display(), run.display());
    env.write("i.tar", testkit::Base::image().docker_archive("localhost/base:latest"));
    env.ok(&format!("{flags} load -q -i i.tar"));
    env.ok(&format!("{flags} run --rm --network none base echo ran")).prints("ran\n");
    env.ok("images -q").prints("");
}

fn broken_files_are_named(env: &TestEnv) {
    env.configure(&Settings { system: &[("containers.conf", "[containers\n")], user: &[] });
    env.run("run --rm base true").complains("containers.conf").is_readable();
}

fn info_names_the_files_that_were_read(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's info doesn't say");
    }
    let storage = env.write("s.conf", "[storage]\ndriver = \"overlay\"\n");
    let containers = env.write("c.conf", "[containers]\nhostname = \"x\"\n");
    let info = env.engine().words("info --format '{{json .Store.ConfigFile}}'");
    let output = info.var("CONTAINERS_STORAGE_CONF", &storage).var("CONTAINERS_CONF", &containers).run();
    output.ok().has(&storage.display().to_string()).has(&containers.display().to_string());
}

testkit::cases! { both: [
    containers_conf_gives_defaults, user_settings_are_read_over_system_settings, containers_conf_variable_replaces,
    storage_conf_moves_the_store, root_and_runroot_flags, broken_files_are_named, info_names_the_files_that_were_read,
] }
