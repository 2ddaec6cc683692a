//! `--help`, `--version`, and what is said to those who mistype.

use testkit::TestEnv;

const COMMANDS: &str = "attach create exec history images info inspect kill load logs port ps pull rm rmi run start stop tag top version wait";

fn every_command_has_help(env: &TestEnv) {
    for command in COMMANDS.split(' ') {
        let output = env.ok(&format!("{command} --help"));
        output.quiet();
        assert!(output.text().to_lowercase().contains("usage"), "{output}");
    }
    env.ok("--help").has("run").has("pull");
    env.ok("image inspect --help");
    env.ok("container run --help").has("--network");
}

fn every_flag_of_run_is_in_its_help(env: &TestEnv) {
    let help = env.ok("run --help");
    for flag in "detach interactive tty rm name hostname env env-file workdir user entrypoint volume mount tmpfs read-only publish \
        network memory memory-swap cpus cpu-shares cpuset-cpus pids-limit cap-add cap-drop privileged security-opt ulimit label \
        annotation init stop-signal stop-timeout restart pull platform userns uidmap gidmap device group-add sysctl shm-size \
        add-host dns detach-keys cidfile pidfile log-driver log-opt"
        .split_whitespace()
    {
        help.has(&format!("--{flag}"));
    }
}

fn version_is_told(env: &TestEnv) {
    env.ok("--version").has("version");
    env.ok("version").has("Version:").has("OS/Arch:");
    env.ok("version --format {{.Client.Version}}").lacks("{{");
}

fn mistyped_commands_are_named(env: &TestEnv) {
    env.run("rnu x").code(125).complains("rnu").is_readable();
    env.run("--no-such-flag").code(125).complains("--no-such-flag").is_readable();
}

fn podman_and_docker_spellings_work(env: &TestEnv) {
    env.base();
    env.ok("container create --name a base true");
    env.ok("container ls -a").has("base");
    env.ok("container list -aq");
    env.ok("container rm a");
    env.ok("image ls").has("base");
    env.ok("image list -q");
    env.ok("image rm base");
}

testkit::cases! { both: [
    every_command_has_help, every_flag_of_run_is_in_its_help, version_is_told, mistyped_commands_are_named,
    podman_and_docker_spellings_work,
] }
