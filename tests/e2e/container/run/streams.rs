//! stdin, stdout and stderr of a foreground container.

use testkit::{TestEnv, sha256_hex};

fn prints_what_the_command_prints(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none base echo hello").prints("hello\n").quiet();
}

fn keeps_stderr_apart(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base sh -c 'echo out; echo err >&2'");
    output.prints("out\n");
    assert_eq!(output.complaint(), "err\n");
}

fn without_i_stdin_is_at_its_end(env: &TestEnv) {
    env.base();
    env.engine().words("run --rm --network none base cat").stdin("not for you").run().ok().prints("");
}

fn i_passes_stdin(env: &TestEnv) {
    env.base();
    env.engine().words("run -i --rm --network none base cat").stdin("for you\n").run().ok().prints("for you\n");
}

fn megabytes_of_stdin_arrive_whole(env: &TestEnv) {
    env.base();
    let bytes = testkit::noise(1, 5 << 20);
    let expected = format!("{}  -\n", sha256_hex(&bytes));
    env.engine().words("run -i --rm --network none base sha256sum").stdin(bytes).run().ok().prints(&expected);
}

fn megabytes_of_output_arrive_whole(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base sh -c 'yes 0123456789abcdef | head -c 20000000'");
    assert_eq!(output.stdout.len(), 20_000_000);
    assert!(output.stdout.chunks_exact(17).all(|line| line == b"0123456789abcdef\n"));
}

fn bytes_pass_unchanged(env: &TestEnv) {
    env.base();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let output = env.engine().words("run -i --rm --network none base cat").stdin(bytes.clone()).run();
    assert_eq!(output.ok().stdout, bytes);
}

fn a_reader_that_goes_away_ends_nothing_else(env: &TestEnv) {
    env.base();
    let line = "run --name writer --network none base sh -c 'while :; do echo tick; sleep 0.02; done'";
    let mut process = env.engine().words(line).spawn();
    process.read_line();
    process.close_output();
    process.wait_status();
    env.ok("rm -f -t 0 writer");
}

fn a_chooses_streams(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm -a stdout --network none base sh -c 'echo out; echo err >&2'");
    output.prints("out\n").quiet();
    let output = env.ok("run --rm -a stderr --network none base sh -c 'echo out; echo err >&2'");
    output.prints("");
    assert_eq!(output.complaint(), "err\n");
}

fn a_rejects_other_names(env: &TestEnv) {
    env.base();
    env.run("run --rm -a nowhere base true").refused("nowhere");
}

fn d_prints_the_id_and_returns(env: &TestEnv) {
    env.base();
    let id = env.ok("run -d --network none base sleep 1000").text();
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    env.ok(&format!("rm -f -t 0 {id}")).has(&id);
}

testkit::cases! { both: [
    prints_what_the_command_prints, keeps_stderr_apart, without_i_stdin_is_at_its_end, i_passes_stdin,
    megabytes_of_stdin_arrive_whole, megabytes_of_output_arrive_whole, bytes_pass_unchanged,
    a_reader_that_goes_away_ends_nothing_else, a_chooses_streams, a_rejects_other_names, d_prints_the_id_and_returns,
] }
