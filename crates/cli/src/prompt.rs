//! Questions to the person at the terminal.

use crate::error::Failure;
use crate::output::stream;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal, Read};

/// Asks for a line; without its line feed.
pub fn line(question: &str) -> Result<String, Failure> {
    stream::print(question)?;
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text).map_err(|error| Failure::new(format!("read standard input: {error}")))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Warns of what is about to happen and asks whether it shall.
pub fn warned(warning: &str) -> Result<bool, Failure> {
    stream::print(&format!("{warning}\nAre you sure you want to continue? [y/N] "))?;
    let mut text = String::new();
    match io::stdin().lock().read_line(&mut text) {
        Ok(0) => Err(Failure::new("EOF").hint("give --force where nobody can answer")),
        Ok(_) => Ok(text.trim_start().to_ascii_lowercase().starts_with('y')),
        Err(error) => Err(Failure::new(format!("read standard input: {error}"))),
    }
}

/// Asks for a line that isn't shown while it is typed; standard input must be a terminal.
pub fn secret(question: &str) -> Result<String, Failure> {
    let unreadable = |error: io::Error| Failure::new(format!("reading password: {error}"));
    // Mute first: what is typed at once, by a program for one, must not show either.
    let quiet = Quiet::stdin().map_err(unreadable)?;
    stream::print(question)?;
    let typed = read_keys(io::stdin().lock()).map_err(unreadable);
    drop(quiet);
    stream::print("\n")?;
    typed?.ok_or_else(|| Failure::quiet(INTERRUPTED))
}

/// Asks which of several answers is meant, by the arrow keys; `None` unless standard input and output are a terminal.
pub fn choose(question: &str, answers: &[String]) -> Option<usize> {
    if answers.is_empty() || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return None;
    }
    let quiet = Quiet::stdin().ok()?;
    let mut keys = io::stdin().lock();
    let mut at = 0;
    stream::print(&format!("? {question}\n")).ok()?;
    loop {
        stream::print(&menu(answers, at)).ok()?;
        match Key::read(&mut keys).ok()? {
            Key::Up => at = at.saturating_sub(1),
            Key::Down => at = (at + 1).min(answers.len() - 1),
            Key::Enter => break,
            Key::Other => {}
            Key::End => {
                drop(quiet);
                std::process::exit(INTERRUPTED);
            }
        }
        // Back to the first answer, to be written over.
        stream::print(&format!("\x1b[{}A", answers.len())).ok()?;
    }
    Some(at)
}

fn menu(answers: &[String], at: usize) -> String {
    let line = |(number, answer)| format!("\r\x1b[2K{} {answer}\n", if number == at { "▸" } else { " " });
    answers.iter().enumerate().map(line).collect()
}

#[derive(Debug, PartialEq)]
enum Key {
    Up,
    Down,
    Enter,
    Other,
    /// Ctrl-C, Ctrl-D, or the terminal is gone.
    End,
}

impl Key {
    /// Arrows are three bytes, `ESC [ A` or `ESC O A`.
    fn read(keys: &mut impl Read) -> io::Result<Key> {
        let mut byte = || -> io::Result<Option<u8>> {
            let mut byte = [0];
            Ok((keys.read(&mut byte)? == 1).then_some(byte[0]))
        };
        Ok(match byte()? {
            None | Some(3 | 4) => Key::End,
            Some(b'\n' | b'\r') => Key::Enter,
            Some(b'k' | 16) => Key::Up,
            Some(b'j' | 14) => Key::Down,
            Some(0x1b) => match (byte()?, byte()?) {
                (Some(b'[' | b'O'), Some(b'A')) => Key::Up,
                (Some(b'[' | b'O'), Some(b'B')) => Key::Down,
                _ => Key::Other,
            },
            Some(_) => Key::Other,
        })
    }
}

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// A terminal that neither echoes nor sends signals: Ctrl-C must not leave it mute.
struct Quiet(Termios);

impl Quiet {
    fn stdin() -> io::Result<Quiet> {
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin)?;
        let mut quiet = before.clone();
        quiet.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(stdin, OptionalActions::Now, &quiet)?;
        Ok(Quiet(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Up to the end of the line; `None` after Ctrl-C.
fn read_keys(mut keys: impl Read) -> io::Result<Option<String>> {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const CTRL_U: u8 = 21;
    const LONGEST: usize = 64 << 10;
    let mut typed: Vec<u8> = Vec::new();
    let mut key = [0];
    while typed.len() < LONGEST {
        match keys.read(&mut key)? {
            0 => break,
            _ => match key[0] {
                b'\n' | b'\r' | CTRL_D => break,
                CTRL_C => return Ok(None),
                CTRL_U => typed.clear(),
                8 | 127 => {
                    let rest = String::from_utf8_lossy(&typed).chars().count().saturating_sub(1);
                    typed = String::from_utf8_lossy(&typed).chars().take(rest).collect::<String>().into_bytes();
                }
                other => typed.push(other),
            },
        }
    }
    String::from_utf8(typed).map(Some).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::{Key, read_keys};

    #[test]
    fn arrows_are_keys() {
        let mut keys = &b"\x1b[B\x1bOAjx\r\x03"[..];
        let mut next = || Key::read(&mut keys).unwrap();
        assert_eq!([next(), next(), next()], [Key::Down, Key::Up, Key::Down]);
        assert_eq!([next(), next(), next(), next()], [Key::Other, Key::Enter, Key::End, Key::End]);
    }

    #[test]
    fn keys_make_a_line() {
        let line = |keys: &str| read_keys(keys.as_bytes()).unwrap();
        assert_eq!(line("abc\nrest").as_deref(), Some("abc"));
        assert_eq!(line("aä\u{7f}b\r").as_deref(), Some("ab"));
        assert_eq!(line("x\u{15}y").as_deref(), Some("y"));
        assert_eq!(line("ab\u{3}"), None);
    }
}
