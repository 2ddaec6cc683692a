//! `ps`.

use testkit::TestEnv;

fn an_empty_list_has_its_heads(env: &TestEnv) {
    let output = env.ok("ps");
    assert_eq!(
        output.text().split_whitespace().collect::<Vec<_>>().join(" "),
        "CONTAINER ID IMAGE COMMAND CREATED STATUS PORTS NAMES"
    );
    env.ok("ps -q").prints("");
}

fn columns_tell_the_state(env: &TestEnv) {
    env.base();
    env.ok("run -d --name up --network none base sleep 1000");
    env.run("run --name down --network none base sh -c 'exit 3'").code(3);
    env.ok("create --name fresh base true");
    env.ok("ps").has("up").has("Up ").lacks("down").lacks("fresh").has("sleep 1000").has("localhost/base:latest");
    let output = env.ok("ps -a");
    output.has("Exited (3)").has("Created").has("up");
    env.ok("ps -a --format '{{.Names}} {{.State}}' --filter name=down").prints("down exited\n");
    env.ok("rm -f -t 0 up");
}

fn q_and_no_trunc(env: &TestEnv) {
    env.base();
    let id = env.ok("create --name a base true").text();
    env.ok("ps -aq").prints(&format!("{}\n", &id[..12]));
    env.ok("ps -aq --no-trunc").prints(&format!("{id}\n"));
    env.ok("ps -a --noheading").lacks("CONTAINER ID");
}

fn filters(env: &TestEnv) {
    env.base();
    env.ok("run -d --name up --label tier=web --network none base sleep 1000");
    env.run("run --name down --label tier=db --network none base sh -c 'exit 3'").code(3);
    let names = |flags: &str| env.ok(&format!("ps -a --format {{{{.Names}}}} {flags}")).lines();
    assert_eq!(names("--filter status=running"), ["up"]);
    assert_eq!(names("--filter status=exited"), ["down"]);
    assert_eq!(names("--filter exited=3"), ["down"]);
    assert_eq!(names("--filter label=tier=web"), ["up"]);
    assert_eq!(names("--filter label=tier").len(), 2);
    assert_eq!(names("--filter name=do"), ["down"]);
    assert_eq!(names("--filter ancestor=base").len(), 2);
    env.run("ps --filter nonsense=1").refused("nonsense");
    env.ok("rm -f -t 0 up");
}

fn last_and_latest(env: &TestEnv) {
    env.base();
    for name in ["a", "b", "c"] {
        env.ok(&format!("create --name {name} base true"));
    }
    env.ok("ps -l --format {{.Names}}").prints("c\n");
    assert_eq!(env.ok("ps -n 2 --format {{.Names}}").lines().len(), 2);
}

/// A format with spaces and quotes, as one word.
fn shown(env: &TestEnv, command: &str, format: &str) -> String {
    let output = env.engine().words(command).arg("--format").arg(format).run();
    output.ok();
    output.text()
}

