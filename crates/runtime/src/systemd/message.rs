//! The few forms of D-Bus messages that systemd is spoken to with (D-Bus specification, "Message Protocol"), little endian.

use std::io::{Error, ErrorKind, Result};

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;
/// Length of the part of a header whose size doesn't depend on anything.
pub(super) const FIXED: usize = 16;
/// Longest message that is read. systemd's answers to us have some hundred bytes.
const LONGEST: usize = 1 << 20;

/// A value of a unit's property, by its D-Bus type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// `s`.
    Text(String),
    /// `b`.
    Flag(bool),
    /// `au`.
    Numbers(Vec<u32>),
}

/// What arrives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Incoming {
    /// The answer to the call with that serial number; its first text (an object's path counts), if it has one.
    Return(u32, String),
    /// The refusal of that call: the error's name and its text.
    Error(u32, String, String),
    /// A signal's name and its body.
    Signal(String, Vec<u8>),
}

/// Bytes being written; each value is aligned to its size.
#[derive(Debug, Default)]
pub(super) struct Body(Vec<u8>);

impl Body {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn number(&mut self, value: u32) {
        self.align(4);
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn text(mut self, value: &str) -> Self {
        self.put_text(value);
        self
    }

    fn put_text(&mut self, value: &str) {
        self.number(value.len() as u32);
        self.0.extend(value.as_bytes());
        self.0.push(0);
    }

    fn put_signature(&mut self, value: &str) {
        self.0.push(value.len() as u8);
        self.0.extend(value.as_bytes());
        self.0.push(0);
    }

    fn put_variant(&mut self, value: &Value) {
        match value {
            Value::Text(text) => {
                self.put_signature("s");
                self.put_text(text);
            }
            Value::Flag(flag) => {
                self.put_signature("b");
                self.number((*flag).into());
            }
            Value::Numbers(numbers) => {
                self.put_signature("au");
                self.put_numbers(numbers);
            }
        }
    }

    fn put_numbers(&mut self, numbers: &[u32]) {
        self.number(numbers.len() as u32 * 4);
        numbers.iter().for_each(|&number| self.number(number));
    }

    /// `au`.
    pub(super) fn numbers(mut self, numbers: &[u32]) -> Self {
        self.put_numbers(numbers);
        self
    }

    /// `a(sv)`.
    pub(super) fn properties(mut self, all: &[(&str, Value)]) -> Self {
        self.put_array(|body| {
            for (name, value) in all {
                body.align(8);
                body.put_text(name);
                body.put_variant(value);
            }
        });
        self
    }

    /// An array of structures: its length doesn't count the gap before the first of them.
    fn put_array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.number(0);
        let at = self.0.len();
        self.align(8);
        let start = self.0.len();
        fill(self);
        let length = (self.0.len() - start) as u32;
        self.0[at - 4..at].copy_from_slice(&length.to_le_bytes());
    }

    /// `a(sa(sv))`, empty.
    pub(super) fn no_units(mut self) -> Self {
        self.put_array(|_| ());
        self
    }
}

/// Where a call goes.
pub(super) struct Call<'a> {
    pub(super) path: &'a str,
    pub(super) interface: &'a str,
    pub(super) member: &'a str,
    /// Types of the body.
    pub(super) signature: &'a str,
}

/// A whole message that calls a method.
pub(super) fn call(serial: u32, to: &Call<'_>, body: &Body) -> Vec<u8> {
    let mut message = Body(vec![b'l', METHOD_CALL, 0, 1]);
    message.number(body.0.len() as u32);
    message.number(serial);
    message.put_array(|message| {
        for (code, kind, value) in [(1, "o", to.path), (2, "s", to.interface), (3, "s", to.member)] {
            message.align(8);
            message.0.push(code);
            message.put_signature(kind);
            message.put_text(value);
        }
        message.align(8);
        message.0.push(8);
        message.put_signature("g");
        message.put_signature(to.signature);
    });
    message.align(8);
    message.0.extend(&body.0);
    message.0
}

/// Bytes being read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

fn cut() -> Error {
    Error::new(ErrorKind::InvalidData, "a D-Bus message that can't be understood")
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or_else(cut)?;
        let bytes = self.bytes.get(self.at..end).ok_or_else(cut)?;
        self.at = end;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn number(&mut self) -> Result<u32> {
        self.align(4);
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn ended_text(&mut self, length: usize) -> Result<&'a str> {
        let bytes = self.take(length)?;
        if self.byte()? != 0 {
            return Err(cut());
        }
        std::str::from_utf8(bytes).map_err(|_| cut())
    }

    /// `s` or `o`.
    pub(super) fn text(&mut self) -> Result<&'a str> {
        let length = self.number()?;
        self.ended_text(length as usize)
    }

    fn signature(&mut self) -> Result<&'a str> {
        let length = self.byte()?;
        self.ended_text(length.into())
    }
}

