//! Reading logs back: all of it, the last lines of it, or what comes.

use super::{Config, Driver, Source, json_file, k8s_file, rotate};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// Longest entry that is believed; a damaged file mustn't fill the memory.
const LONGEST: u64 = 1 << 20;
/// Block of a search from the end.
const BLOCK: u64 = 64 * 1024;

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was read from the container.
    pub time: Timestamp,
    /// Where from.
    pub source: Source,
    /// The line goes on in the next entry.
    pub partial: bool,
    /// Without the newline.
    pub text: Vec<u8>,
}

/// A place in a log from which more is read as it comes.
#[derive(Debug)]
pub struct Reader {
    config: Config,
    file: Option<BufReader<File>>,
    /// An entry whose end isn't written yet.
    begun: Vec<u8>,
}

/// All lines, from rotated files too.
pub fn lines(config: &Config, each: &mut dyn FnMut(Line)) -> io::Result<()> {
    let mut each = |line| {
        each(line);
        Ok(())
    };
    for path in rotated(config) {
        file(config, &path, &mut each)?;
    }
    Reader::start(config, None)?.read(&mut each)
}

/// Rotated files that are there, oldest first.
pub fn rotated(config: &Config) -> Vec<std::path::PathBuf> {
    let files = (1..config.max_file).rev().map(|number| rotate::numbered(&config.path, number));
    files.filter(|path| path.exists()).collect()
}

impl Reader {
    /// At the beginning of the current file, or with `tail` before its last so many lines.
    pub fn start(config: &Config, tail: Option<usize>) -> io::Result<Reader> {
        let mut reader = Reader { config: config.clone(), file: None, begun: Vec::new() };
        reader.file = open(config)?;
        if let (Some(count), Some(file)) = (tail, &mut reader.file) {
            let parse = parser(config.driver);
            seek_to_tail(file, count, parse)?;
        }
        Ok(reader)
    }

    /// Calls `each` for what is there up to now.
    pub fn read(&mut self, each: &mut dyn FnMut(Line) -> io::Result<()>) -> io::Result<()> {
        if self.file.is_none() {
            self.file = open(&self.config)?;
        }
        let parse = parser(self.config.driver);
        let Some(file) = &mut self.file else { return Ok(()) };
        loop {
            let read = file.by_ref().take(LONGEST).read_until(b'\n', &mut self.begun)?;
            if self.begun.last() == Some(&b'\n') {
                self.begun.pop();
                if let Some(line) = parse(&self.begun) {
                    each(line)?;
                }
                self.begun.clear();
            } else if read == 0 {
                return Ok(());
            } else if self.begun.len() as u64 >= LONGEST {
                self.begun.clear();
            }
        }
    }

    /// After a rotation: whether `path` is another file by now; the reader then goes on with that one.
    pub fn follow_rotation(&mut self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let (Some(file), Ok(now)) = (&self.file, std::fs::metadata(&self.config.path)) else { return Ok(false) };
        if file.get_ref().metadata()?.ino() == now.ino() {
            return Ok(false);
        }
        self.file = open(&self.config)?;
        self.begun.clear();
        Ok(true)
    }
}

/// Every entry of one file.
pub fn file(config: &Config, path: &std::path::Path, each: &mut dyn FnMut(Line) -> io::Result<()>) -> io::Result<()> {
    let config = Config { path: path.to_owned(), max_file: 1, ..config.clone() };
    Reader::start(&config, None)?.read(each)
}