fn templates(env: &TestEnv) {
    env.base();
    env.ok(
        "create --name a --label tier=web --label x=y -p 8080:80 -v /etc:/one -v /etc:/two --network none base sleep 9",
    );
    for (format, expected) in [
        (r#"{{.Label "tier"}}|{{.Label "none"}}|{{.Labels.x}}|{{.Labels}}"#, "web||y|map[tier:web x:y]"),
        ("{{range .Mounts}}[{{.}}]{{end}} {{.Mounts}}", "[/one][/two] [/one /two]"),
        ("{{range .}}<{{.Names}}>{{end}}", "<a>"),
        ("{{.Command}} {{.ListContainer.Command}} {{.ListContainer.Names}}", "sleep 9 [sleep 9] [a]"),
        (r#"{{join .ListContainer.Command "-"}} {{len .Names}} {{truncate .Image 4 | upper}}"#, "sleep-9 1 LOCA"),
        (r#"{{if eq .State "created"}}new{{else}}old{{end}} {{printf "%5s|" .Names}}"#, "new     a|"),
        ("{{json .Names}} {{json .Labels}} {{json .Size}}", r#""a" {"tier":"web","x":"y"} """#),
        ("table {{.Names}}\\t{{.State}}", "NAMES       STATE\na           created"),
        ("{{.Namespaces.NET}}{{.Namespaces}}{{.Cgroup}}{{.User}}", "{      }"),
        (r#"{{.Created.Format "2006"}}{{if gt .Created.Unix 1700000000}} late{{end}}"#, "2026 late"),
    ] {
        let expected = expected.replace("2026", &shown(env, "ps -a", "{{.Created.Year}}"));
        assert_eq!(shown(env, "ps -a", format), expected, "{format}");
    }
    let whole: serde_json::Value = serde_json::from_str(&shown(env, "ps -a", "{{json .}}")).unwrap();
    assert_eq!(
        (&whole["Names"][0], &whole["Mounts"][1], &whole["CreatedAt"]),
        (&"a".into(), &"/two".into(), &"".into())
    );
    let wrong = env.engine().words("ps -a --format").arg("{{.Label}}").run();
    wrong.code(125).complains("executing \"ps\" at <.Label>: wrong number of args for Label: want 1 got 0");
}

fn namespaces(env: &TestEnv) {
    env.base();
    env.ok("run -d --name up --network none base sleep 1000");
    let pid = env.ok("inspect -f {{.State.Pid}} up").text();
    let link = env.inside(|| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap());
    let number = link.to_str().unwrap().trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
    assert_eq!(shown(env, "ps --ns", "{{.NET}} {{.Namespaces.NET}}"), format!("{number} {number}"));
    assert_eq!(shown(env, "ps", "{{.NET}}{{.USERNS}}{{.Namespaces}}"), "{      }");
    let listed: serde_json::Value = serde_json::from_slice(&env.ok("ps --ns --format json").stdout).unwrap();
    assert_eq!(listed[0]["Namespaces"]["Net"], number.as_str());
    let listed: serde_json::Value = serde_json::from_slice(&env.ok("ps --format json").stdout).unwrap();
    assert_eq!(listed[0]["Namespaces"], serde_json::json!({}));
    env.ok("rm -f -t 0 up");
}

fn json_is_json(env: &TestEnv) {
    env.base();
    env.ok("create --name a base true");
    let output = env.ok("ps -a --format json");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&value[0]["Names"][0], &value[0]["State"]), (&"a".into(), &"created".into()));
}

fn filters_by_command_and_policy(env: &TestEnv) {
    env.base();
    env.ok("create --name a --restart always base sleep 1000");
    env.ok("create --name b base true");
    env.ok("ps -a --filter command=sl --format {{.Names}}").prints("a\n");
    env.ok("ps -a --filter command=1000 --format {{.Names}}").prints("");
    env.ok("ps -a --filter restart-policy=always --format {{.Names}}").prints("a\n");
    env.ok("ps -a --filter restart-policy=no --format {{.Names}}").prints(if env.is_peer() { "" } else { "b\n" });
    env.run("ps -a --filter restart-policy=now").refused("now");
}

fn ports_are_shown(env: &TestEnv) {
    env.base();
    env.ok("run -d --name p -p 8080:80 base sleep 1000");
    env.ok("ps").has("0.0.0.0:8080->80/tcp");
    env.ok("rm -f -t 0 p");
}

fn ports_are_in_order_and_joined(env: &TestEnv) {
    env.base();
    let create = |name: &str, flags: &str| drop(env.ok(&format!("create --name {name} {flags} base true")));
    create("ranges", "-p 7001:71 -p 8080-8085:80-85 -p 7000:70 -p 8086:86");
    create("crossed", "-p 10001:1 -p 10000:2 -p 10002:3");
    create("exposed", "--expose 9/udp --expose 80 --expose 8/udp --expose 81-85 --expose 1/sctp -p 83:83");
    create("six", "-p [::1]:5002:52");
    for (name, ports) in [
        ("ranges", "0.0.0.0:7000-7001->70-71/tcp, 0.0.0.0:8080-8086->80-86/tcp"),
        ("crossed", "0.0.0.0:10000->2/tcp, 0.0.0.0:10001->1/tcp, 0.0.0.0:10002->3/tcp"),
        ("exposed", "0.0.0.0:83->83/tcp, 1/sctp, 80-82/tcp, 84-85/tcp, 8-9/udp"),
        ("six", "::1:5002->52/tcp"),
    ] {
        env.ok(&format!("ps -a --filter name={name} --format {{{{.Ports}}}}")).prints(&format!("{ports}\n"));
    }
    // Podman's order of protocols is chance.
    if !env.is_peer() {
        create("both", "-p 9:9/udp -p 9:9 -p 127.0.0.1:8:8");
        env.ok("ps -a --filter name=both --format {{.Ports}}")
            .prints("0.0.0.0:9->9/tcp, 0.0.0.0:9->9/udp, 127.0.0.1:8->8/tcp\n");
    }
}

fn contradictions_are_refused(env: &TestEnv) {
    for flags in ["-qs", "-q --ns"] {
        env.run(&format!("ps {flags}")).code(125).complains("quiet conflicts with size and namespace");
    }
    env.run("ps --ns --size").code(125).complains("size and namespace options conflict");
}

testkit::cases! { both: [ ports_are_in_order_and_joined, contradictions_are_refused,
    an_empty_list_has_its_heads, filters_by_command_and_policy, columns_tell_the_state, q_and_no_trunc, filters, last_and_latest, templates, namespaces, json_is_json,
]; root: [ports_are_shown] }
