//! `kill -9` and Ctrl-C at random moments of what moves images. Afterwards the store is sound, the same command succeeds,
//! and once all is removed the disk is as it was.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use testkit::{Base, Entry, Image, Layer, TestEnv, Who, noise, wait_until};

use super::kills::Dice;
use super::scale;

/// Layers that take their time, each of other bytes.
fn image(label: &str) -> Image {
    const LENGTH: usize = 20_000;
    let mut image = Base::image().config("Env", serde_json::json!([format!("LABEL={label}")]));
    for number in 0..4_u8 {
        let bytes = noise(u64::from(number) + 1, 40 * LENGTH);
        let files = bytes.chunks(LENGTH).enumerate();
        let files: Vec<_> = files.map(|(file, bytes)| Entry::file(&format!("{label}{number}-{file}"), bytes)).collect();
        image.layers.push(Layer::new(&files));
    }
    image
}

/// What is killed: a command that brings something about, and what makes it possible again.
struct Round {
    line: String,
    before: &'static [&'static str],
    /// How often it was hit before its end. A kill that comes when all is done says nothing.
    interrupted: u32,
    /// Kills come within this time, in microseconds: how long it took when nobody disturbed it.
    within: u64,
}

fn rounds(host: &str) -> Vec<Round> {
    let round = |line: String, before| Round { line, before, interrupted: 0, within: 0 };
    vec![
        round(format!("pull -q {host}/big:1"), &["rmi -a -f"]),
        round("load -q -i archive.tar".to_owned(), &["rmi -a -f"]),
        round("image prune -f -a".to_owned(), &["load -q -i archive.tar"]),
        round("rmi -a -f".to_owned(), &["load -q -i archive.tar"]),
        round("save -q -o saved.tar localhost/big:1".to_owned(), &["load -q -i archive.tar"]),
        round(format!("push -q localhost/big:1 {host}/pushed:1"), &["load -q -i archive.tar"]),
    ]
}

fn transfers(who: Who, count: u32) {
    let env = TestEnv::new(who);
    let registry = env.registry();
    registry.push("big", "1", &image("a"));
    env.write("archive.tar", image("b").docker_archive("localhost/big:1"));
    env.ok("load -q -i archive.tar");
    env.ok("rmi -a -f");
    env.ok("system check");
    let disk = used(&env);
    let mut rounds = rounds(&registry.host());
    let kinds = u32::try_from(rounds.len()).expect("few");
    let mut dice = Dice(20_261_125);
    for _ in 0..count / kinds {
        for round in &mut rounds {
            kill(&env, round, &mut dice);
        }
    }
    for round in &mut rounds {
        kill_until_hit(&env, round, (count / kinds / 3).max(1), &mut dice);
    }
    env.ok("rmi -a -f");
    // What was removed is deleted behind the answer.
    wait_until("the disk has its space back", || used(&env).saturating_sub(disk) < 1 << 20);
}

/// More kills, until enough of them came before the end. Each that came too late says that the next must come earlier.
fn kill_until_hit(env: &TestEnv, round: &mut Round, enough: u32, dice: &mut Dice) {
    let bound = enough + 20;
    for _ in 0..bound {
        if round.interrupted >= enough {
            return;
        }
        let (before, within) = (round.interrupted, round.within);
        let delay = kill(env, round, dice);
        round.within = if round.interrupted == before { delay } else { within };
    }
    let Round { line, interrupted, .. } = round;
    assert!(
        *interrupted >= enough,
        "`{line}` was interrupted {interrupted} times, {enough} wanted, {bound} tries more"
    );
}

/// Kills the command, looks at the store, and lets the command do its work undisturbed. After how many microseconds the
/// kill came.
fn kill(env: &TestEnv, round: &mut Round, dice: &mut Dice) -> u64 {
    round.before.iter().for_each(|line| drop(env.ok(line)));
    let delay = dice.roll(if round.within == 0 { 20_000 } else { round.within });
    let signal = if dice.roll(4) == 0 { Signal::INT } else { Signal::KILL };
    let mut process = env.engine().words(&round.line).spawn();
    std::thread::park_timeout(Duration::from_micros(delay));
    process.signal(signal);
    round.interrupted += u32::from(!process.wait_status().success());
    let what = format!("`{}` after {delay} µs, {signal:?}", round.line);
    let checked = env.run("system check");
    assert!(checked.status.success(), "{what}: {checked}");
    env.script(&format!("rm -f {}/saved.tar", env.work().display()));
    let begun = Instant::now();
    let again = env.run(&round.line);
    round.within = round.within.max(u64::try_from(begun.elapsed().as_micros()).expect("not that long"));
    assert!(again.status.success(), "{what}: {again}");
    env.script(&format!("rm -f {}/saved.tar", env.work().display()));
    assert_eq!(unfinished(env), Vec::<String>::new(), "{what}");
    delay
}

/// What is left of work that didn't come to its end, once another command has ended.
fn unfinished(env: &TestEnv) -> Vec<String> {
    let folder = env.graphroot().join("minke/tmp");
    let names = env.inside(|| {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    });
    names.into_iter().filter(|name| !name.starts_with("new-")).collect()
}

/// Bytes that the store's folder takes on its disk.
fn used(env: &TestEnv) -> u64 {
    fn below(folder: &Path) -> u64 {
        // What goes meanwhile takes no space.
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        let size = |entry: std::fs::DirEntry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => below(&entry.path()) + metadata.blocks() * 512,
            Ok(metadata) => metadata.blocks() * 512,
            Err(_) => 0,
        };
        entries.flatten().map(size).sum()
    }
    let bytes = env.inside(|| below(&env.graphroot()));
    assert!(bytes > 0, "{} is empty", env.graphroot().display());
    bytes
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_root() {
    transfers(Who::Root, scale(200, 24));
}

#[test]
#[ignore = "long; run by `cargo xtask stress`"]
fn privileged_user() {
    transfers(Who::User, scale(100, 12));
}
