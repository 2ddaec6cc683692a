//! Short names: which registry is meant is asked on a terminal, and remembered.

use testkit::{Base, Settings, Terminal, TestEnv};

/// Two search registries, of which the second has the image.
fn configured<'e>(env: &'e TestEnv, mode: &str) -> testkit::Registry<'e> {
    // Root's choices are kept outside of what the environment has for its own.
    env.script("mount -t tmpfs -o mode=755 choices /var/cache");
    let registry = env.registry();
    registry.push("lib/base", "1", &Base::image());
    let conf = format!(
        "unqualified-search-registries = [\"localhost:5001\", \"127.0.0.1:5000\"]\nshort-name-mode = \"{mode}\"\n\
         [[registry]]\nlocation = \"127.0.0.1:5000\"\ninsecure = true\n"
    );
    env.configure(&Settings { system: &[("registries.conf", &conf)], user: &[] });
    registry
}

fn remembered(env: &TestEnv) -> Option<String> {
    let folder = if env.is_root() { "/var/cache".into() } else { env.home().join(".cache") };
    env.read(folder.join("containers/short-name-aliases.conf"))
}

fn the_person_chooses_and_is_not_asked_again(env: &TestEnv) {
    for mode in ["enforcing", "permissive"] {
        let _registry = configured(env, mode);
        let mut terminal = Terminal::start(env.engine().words("pull lib/base:1"), 24, 80);
        terminal.expect("Please select an image:");
        terminal.expect("127.0.0.1:5000/lib/base:1");
        terminal.send_keys("\x1b[B\r");
        assert!(terminal.wait().0.success());
        let aliases = remembered(env).expect("a file of aliases");
        assert!(aliases.contains("\"lib/base\" = \"127.0.0.1:5000/lib/base\""), "{aliases}");
        env.ok("rmi -a -f");
        env.ok("pull lib/base:1").complains("Resolved \"lib/base\" as an alias");
        env.ok("rmi -a -f");
        env.script(&format!("rm -rf {}/.cache", env.home().display()));
    }
}

fn what_fails_is_not_remembered(env: &TestEnv) {
    let _registry = configured(env, "enforcing");
    let mut terminal = Terminal::start(env.engine().words("pull lib/nothing:1"), 24, 80);
    terminal.expect("127.0.0.1:5000/lib/nothing:1");
    terminal.send_keys("\x1b[B\r");
    assert_eq!(terminal.wait().0.code(), Some(125));
    assert!(!remembered(env).is_some_and(|text| text.contains("nothing")));
}

fn without_a_terminal_nothing_is_guessed(env: &TestEnv) {
    let _registry = configured(env, "enforcing");
    env.run("pull -q lib/base:1").refused("short-name resolution enforced but cannot prompt without a TTY");
    env.ok("images -aq").prints("");
}

fn other_modes_try_all_of_them(env: &TestEnv) {
    for mode in ["permissive", "disabled"] {
        let _registry = configured(env, mode);
        env.ok("pull -q lib/base:1").prints(&format!("{}\n", Base::image().id()));
        env.ok("rmi -a -f");
        assert_eq!(remembered(env), None);
    }
}

testkit::cases! { both: [
    the_person_chooses_and_is_not_asked_again, what_fails_is_not_remembered, without_a_terminal_nothing_is_guessed,
    other_modes_try_all_of_them,
] }
