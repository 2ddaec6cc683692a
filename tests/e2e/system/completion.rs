//! `completion`: what shells offer.

use testkit::TestEnv;

/// What bash offers for a line that has been typed so far.
fn offered(env: &TestEnv, line: &str) -> Vec<String> {
    let script = r#"
        minke() { "${ENGINE[@]}" "$@"; }
        source <(minke completion bash)
        COMP_LINE="$1"; COMP_POINT=${#1}
        read -ra COMP_WORDS <<<"$1"; [[ $1 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        function_of_minke=$(complete -p minke | sed 's/.*-F \([^ ]*\).*/\1/')
        "$function_of_minke" minke "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let script = format!("ENGINE=({})\n{script}", testkit::engine_under_test());
    let output = env.host("bash -c").arg(script).arg("bash").arg(line).run();
    output.ok();
    output.lines()
}

fn has(offers: &[String], wanted: &str) -> bool {
    offers.iter().any(|offer| offer == wanted)
}

fn bash_offers_names(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("the script calls minke");
    }
    env.base();
    env.ok("run -d --name up --network none base sleep 1000");
    env.ok("create --name fresh base true");
    let offers = offered(env, "minke rm ");
    assert!(has(&offers, "up") && has(&offers, "fresh"), "{offers:?}");
    let offers = offered(env, "minke stop ");
    assert!(has(&offers, "up") && !has(&offers, "fresh"), "{offers:?}");
    assert_eq!(offered(env, "minke exec -it u"), ["up"]);
    let offers = offered(env, "minke image rm ");
    assert!(has(&offers, "localhost/base:latest") && has(&offers, "base:latest"), "{offers:?}");
    // Bash replaces only what is behind the colon.
    assert_eq!(offered(env, "minke run --rm localhost/base:la"), ["latest"]);
    let offers = offered(env, "minke run --na");
    assert!(has(&offers, "--name") && !has(&offers, "up"), "{offers:?}");
    let offers = offered(env, "minke run base ");
    assert!(!has(&offers, "base:latest"), "{offers:?}");
    env.ok("rm -f -t 0 up");
}

fn bash_offers_what_help_shows(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("the script calls minke");
    }
    let offers = offered(env, "minke ");
    assert!(has(&offers, "ps") && has(&offers, "image"), "{offers:?}");
    assert!(!offers.iter().any(|offer| offer == "man" || offer.starts_with("__")), "{offers:?}");
    assert_eq!(offered(env, "minke completion z"), ["zsh"]);
    let offers = offered(env, "minke completion ");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(has(&offers, shell), "{offers:?}");
    }
    // Another word for a command that is shown.
    assert!(has(&offered(env, "minke image ls --fo"), "--format"));
    assert!(!has(&offered(env, "minke push --sig"), "--signature-policy"));
}

fn of_the_hidden_command(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("Podman's takes the line's words");
    }
    env.base();
    let id = env.ok("create --name fresh base true").text();
    env.ok("__complete 'minke start f'").prints("fresh\n");
    env.ok(&format!("__complete 'minke start {}'", &id[..4])).prints(&format!("{}\n", &id[..12]));
    env.ok("__complete 'minke stop '").prints("");
    env.ok("__complete 'minke ps '").prints("");
    let place = env.work().join("other");
    let line = format!("minke --root {0}/root --runroot={0}/run start ", place.display());
    env.ok(&format!("__complete '{line}'")).prints("");
    env.ok(&format!("--root {0}/root --runroot {0}/run create --name there hello", place.display()));
    env.ok(&format!("__complete '{line}'")).prints("there\n");
    env.ok("--help").lacks("__complete");
}

testkit::cases! { both: [bash_offers_names, bash_offers_what_help_shows, of_the_hidden_command] }