/// Of a header's first [`FIXED`] bytes: how many bytes follow.
pub(super) fn rest(fixed: &[u8; FIXED]) -> Result<usize> {
    let number = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]) as usize;
    if fixed[0] != b'l' {
        return Err(cut());
    }
    let (body, fields) = (number(4), number(12));
    let rest = fields.checked_next_multiple_of(8).and_then(|fields| fields.checked_add(body)).ok_or_else(cut)?;
    if rest > LONGEST { Err(cut()) } else { Ok(rest) }
}

/// A whole message. `None`: one of a kind that doesn't matter here.
pub(super) fn incoming(message: &[u8]) -> Result<Option<Incoming>> {
    let mut reader = Reader::new(message);
    let head = reader.take(4)?;
    let kind = head[1];
    let body_length = reader.number()? as usize;
    reader.number()?;
    let fields_end = reader.number()? as usize + FIXED;
    let (mut member, mut error, mut signature, mut replies_to) = ("", "", "", 0);
    while reader.at < fields_end {
        reader.align(8);
        let code = reader.byte()?;
        match (code, reader.signature()?) {
            (3, "s") => member = reader.text()?,
            (4, "s") => error = reader.text()?,
            (5, "u") => replies_to = reader.number()?,
            (8, "g") => signature = reader.signature()?,
            (_, "s" | "o") => drop(reader.text()?),
            (_, "g") => drop(reader.signature()?),
            (_, "u") => drop(reader.number()?),
            _ => return Err(cut()),
        }
    }
    reader.align(8);
    let body = reader.take(body_length)?;
    let first = match signature.as_bytes().first() {
        Some(b's' | b'o') => Reader::new(body).text()?.to_owned(),
        _ => String::new(),
    };
    Ok(match kind {
        METHOD_RETURN => Some(Incoming::Return(replies_to, first)),
        ERROR => Some(Incoming::Error(replies_to, error.to_owned(), first)),
        SIGNAL => Some(Incoming::Signal(member.to_owned(), body.to_vec())),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call<'_> = Call { path: "/a", interface: "a.b", member: "Do", signature: "sa(sv)a(sa(sv))" };

    #[test]
    fn a_call_is_laid_out_as_the_specification_says() {
        let body = Body::default().text("x").properties(&[("P", Value::Numbers(vec![7]))]).no_units();
        // The text with its end (6 bytes), the array's length at 8, its first structure at 16.
        let expected = [
            &[1, 0, 0, 0, b'x', 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0][..],
            &[1, 0, 0, 0, b'P', 0, 2, b'a', b'u', 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0],
        ]
        .concat();
        assert_eq!(body.0[16..20], expected[16..20]);
        let length = u32::from_le_bytes([body.0[8], body.0[9], body.0[10], body.0[11]]) as usize;
        assert_eq!(length, 20);
        assert_eq!(body.0[16..16 + length], expected[16..]);
        let message = call(1, &CALL, &body);
        assert_eq!(message.len(), FIXED + rest(message[..FIXED].try_into().unwrap()).unwrap());
        assert!(incoming(&message).unwrap().is_none(), "a call is nothing that answers us");
    }

    /// The same header as a call's, made into another kind of message.
    fn as_kind(kind: u8, signature: &'static str, body: &Body) -> Vec<u8> {
        let mut message = call(1, &Call { signature, ..CALL }, body);
        message[1] = kind;
        message
    }

    #[test]
    fn what_arrives_is_told_apart() {
        let body = Body::default().text("hello");
        let returned = incoming(&as_kind(METHOD_RETURN, "s", &body)).unwrap();
        assert_eq!(returned, Some(Incoming::Return(0, "hello".into())));
        let signal = incoming(&as_kind(SIGNAL, "s", &body)).unwrap();
        assert_eq!(signal, Some(Incoming::Signal("Do".into(), body.0.clone())));
        assert!(
            matches!(incoming(&as_kind(ERROR, "s", &body)).unwrap(), Some(Incoming::Error(0, _, text)) if text == "hello")
        );
    }

    #[test]
    fn cut_messages_are_errors() {
        let message = as_kind(METHOD_RETURN, "s", &Body::default().text("hello"));
        for length in 0..message.len() {
            assert!(incoming(&message[..length]).is_err(), "{length}");
        }
        let mut endless = message;
        endless[4..8].fill(0xff);
        assert!(rest(endless[..FIXED].try_into().unwrap()).is_err());
    }
}
