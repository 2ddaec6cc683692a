//! What a file is by its first bytes, by the algorithm of the MIME Sniffing Standard that Go's `http.DetectContentType`
//! uses: the usual tools write its answers into manifests, and digests shall be the same.

/// So many bytes are looked at.
pub const SNIFFED: usize = 512;

/// The media type of what begins so.
pub fn detect(start: &[u8]) -> &'static str {
    let start = &start[..start.len().min(SNIFFED)];
    let text = start.trim_ascii_start();
    if HTML.iter().any(|tag| is_tag(text, tag)) {
        return "text/html; charset=utf-8";
    }
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    if let Some((_, found)) = SIGNATURES.iter().find(|(parts, _)| has_all(start, parts)) {
        return found;
    }
    match () {
        () if is_mp4(start) => "video/mp4",
        () if start.starts_with(b"\x1a\x45\xdf\xa3") => "video/webm",
        () if text.iter().all(|byte| !matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)) => {
            "text/plain; charset=utf-8"
        }
        () => "application/octet-stream",
    }
}

const HTML: [&[u8]; 17] = [
    b"<!DOCTYPE HTML",
    b"<HTML",
    b"<HEAD",
    b"<SCRIPT",
    b"<IFRAME",
    b"<H1",
    b"<DIV",
    b"<FONT",
    b"<TABLE",
    b"<A",
    b"<STYLE",
    b"<TITLE",
    b"<B",
    b"<BODY",
    b"<BR",
    b"<P",
    b"<!--",
];

/// A tag in any case, and what ends its name.
fn is_tag(text: &[u8], tag: &[u8]) -> bool {
    text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
        && matches!(text.get(tag.len()), Some(b' ' | b'>'))
}

/// Bytes and where they stand.
type Part = (usize, &'static [u8]);

/// In the standard's order. An empty part says how long the content is at least.
const SIGNATURES: &[(&[Part], &str)] = &[
    (&[(0, b"%PDF-")], "application/pdf"),
    (&[(0, b"%!PS-Adobe-")], "application/postscript"),
    (&[(0, b"\xfe\xff"), (4, b"")], "text/plain; charset=utf-16be"),
    (&[(0, b"\xff\xfe"), (4, b"")], "text/plain; charset=utf-16le"),
    (&[(0, b"\xef\xbb\xbf"), (4, b"")], "text/plain; charset=utf-8"),
    (&[(0, b"\0\0\x01\0")], "image/x-icon"),
    (&[(0, b"\0\0\x02\0")], "image/x-icon"),
    (&[(0, b"BM")], "image/bmp"),
    (&[(0, b"GIF87a")], "image/gif"),
    (&[(0, b"GIF89a")], "image/gif"),
    (&[(0, b"RIFF"), (8, b"WEBPVP")], "image/webp"),
    (&[(0, b"\x89PNG\r\n\x1a\n")], "image/png"),
    (&[(0, b"\xff\xd8\xff")], "image/jpeg"),
    (&[(0, b"FORM"), (8, b"AIFF")], "audio/aiff"),
    (&[(0, b"ID3")], "audio/mpeg"),
    (&[(0, b"OggS\0")], "application/ogg"),
    (&[(0, b"MThd\0\0\0\x06")], "audio/midi"),
    (&[(0, b"RIFF"), (8, b"AVI ")], "video/avi"),
    (&[(0, b"RIFF"), (8, b"WAVE")], "audio/wave"),
    (&[(34, b"LP")], "application/vnd.ms-fontobject"),
    (&[(0, b"\0\x01\0\0")], "font/ttf"),
    (&[(0, b"OTTO")], "font/otf"),
    (&[(0, b"ttcf")], "font/collection"),
    (&[(0, b"wOFF")], "font/woff"),
    (&[(0, b"wOF2")], "font/woff2"),
    (&[(0, b"\x1f\x8b\x08")], "application/x-gzip"),
    (&[(0, b"PK\x03\x04")], "application/zip"),
    (&[(0, b"Rar!\x1a\x07\0")], "application/x-rar-compressed"),
    (&[(0, b"Rar!\x1a\x07\x01\0")], "application/x-rar-compressed"),
    (&[(0, b"\0asm")], "application/wasm"),
];

fn has_all(start: &[u8], parts: &[Part]) -> bool {
    parts.iter().all(|(at, bytes)| start.get(*at..at + bytes.len()) == Some(bytes))
}

/// A box `ftyp` with a brand that begins with `mp4`.
fn is_mp4(start: &[u8]) -> bool {
    let Some((&length, _)) = start.split_first_chunk::<4>() else { return false };
    let length = u32::from_be_bytes(length) as usize;
    if start.len() < 12 || !length.is_multiple_of(4) || start.get(4..8) != Some(b"ftyp") {
        return false;
    }
    let Some(whole) = start.get(8..length) else { return false };
    // The second word is the version of the first brand.
    whole.chunks(4).enumerate().any(|(at, brand)| at != 1 && brand.starts_with(b"mp4"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Go's function says of the same bytes.
    #[test]
    fn types_by_content() {
        let eot = [&[0; 34][..], b"LP"].concat();
        let late = [&[b'a'; 600][..], b"\0"].concat();
        let at_511 = [&[b'a'; 511][..], b"\0"].concat();
        for (start, expected) in [
            (&b""[..], "text/plain; charset=utf-8"),
            (b"\n\n", "text/plain; charset=utf-8"),
            (b"{\"a\":1}", "text/plain; charset=utf-8"),
            (b"caf\xe9", "text/plain; charset=utf-8"),
            (b"a\x1bb", "text/plain; charset=utf-8"),
            (b"a\x01b", "application/octet-stream"),
            (&late, "text/plain; charset=utf-8"),
            (&at_511, "application/octet-stream"),
            (b"<html>x", "text/html; charset=utf-8"),
            (b"  \n<!DOCTYPE html PUBLIC", "text/html; charset=utf-8"),
            (b"<p ", "text/html; charset=utf-8"),
            (b"<P\n", "text/plain; charset=utf-8"),
            (b"<bx", "text/plain; charset=utf-8"),
            (b"  <?xml v", "text/xml; charset=utf-8"),
            (b"%PDF-1.4", "application/pdf"),
            (b"\xfe\xff\0a", "text/plain; charset=utf-16be"),
            (b"\xfe\xffa", "text/plain; charset=utf-8"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8", "image/webp"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp41", "video/mp4"),
            (b"\0\0\0\x14ftypisommp41isom", "application/octet-stream"),
            (b"\xff\xff\xff\xfcftypmp42mp42", "text/plain; charset=utf-8"),
            (b"\x1a\x45\xdf\xa3", "video/webm"),
            (&eot, "application/vnd.ms-fontobject"),
            (b"\x1f\x8b\x08x", "application/x-gzip"),
            (b"\x1f\x8b\x07x", "application/octet-stream"),
            (b"\x28\xb5\x2f\xfd\x01", "application/octet-stream"),
            (b"PK\x03\x04", "application/zip"),
            (b"\x7fELF\x02\x01\x01\0", "application/octet-stream"),
        ] {
            assert_eq!(detect(start), expected, "{}", start.escape_ascii());
        }
    }
}