fn open(config: &Config) -> io::Result<Option<BufReader<File>>> {
    match File::open(&config.path) {
        Ok(file) => Ok(Some(BufReader::with_capacity(BLOCK as usize, file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

type Parser = fn(&[u8]) -> Option<Line>;

fn parser(driver: Driver) -> Parser {
    match driver {
        Driver::JsonFile => json_file::parse,
        _ => k8s_file::parse,
    }
}

/// Positions before the last `count` whole lines. Parts make a line longer than one entry: look further back until enough.
fn seek_to_tail(file: &mut BufReader<File>, count: usize, parse: Parser) -> io::Result<()> {
    // One more: only its end tells whether the next entry begins a line.
    let mut entries = count.saturating_add(1);
    loop {
        let start = entry_from_end(file.get_mut(), entries)?;
        file.seek(SeekFrom::Start(start))?;
        let starts = line_starts(file, start, parse)?;
        if starts.len() >= count || start == 0 {
            let wanted = starts.len().saturating_sub(count);
            let position = starts.get(wanted).copied().unwrap_or(match count {
                0 => file.get_ref().metadata()?.len(),
                _ => start,
            });
            file.seek(SeekFrom::Start(position))?;
            return Ok(());
        }
        entries = entries.saturating_mul(2).saturating_add(1);
    }
}

/// Offset of the entry that is `count`th from the end (0: the end itself).
fn entry_from_end(file: &mut File, count: usize) -> io::Result<u64> {
    let length = file.metadata()?.len();
    // The newline that ends the last entry is one more.
    let mut missing = count.saturating_add(1);
    let mut end = length;
    let mut block = vec![0; BLOCK as usize];
    while end > 0 {
        let begin = end.saturating_sub(BLOCK);
        let block = &mut block[..(end - begin) as usize];
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(block)?;
        for (index, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            missing -= 1;
            if missing == 0 {
                return Ok(begin + index as u64 + 1);
            }
        }
        end = begin;
    }
    Ok(0)
}

/// Where lines begin after the entry at `start` (that one too, if it is the file's first).
fn line_starts(file: &mut BufReader<File>, start: u64, parse: Parser) -> io::Result<Vec<u64>> {
    let mut starts = Vec::new();
    let mut continues = start > 0;
    let (mut position, mut entry) = (start, Vec::new());
    while file.read_until(b'\n', &mut entry)? > 0 {
        if !continues {
            starts.push(position);
        }
        position += entry.len() as u64;
        continues = parse(entry.strip_suffix(b"\n").unwrap_or(&entry)).is_some_and(|line| line.partial);
        entry.clear();
    }
    Ok(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, tail: usize, expected: &[&str]) {
        let path = std::env::temp_dir().join(format!("minke-tail-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let config = Config { path: path.clone(), ..Config::default() };
        let mut found = Vec::new();
        let mut reader = Reader::start(&config, Some(tail)).unwrap();
        reader
            .read(&mut |line| {
                found.push(String::from_utf8(line.text).unwrap());
                Ok(())
            })
            .unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn tails() {
        let text = "2026-01-01T00:00:00Z stdout F a\n2026-01-01T00:00:00Z stdout P b\n2026-01-01T00:00:00Z stdout F c\n2026-01-01T00:00:00Z stdout F d\n";
        check("none", text, 0, &[]);
        check("one", text, 1, &["d"]);
        check("part", text, 2, &["b", "c", "d"]);
        check("three", text, 3, &["a", "b", "c", "d"]);
        check("many", text, 30, &["a", "b", "c", "d"]);
        check("empty", "", 3, &[]);
        let long: String = (0..9000).map(|i| format!("2026-01-01T00:00:00Z stdout F {i}\n")).collect();
        check("long", &long, 2, &["8998", "8999"]);
    }

    #[test]
    fn a_line_still_being_written_waits() {
        let path = std::env::temp_dir().join(format!("minke-begun-{}", std::process::id()));
        std::fs::write(&path, "2026-01-01T00:00:00Z std").unwrap();
        let config = Config { path: path.clone(), ..Config::default() };
        let mut reader = Reader::start(&config, None).unwrap();
        let mut found = 0;
        let mut count = |_| {
            found += 1;
            Ok(())
        };
        reader.read(&mut count).unwrap();
        let mut file = File::options().append(true).open(&path).unwrap();
        io::Write::write_all(&mut file, b"out F x\n").unwrap();
        reader.read(&mut count).unwrap();
        assert_eq!(found, 1);
        std::fs::remove_file(&path).unwrap();
    }
}
