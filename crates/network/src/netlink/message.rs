//! Building netlink messages: headers, attributes, nested attributes, many messages in one buffer.
//!
//! Each message carries a label, so that an error the kernel reports by sequence number can name what was tried.

/// Message flags of linux/netlink.h.
pub const REQUEST: u16 = 0x1;
pub const ACK: u16 = 0x4;
pub const DUMP: u16 = 0x300;
pub const EXCL: u16 = 0x200;
pub const CREATE: u16 = 0x400;
pub const APPEND: u16 = 0x800;

/// The bit that marks an attribute as holding attributes.
const NESTED: u16 = 0x8000;
/// Length of `struct nlmsghdr`.
pub const HEADER: usize = 16;

/// Several messages to be sent at once.
#[derive(Default)]
pub struct Batch {
    buf: Vec<u8>,
    labels: Vec<String>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message: its type, flags (`REQUEST` is implied), the family's fixed header, and what the closure writes.
    pub fn message(
        &mut self,
        label: impl Into<String>,
        (kind, flags): (u16, u16),
        header: &[u8],
        body: impl FnOnce(&mut Attributes<'_>),
    ) {
        let start = self.buf.len();
        self.labels.push(label.into());
        let sequence = self.labels.len() as u32;
        self.buf.extend_from_slice(&[0; 4]);
        self.buf.extend_from_slice(&kind.to_ne_bytes());
        self.buf.extend_from_slice(&(flags | REQUEST).to_ne_bytes());
        self.buf.extend_from_slice(&sequence.to_ne_bytes());
        self.buf.extend_from_slice(&[0; 4]);
        self.buf.extend_from_slice(header);
        pad(&mut self.buf);
        body(&mut Attributes { buf: &mut self.buf });
        let length = (self.buf.len() - start) as u32;
        self.buf[start..start + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// All messages, ready for one send.
    pub fn bytes(&self) -> &[u8] {
        &self.buf
    }

    /// What the message with that sequence number is for.
    pub fn label(&self, sequence: u32) -> &str {
        self.labels.get((sequence as usize).wrapping_sub(1)).map_or("netlink message", String::as_str)
    }

    /// How many messages expect an acknowledgement.
    pub fn acks_due(&self) -> usize {
        let mut rest = self.buf.as_slice();
        let mut due = 0;
        while rest.len() >= HEADER {
            let length = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
            due += usize::from(u16::from_ne_bytes([rest[6], rest[7]]) & ACK != 0);
            rest = &rest[length..];
        }
        due
    }
}

/// Writes attributes at the end of a message.
pub struct Attributes<'b> {
    buf: &'b mut Vec<u8>,
}

impl Attributes<'_> {
    /// One attribute with these bytes.
    pub fn bytes(&mut self, kind: u16, payload: &[u8]) {
        let length = (payload.len() + 4) as u16;
        self.buf.extend_from_slice(&length.to_ne_bytes());
        self.buf.extend_from_slice(&kind.to_ne_bytes());
        self.buf.extend_from_slice(payload);
        pad(self.buf);
    }

    /// Attributes as received, to be sent back.
    pub fn raw(&mut self, attributes: &[u8]) {
        self.buf.extend_from_slice(attributes);
        pad(self.buf);
    }

    /// A number in the host's byte order (rtnetlink).
    pub fn u32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    /// A number in network byte order (netfilter).
    pub fn be32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_be_bytes());
    }

    /// Text with its closing NUL.
    pub fn text(&mut self, kind: u16, text: &str) {
        let mut payload = Vec::with_capacity(text.len() + 1);
        payload.extend_from_slice(text.as_bytes());
        payload.push(0);
        self.bytes(kind, &payload);
    }

    /// Attributes inside an attribute. What the closure writes must stay below 64 KiB.
    pub fn nest(&mut self, kind: u16, body: impl FnOnce(&mut Attributes<'_>)) {
        self.nest_after(kind, &[], body);
    }

    /// The same, with a fixed header before the inner attributes.
    pub fn nest_after(&mut self, kind: u16, header: &[u8], body: impl FnOnce(&mut Attributes<'_>)) {
        let start = self.buf.len();
        self.buf.extend_from_slice(&[0; 2]);
        self.buf.extend_from_slice(&(kind | NESTED).to_ne_bytes());
        self.buf.extend_from_slice(header);
        pad(self.buf);
        body(&mut Attributes { buf: self.buf });
        let length = self.buf.len() - start;
        debug_assert!(length <= usize::from(u16::MAX));
        self.buf[start..start + 2].copy_from_slice(&(length as u16).to_ne_bytes());
    }
}

/// Everything in netlink is aligned to four bytes.
fn pad(buf: &mut Vec<u8>) {
    buf.resize(buf.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_aligned_numbered_and_sized() {
        let mut batch = Batch::new();
        batch.message("first", (16, ACK), &[1; 3], |a| a.text(3, "lo"));
        batch.message("second", (17, 0), &[], |a| {
            a.nest(1, |a| a.u32(2, 7));
        });
        let bytes = batch.bytes();
        assert_eq!(bytes[0], 28);
        assert_eq!(&bytes[8..12], &1u32.to_ne_bytes());
        assert_eq!(&bytes[20..27], &[7, 0, 3, 0, b'l', b'o', 0]);
        assert_eq!(bytes[28], 16 + 12);
        assert_eq!(batch.label(2), "second");
        assert_eq!(batch.acks_due(), 1);
    }
}
