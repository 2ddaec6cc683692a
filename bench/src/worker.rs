//! The process that starts and times commands, asked over its stdin, one JSON object a line.

use std::io::{BufRead, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Answers requests until stdin ends: `{"argv": [[…], …], "processes": N, "idle_ms": N}` runs the commands, N at a
/// time, and tells their times; with `"stays": true` they are started and end with this process.
pub fn serve() -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let reply = match answer(&request) {
            Ok(reply) => reply,
            Err(err) => json!({"error": format!("{err:#}")}),
        };
        println!("{reply}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn answer(request: &Value) -> Result<Value> {
    let commands: Vec<Vec<String>> = serde_json::from_value(request["argv"].clone())?;
    let processes = usize::try_from(request["processes"].as_u64().unwrap_or(1))?;
    if request["stays"] == true {
        commands.iter().try_for_each(|argv| start(argv))?;
        return Ok(json!({"micros": []}));
    }
    std::thread::sleep(Duration::from_millis(request["idle_ms"].as_u64().unwrap_or(0)));
    if processes > 1 {
        return in_parallel(&commands, processes);
    }
    let (mut micros, mut output, mut cpu, mut peak) = (Vec::new(), String::new(), 0, 0);
    for command in &commands {
        let done = run(command)?;
        micros.push(done.micros);
        output += &done.output;
        cpu += done.cpu_micros;
        peak = peak.max(done.peak_kib);
    }
    Ok(json!({"micros": micros, "cpu_micros": cpu, "output": output, "peak_kib": peak}))
}

/// The kernel ends it with this thread, which is the process's first.
fn start(argv: &[String]) -> Result<()> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).args(argv);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).with_context(|| format!("can't start {}", argv.join(" ")))
}

struct Done {
    micros: u64,
    cpu_micros: u64,
    output: String,
    peak_kib: u64,
}

fn run(argv: &[String]) -> Result<Done> {
    let (program, args) = argv.split_first().context("no command")?;
    let before = children_cpu_micros();
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't start {program}"))?;
    let pid = child.id();
    let watched = argv.iter().any(|word| ["pull", "push", "copy", "save", "load"].contains(&word.as_str()));
    let peak = watched.then(|| std::thread::spawn(move || watch_memory(pid)));
    // Reading the end of its output is the end for a caller; what outlives the command has another stdout.
    let mut output = String::new();
    std::io::Read::read_to_string(child.stdout.as_mut().context("piped")?, &mut output)?;
    let mut complaint = String::new();
    std::io::Read::read_to_string(child.stderr.as_mut().context("piped")?, &mut complaint)?;
    let status = child.wait()?;
    let micros = u64::try_from(started.elapsed().as_micros())?;
    let cpu_micros = children_cpu_micros() - before;
    anyhow::ensure!(status.success(), "{}: {status}: {complaint}", argv.join(" "));
    let peak_kib = peak.map_or(0, |thread| thread.join().unwrap_or(0));
    Ok(Done { micros, cpu_micros, output, peak_kib })
}

/// What the processor has spent on children that have ended, to a hundredth of a second.
fn children_cpu_micros() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may have spaces: user and system time of children are the fields 16 and 17 of proc(5).
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
    fields.skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10_000
}

/// The high-water mark of a process's memory, looked at until it is gone.
fn watch_memory(pid: u32) -> u64 {
    let mut peak = 0;
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let Some(now) = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()) else { break };
        peak = now;
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

fn in_parallel(commands: &[Vec<String>], processes: usize) -> Result<Value> {
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..processes)
            .map(|first| {
                scope.spawn(move || {
                    commands.iter().skip(first).step_by(processes).try_for_each(|argv| run(argv).map(drop))
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })?;
    Ok(json!({"micros": [u64::try_from(started.elapsed().as_micros())?], "output": "", "peak_kib": 0}))
}
