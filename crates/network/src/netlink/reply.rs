//! Reading netlink datagrams: messages, attributes, and the kernel's error messages.

use super::message::HEADER;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// The error message carries only the failed message's header.
const CAPPED: u16 = 0x100;
/// Attributes with the kernel's words follow.
const ACK_TLVS: u16 = 0x200;
/// `NLMSGERR_ATTR_MSG`.
const ATTR_MSG: u16 = 1;

/// One received message.
#[derive(Debug)]
pub struct Message<'b> {
    /// Type.
    pub kind: u16,
    /// Flags.
    pub flags: u16,
    /// Which request it answers.
    pub sequence: u32,
    /// Family's header and attributes.
    pub payload: &'b [u8],
}

/// What a control message says.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not a control message.
    Data,
    /// Done, acknowledged.
    Success,
    /// Refused, with errno and the kernel's words, if any.
    Failure(i32, Option<String>),
    /// End of a dump.
    Done,
}

/// The messages of one datagram; stops at the first that is cut short.
pub fn messages(mut datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = number(datagram.get(0..4)?) as usize;
        let whole = datagram.get(..length).filter(|m| m.len() >= HEADER)?;
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some(Message {
            kind: u16::from_ne_bytes([whole[4], whole[5]]),
            flags: u16::from_ne_bytes([whole[6], whole[7]]),
            sequence: number(&whole[8..12]),
            payload: &whole[HEADER..],
        })
    })
}

/// The attributes in these bytes, as type (without flag bits) and payload.
pub fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let head = bytes.get(0..4)?;
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        let kind = u16::from_ne_bytes([head[2], head[3]]) & 0x3fff;
        let payload = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some((kind, payload))
    })
}

/// The first attribute of that type.
pub fn attribute(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes).find_map(|(kind, payload)| (kind == wanted).then_some(payload))
}

impl Message<'_> {
    /// What it says if it is a control message.
    pub fn verdict(&self) -> Verdict {
        match self.kind {
            NLMSG_DONE => Verdict::Done,
            NLMSG_ERROR => match self.payload.get(0..4).map(number).unwrap_or_default() as i32 {
                0 => Verdict::Success,
                errno => Verdict::Failure(-errno, self.kernel_text()),
            },
            _ => Verdict::Data,
        }
    }

    /// The kernel's explanation in an error message (extended acknowledgement, Linux 4.12).
    fn kernel_text(&self) -> Option<String> {
        if self.flags & ACK_TLVS == 0 {
            return None;
        }
        let original = self.payload.get(4..)?;
        let skip = match self.flags & CAPPED {
            0 => number(original.get(0..4)?) as usize,
            _ => HEADER,
        };
        let text = attribute(original.get(skip.next_multiple_of(4)..)?, ATTR_MSG)?;
        let text = text.strip_suffix(&[0]).unwrap_or(text);
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

/// A number in the host's byte order.
fn number(bytes: &[u8]) -> u32 {
    let mut out = [0; 4];
    out.copy_from_slice(&bytes[..4]);
    u32::from_ne_bytes(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_text_is_found_behind_a_capped_header() {
        let mut payload = (-17i32).to_ne_bytes().to_vec();
        payload.extend([0; HEADER]);
        payload.extend([8, 0, 1, 0, b'b', b'a', b'd', 0]);
        let message = Message { kind: NLMSG_ERROR, flags: CAPPED | ACK_TLVS, sequence: 1, payload: &payload };
        assert_eq!(message.verdict(), Verdict::Failure(17, Some("bad".into())));
    }

    #[test]
    fn cut_datagrams_end_quietly() {
        assert_eq!(messages(&[20, 0, 0, 0, 1, 0]).count(), 0);
        assert_eq!(messages(&[4, 0, 0, 0, 0, 0, 0, 0]).count(), 0);
        assert_eq!(attributes(&[9, 0, 1, 0, 5]).count(), 0);
        assert_eq!(attributes(&[2, 0, 1, 0, 5, 0, 0, 0]).count(), 0);
    }
}
