//! Log drivers: what a container writes, line by line with time and stream, into a file.
//!
//! `k8s-file` is the format of the Kubernetes CRI and Podman's default; `json-file` is Docker's. `none` drops
//! everything; with `passthrough` the container has the command's own streams and nothing comes through here.

mod json_file;
mod k8s_file;
pub mod read;
mod rotate;
mod stamp;

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

/// `--log-driver`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// `2026-11-23T20:22:49.904161837+00:00 stdout F text`.
    #[default]
    K8sFile,
    /// `{"log":"text\n","stream":"stdout","time":"…Z"}`.
    JsonFile,
    /// Nothing is kept.
    None,
    /// The container has the command's own streams.
    Passthrough,
}

/// `--log-driver` and `--log-opt`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// See [`Driver`].
    pub driver: Driver,
    /// The file.
    pub path: PathBuf,
    /// Bytes after which a new file begins; `None`: never.
    pub max_size: Option<u64>,
    /// Files kept, the current one included; older ones are `path.1`, `path.2`, ….
    pub max_file: u32,
    /// Kept with every line where the format has a place for it (`json-file`).
    pub tag: String,
}

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// Standard output, or the terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Source {
    /// In the formats.
    pub fn name(self) -> &'static str {
        match self {
            Source::Stdout => "stdout",
            Source::Stderr => "stderr",
        }
    }
}

/// What a new program must know to go on with a log.
#[derive(Debug, Serialize, Deserialize)]
pub struct Saved {
    config: Config,
    open: [Vec<u8>; 2],
}

/// A log being written. Its file is opened with the first line, since most short runs never write one.
#[derive(Debug)]
pub struct Log {
    config: Config,
    file: Option<File>,
    size: u64,
    stamp: stamp::Stamp,
    /// What a line needs to be whole: k8s-file has written a part of it, json-file holds it back.
    open: [Vec<u8>; 2],
    lines: Vec<u8>,
}

impl Log {
    /// Opens nothing yet.
    pub fn new(config: Config) -> Log {
        let open = [Vec::new(), Vec::new()];
        Log { config, file: None, size: 0, stamp: stamp::Stamp::default(), open, lines: Vec::new() }
    }

    /// For another program to go on with.
    pub fn save(&self) -> Saved {
        Saved { config: self.config.clone(), open: self.open.clone() }
    }

    /// Goes on.
    pub fn restore(saved: Saved) -> Log {
        Log { open: saved.open, ..Log::new(saved.config) }
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Opens the file now, for an error at the start rather than lost lines later.
    pub fn open(&mut self) -> io::Result<()> {
        if self.file.is_none() && matches!(self.config.driver, Driver::K8sFile | Driver::JsonFile) {
            let file = File::options().append(true).create(true).open(&self.config.path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        Ok(())
    }

    /// Takes what was read from a stream.
    pub fn write(&mut self, source: Source, data: &[u8]) -> io::Result<()> {
        let open = &mut self.open[source as usize];
        match self.config.driver {
            Driver::K8sFile => k8s_file::encode(self.stamp.local(), source, data, open, &mut self.lines),
            Driver::JsonFile => {
                json_file::encode(&self.stamp.utc(), source, &self.config.tag, data, open, &mut self.lines);
            }
            Driver::None | Driver::Passthrough => return Ok(()),
        }
        self.flush()
    }

    /// The container ended: what waited for the end of its line is written without one.
    pub fn finish(&mut self) -> io::Result<()> {
        for source in [Source::Stdout, Source::Stderr] {
            let open = &mut self.open[source as usize];
            if open.is_empty() {
                continue;
            }
            match self.config.driver {
                // Written already, as a part.
                Driver::K8sFile => open.clear(),
                Driver::JsonFile => {
                    json_file::finish(&self.stamp.utc(), source, &self.config.tag, open, &mut self.lines);
                }
                Driver::None | Driver::Passthrough => {}
            }
        }
        self.flush()
    }

    /// Holds memory only while something is written.
    pub fn shrink(&mut self) {
        self.lines = Vec::new();
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let result = self.append();
        self.lines.clear();
        result
    }

    /// Whole lines, as many as the file has room for, then the next file.
    fn append(&mut self) -> io::Result<()> {
        self.open()?;
        let mut rest = self.lines.as_slice();
        while let Some(file) = &mut self.file
            && !rest.is_empty()
        {
            let room = self.config.max_size.map_or(u64::MAX, |max| max.saturating_sub(self.size));
            let fitting = fitting(rest, usize::try_from(room).unwrap_or(usize::MAX), self.size == 0);
            if fitting == 0 {
                self.file = Some(rotate::rotate(&self.config.path, self.config.max_file)?);
                self.size = 0;
                continue;
            }
            file.write_all(&rest[..fitting])?;
            self.size += fitting as u64;
            rest = &rest[fitting..];
        }
        Ok(())
    }
}

/// Length of the whole lines at the beginning that fit into `room`. An empty file takes one line of any length.
fn fitting(lines: &[u8], room: usize, empty: bool) -> usize {
    if lines.len() <= room {
        return lines.len();
    }
    let line = |at: usize| lines[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    match line(room) {
        0 if empty => lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1),
        fitting => fitting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("minke-log-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn texts(config: &Config) -> Vec<String> {
        let mut lines = Vec::new();
        read::lines(config, &mut |line| lines.push(String::from_utf8_lossy(&line.text).into_owned())).unwrap();
        lines
    }

    #[test]
    fn files_are_rotated_and_read_in_order() {
        let path = folder("rotate").join("ctr.log");
        let driver = Driver::K8sFile;
        let config = Config { driver, path, max_size: Some(200), max_file: 3, tag: String::new() };
        let mut log = Log::new(config.clone());
        for i in 0..10 {
            log.write(Source::Stdout, format!("line {i}\n").as_bytes()).unwrap();
        }
        let kept = texts(&config);
        assert_eq!(kept.last().unwrap(), "line 9");
        assert!(kept.len() > 4 && kept.len() < 12, "{kept:?}");
        assert!(kept.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn one_file_alone_starts_over() {
        let path = folder("single").join("ctr.log");
        let config = Config { driver: Driver::JsonFile, path, max_size: Some(150), max_file: 1, tag: "t".into() };
        let mut log = Log::new(config.clone());
        for i in 0..5 {
            log.write(Source::Stderr, format!("line {i}\n").as_bytes()).unwrap();
        }
        assert_eq!(texts(&config), ["line 4"]);
    }

    #[test]
    fn nothing_is_written_without_output() {
        let path = folder("lazy").join("ctr.log");
        let config = Config { path: path.clone(), ..Config::default() };
        let mut log = Log::new(config);
        log.finish().unwrap();
        assert!(!path.exists());
    }
}
