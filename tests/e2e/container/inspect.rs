//! `inspect` of a container.

use serde_json::Value;
use testkit::TestEnv;

fn json(env: &TestEnv, name: &str) -> Value {
    let output = env.ok(&format!("inspect {name}"));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|err| panic!("{err}\n{output}"));
    value[0].clone()
}

fn shows_what_was_asked_for(env: &TestEnv) {
    env.base();
    env.ok("create --name i --hostname h -e A=1 -w /tmp -u web --stop-signal USR1 --stop-timeout 3 --label a=b \
            --restart on-failure:2 --read-only --cap-drop chown --network none base echo 'two words'");
    let shown = json(env, "i");
    assert_eq!(shown["Name"], "i");
    assert_eq!(shown["State"]["Status"], "created");
    assert_eq!(shown["State"]["Running"], false);
    assert_eq!(shown["Args"][0], "two words");
    assert_eq!(shown["Path"], "echo");
    let config = &shown["Config"];
    assert_eq!(config["Hostname"], "h");
    assert_eq!(config["WorkingDir"], "/tmp");
    assert_eq!(config["User"], "web");
    assert_eq!(config["Labels"]["a"], "b");
    assert_eq!(config["StopTimeout"], 3);
    assert!(config["Env"].as_array().unwrap().contains(&"A=1".into()));
    let host = &shown["HostConfig"];
    assert_eq!(host["RestartPolicy"]["Name"], "on-failure");
    assert_eq!(host["RestartPolicy"]["MaximumRetryCount"], 2);
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(host["NetworkMode"], "none");
    assert!(!shown["EffectiveCaps"].as_array().is_some_and(|caps| caps.contains(&"CAP_CHOWN".into())));
    assert!(shown["ImageName"].as_str().unwrap().ends_with("base:latest"));
}

fn follows_the_state(env: &TestEnv) {
    env.base();
    env.ok("run -d --name i --network none base sleep 1000");
    let shown = json(env, "i");
    assert_eq!((&shown["State"]["Status"], &shown["State"]["Running"]), (&"running".into(), &true.into()));
    let pid = shown["State"]["Pid"].as_u64().unwrap();
    assert!(env.read(format!("/proc/{pid}/cmdline")).unwrap().starts_with("sleep"));
    env.ok("kill i");
    env.ok("wait i");
    let shown = json(env, "i");
    assert_eq!(shown["State"]["ExitCode"], 137);
    assert_eq!(shown["State"]["Pid"], 0);
    assert!(shown["State"]["FinishedAt"].as_str().unwrap() > shown["State"]["StartedAt"].as_str().unwrap());
}

fn format_takes_fields(env: &TestEnv) {
    env.base();
    env.ok("create --name i -p 8080:80 base true");
    env.ok("inspect -f '{{.Name}} {{.State.Status}}' i").prints("i created\n");
    env.ok("inspect --format '{{json .Config.Cmd}}' i").prints("[\"true\"]\n");
    env.run("inspect --format '{{.NoSuch}}' i").code(125).complains("NoSuch");
}

fn templates(env: &TestEnv) {
    env.base();
    env.ok("create --name i -p 8080:80 -v /etc:/x:ro --label a=b base sleep 9");
    for (format, expected) in [
        ("{{.HostConfig.IDMappings}} {{.State.Health}} {{.SizeRw}} {{.Config.Healthcheck}}", "<nil> <nil> <nil> <nil>"),
        ("{{json .State.Health}} {{json .Config.Labels}} {{json .Config.Cmd}}", r#"null {"a":"b"} ["sleep","9"]"#),
        ("{{json .HostConfig.PortBindings}}", r#"{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}"#),
        ("{{range $p, $c := .HostConfig.PortBindings}}{{$p}}={{(index $c 0).HostPort}}{{end}}", "80/tcp=8080"),
        ("{{range .Mounts}}{{.Src}}:{{.Dst}}:{{.RW}}{{end}}", "/etc:/x:false"),
        (
            "{{.State.StoppedByUser}} {{.State.Restored}} {{.Config.SystemdMode}} {{.Config.ChrootDirs}}",
            "false false false []",
        ),
        ("{{.State.StartedAt.IsZero}} {{.State.FinishedAt.Year}}", "true 1"),
        ("{{len .ID}} {{.NetworkSettings.SecondaryIPAddresses}}", "64 []"),
        ("{{len .Config.Labels}} {{index .Config.Labels \"zz\"}}|", "1 |"),
    ] {
        let output = env.engine().words("inspect i --format").arg(format).run();
        output.ok();
        assert_eq!(output.text(), expected, "{format}");
    }
    let id = env.ok("inspect i -f {{.Id}}").text();
    assert_eq!(id, env.ok("inspect i -f {{.ID}}").text());
    env.ok("inspect i --format ''").has("\"Id\"");
}

fn mounts_are_listed(env: &TestEnv) {
    env.base();
    env.ok("create --name i -v /etc:/x:ro -v named:/y base true");
    let shown = json(env, "i");
    let mounts = shown["Mounts"].as_array().unwrap();
    let of = |target: &str| mounts.iter().find(|mount| mount["Destination"] == target).unwrap().clone();
    assert_eq!(
        (&of("/x")["Type"], &of("/x")["Source"], &of("/x")["RW"]),
        (&"bind".into(), &"/etc".into(), &false.into())
    );
    assert_eq!(
        (&of("/y")["Type"], &of("/y")["Name"], &of("/y")["RW"]),
        (&"volume".into(), &"named".into(), &true.into())
    );
}

fn several_and_unknown(env: &TestEnv) {
    env.base();
    env.ok("create --name a base true");
    env.ok("create --name b base true");
    env.ok("inspect -f {{.Name}} a b").prints("a\nb\n");
    env.run("inspect -f {{.Name}} a no-such").code(125).has("a\n").complains("no-such");
}

fn size_is_told(env: &TestEnv) {
    env.base();
    env.ok("run --name s --network none base sh -c 'head -c 100000 /dev/zero >/x'");
    let size: u64 = env.ok("inspect --size s --type container --format {{.SizeRw}}").text().parse().unwrap();
    assert!((100_000..200_000).contains(&size), "{size}");
}

fn mounts_say_what_they_are(env: &TestEnv) {
    env.base();
    env.ok(
        "create --name c --network none --mount type=image,src=base,dst=/m,rw=true \
         --mount type=image,src=base,dst=/n,subpath=/etc -v vol:/v:O --mount type=volume,src=vol,dst=/p,subpath=a base true",
    );
    let shown = |at: &str, fields: &str| {
        let template =
            format!("{{{{range .Mounts}}}}{{{{if eq .Destination \"{at}\"}}}}{fields}{{{{end}}}}{{{{end}}}}");
        env.engine().words("inspect c --format").arg(template).run().text()
    };
    assert_eq!(shown("/m", "{{.Type}} {{.Source}} {{.RW}}"), "image base true");
    assert_eq!(shown("/n", "{{.Type}} {{.RW}} {{.SubPath}}"), "image false /etc");
    assert_eq!(shown("/p", "{{.Type}} {{.Name}} {{.SubPath}}"), "volume vol a");
    assert_eq!(shown("/v", "{{.Type}} {{index .Options 0}}"), "volume O");
}

testkit::cases! { both: [ mounts_say_what_they_are,
    shows_what_was_asked_for, follows_the_state, format_takes_fields, templates, mounts_are_listed, several_and_unknown, size_is_told,
] }
