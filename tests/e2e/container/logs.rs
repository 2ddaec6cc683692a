//! `logs`.

use testkit::{TestEnv, wait_until};

fn keeps_streams_apart(env: &TestEnv) {
    env.base();
    env.ok("run --name l --network none base sh -c 'echo out; echo err >&2'");
    let output = env.ok("logs l");
    output.prints("out\n");
    assert_eq!(output.complaint(), "err\n");
}

fn tail_shows_the_last(env: &TestEnv) {
    env.base();
    env.ok("run --name l --network none base seq 100");
    env.ok("logs --tail 3 l").prints("98\n99\n100\n");
    env.ok("logs --tail 0 l").prints("");
    env.ok("logs l").has("1\n2\n3\n");
    assert_eq!(env.ok("logs --tail 1000 l").lines().len(), 100);
    env.run("logs --tail many l").code(125).is_readable();
}

fn f_follows_to_the_end(env: &TestEnv) {
    env.base();
    let until = "echo first; until [ -e /work/end ]; do sleep 0.01; done; echo second";
    let volume = format!("-v {}:/work", env.work().display());
    env.ok(&format!("run -d -i --name l --network none {volume} base sh -c '{until}'"));
    let mut process = env.engine().words("logs -f l").spawn();
    assert_eq!(process.read_line(), "first");
    env.write("end", "");
    assert_eq!(process.read_line(), "second");
    process.wait().ok();
}

fn f_shows_lines_as_they_come(env: &TestEnv) {
    env.base();
    env.ok("run -d --name l --network none base sh -c 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.1; done'");
    let mut process = env.engine().words("logs -f l").spawn();
    for expected in 0..5 {
        assert_eq!(process.read_line(), expected.to_string());
    }
    env.ok("rm -f -t 0 l");
    process.wait_status();
}

fn t_shows_times(env: &TestEnv) {
    env.base();
    env.ok("run --name l --network none base echo line");
    let line = env.ok("logs -t l").text();
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(rest == "line" && time.len() > 19 && &time[10..11] == "T", "{line}");
}

fn since_and_until_cut(env: &TestEnv) {
    env.base();
    env.ok("run --name l --network none base echo line");
    env.ok("logs --since 1h l").prints("line\n");
    env.ok("logs --until 2000-01-01T00:00:00Z l").prints("");
    env.ok("logs --since 2000-01-01T00:00:00Z l").prints("line\n");
    env.ok("logs --since 4000000000 l").prints("");
    // From now on, not back from now.
    env.ok("logs --until 1h l").prints("line\n");
    env.run("logs --since nonsense l").code(125).complains("nonsense").is_readable();
}

fn names_tell_several_apart(env: &TestEnv) {
    env.base();
    env.ok("run --name one --network none base echo a");
    env.ok("run --name two --network none base echo b");
    env.ok("logs --names one").prints("a\n");
    let output = env.ok("logs --names one two");
    output.has("one a\n").has("two b\n");
}

fn several_lines_without_an_end(env: &TestEnv) {
    env.base();
    env.ok("run --name l --network none base printf 'a\\nb'");
    wait_until("both", || env.ok("logs l").text() == "a\nb");
}

fn long_lines_are_whole(env: &TestEnv) {
    env.base();
    env.ok("run --name l --network none base sh -c 'head -c 100000 /dev/zero | tr \"\\0\" x; echo'");
    assert_eq!(env.ok("logs l").text().len(), 100_000);
}

fn of_a_created_container_is_empty(env: &TestEnv) {
    env.base();
    env.ok("create --name l base true");
    env.ok("logs l").prints("");
    env.run("logs no-such").refused("no-such");
}

testkit::cases! { both: [
    keeps_streams_apart, tail_shows_the_last, f_follows_to_the_end, f_shows_lines_as_they_come, t_shows_times,
    since_and_until_cut, names_tell_several_apart, several_lines_without_an_end, long_lines_are_whole, of_a_created_container_is_empty,
] }
