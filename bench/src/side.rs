//! One of the two that are compared: where its commands run and what they are called.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use testkit::{Process, TestEnv, Who};

/// An engine with its worker.
pub struct Side {
    worker: Worker,
    /// The engine's program.
    pub engine: String,
}

enum Worker {
    /// In a test environment. Fields drop in order.
    Ours(Process, Box<TestEnv>),
    /// Behind a prefix.
    Theirs(Child, BufReader<ChildStdout>),
}

/// What a request measured.
#[derive(Debug)]
pub struct Measured {
    /// Of each command, or of all together when they ran side by side.
    pub micros: Vec<u64>,
    /// Their stdout, one after the other.
    pub output: String,
    /// Of the processor, for all commands that ran one after the other.
    pub cpu_micros: u64,
    /// Highest memory of a command that moves images; 0: not looked at.
    pub peak_kib: u64,
}

impl Side {
    /// minke in an environment of its own.
    pub fn ours(who: Who) -> Result<Self> {
        let env = Box::new(TestEnv::new(who));
        let program = std::env::current_exe()?;
        let process = match who {
            Who::Root => env.host_root(&format!("{} worker", program.display())).spawn(),
            Who::User => env.host(&format!("{} worker", program.display())).spawn(),
        };
        Ok(Self { worker: Worker::Ours(process, env), engine: testkit::engine_under_test() })
    }

    /// The reference, if the caller says where it is.
    pub fn theirs(who: Who) -> Result<Option<Self>> {
        let variable = if who == Who::Root { "MINKE_PEER" } else { "MINKE_PEER_USER" };
        let Ok(prefix) = std::env::var(variable) else { return Ok(None) };
        let mut words: Vec<&str> = prefix.split_whitespace().collect();
        let engine = words.pop().with_context(|| format!("{variable} is empty"))?.to_owned();
        let program = std::env::current_exe()?;
        let folder = program.parent().context("this program lies in a folder")?;
        let name = PathBuf::from(".").join(program.file_name().context("this program has a name")?);
        words.extend([name.to_str().context("a plain name")?, "worker"]);
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {prefix}"))?;
        let stdout = BufReader::new(child.stdout.take().context("piped")?);
        Ok(Some(Self { worker: Worker::Theirs(child, stdout), engine }))
    }

    /// Our environment.
    pub fn env(&self) -> Option<&TestEnv> {
        match &self.worker {
            Worker::Ours(_, env) => Some(env),
            Worker::Theirs(..) => None,
        }
    }

    /// Runs one command of the engine, after `idle_ms` of doing nothing.
    pub fn time(&mut self, line: &str, idle_ms: u64) -> Result<u64> {
        let argv = self.words(line);
        let measured = self.ask(&json!({"argv": [argv], "idle_ms": idle_ms}))?;
        measured.micros.first().copied().context("no time")
    }

    /// Runs one command of the engine; all that is known about it.
    pub fn measure(&mut self, line: &str) -> Result<Measured> {
        let argv = self.words(line);
        self.ask(&json!({"argv": [argv]}))
    }

    /// Runs commands of the engine, so many at a time; the time until all have ended.
    pub fn time_together(&mut self, lines: &[String], processes: u64) -> Result<u64> {
        let argv: Vec<Vec<String>> = lines.iter().map(|line| self.words(line)).collect();
        let measured = self.ask(&json!({"argv": argv, "processes": processes}))?;
        measured.micros.first().copied().context("no time")
    }

    /// Runs a shell script there; its stdout.
    pub fn script(&mut self, script: &str) -> Result<String> {
        Ok(self.ask(&json!({"argv": [["sh", "-ec", script]]}))?.output)
    }

    /// Runs another program there; all that is known about it.
    pub fn measure_program(&mut self, argv: &[&str]) -> Result<Measured> {
        self.ask(&json!({"argv": [argv]}))
    }

    /// Runs another program there, and times it.
    pub fn time_program(&mut self, argv: &[&str], idle_ms: u64) -> Result<u64> {
        let measured = self.ask(&json!({"argv": [argv], "idle_ms": idle_ms}))?;
        measured.micros.first().copied().context("no time")
    }

    /// Starts a program that runs until the measurements have ended.
    pub fn start(&mut self, argv: &[&str]) -> Result<()> {
        self.ask(&json!({"argv": [argv], "stays": true})).map(drop)
    }

    fn words(&self, line: &str) -> Vec<String> {
        std::iter::once(self.engine.clone()).chain(line.split_whitespace().map(str::to_owned)).collect()
    }

    fn ask(&mut self, request: &Value) -> Result<Measured> {
        let line = format!("{request}\n");
        let answer = match &mut self.worker {
            Worker::Ours(process, _) => {
                process.write(&line);
                process.read_line()
            }
            Worker::Theirs(child, stdout) => {
                child.stdin.as_mut().context("piped")?.write_all(line.as_bytes())?;
                let mut answer = String::new();
                stdout.read_line(&mut answer)?;
                answer
            }
        };
        let answer: Value = serde_json::from_str(&answer).with_context(|| format!("the worker said: {answer}"))?;
        if let Some(error) = answer["error"].as_str() {
            bail!("{error}");
        }
        Ok(Measured {
            micros: serde_json::from_value(answer["micros"].clone())?,
            cpu_micros: answer["cpu_micros"].as_u64().unwrap_or(0),
            output: answer["output"].as_str().unwrap_or_default().to_owned(),
            peak_kib: answer["peak_kib"].as_u64().unwrap_or(0),
        })
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if let Worker::Theirs(child, _) = &mut self.worker {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}
