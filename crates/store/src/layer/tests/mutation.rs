//! Streams damaged at random (the same way in every run): each is applied whole or refused, and never reaches outside.

use crate::testing::{Fixture, Tar, add_layer};

/// Xorshift: enough for choosing what to break.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn seed() -> Vec<u8> {
    Tar::new()
        .folder("./")
        .folder("d")
        .file("d/file", &[7; 700])
        .symlink("d/out", "../../../..")
        .symlink("abs", "/")
        .hardlink("hard", "d/file")
        .file("d/.wh.gone", b"")
        .file("d/.wh..wh..opq", b"")
        .pax(&[("path", b"d/out/../x"), ("mtime", b"1.5"), ("SCHILY.xattr.user.a", b"b")])
        .file("x", b"pax")
        .pax(&[("GNU.sparse.map", b"0,3,10,2"), ("GNU.sparse.size", b"20")])
        .file("sparse", b"12345")
        .raw(b"././@LongLink", b'L', 0, "", &[b'n'; 150])
        .file("n", b"long")
        .raw(b"fifo", b'6', 0o600, "", b"")
        .end()
}

fn damage(tar: &mut Vec<u8>, dice: &mut Dice) {
    const NAMES: [&[u8]; 9] = [
        b"../canary\0",
        b"/canary\0",
        b"abs/canary\0",
        b"d/out/canary\0",
        b".wh...\0",
        b".wh.d\0",
        b"d\0",
        b".\0",
        b"d/file\0",
    ];
    let blocks = tar.len() / 512;
    let block = dice.below(blocks) * 512;
    match dice.below(7) {
        0 => tar[block + dice.below(512)] = dice.below(256) as u8,
        1 => {
            let name = NAMES[dice.below(NAMES.len())];
            let at = block + [0, 157][dice.below(2)];
            tar[at..at + name.len()].copy_from_slice(name);
        }
        2 => tar[block + 156] = b"0123456LKxgS7V\0"[dice.below(15)],
        3 => drop(tar.drain(block..block + 512)),
        4 => {
            let copy = tar[block..block + 512].to_vec();
            let at = dice.below(blocks) * 512;
            tar.splice(at..at, copy);
        }
        5 => tar.truncate(dice.below(tar.len())),
        _ => tar[block + 124 + dice.below(11)] = b"0127 9\xff"[dice.below(7)],
    }
}

/// Makes the sums right again, so that the damage isn't noticed by them.
fn repair_sums(tar: &mut [u8]) {
    for block in tar.chunks_exact_mut(512).filter(|block| &block[257..262] == b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

#[test]
fn damaged_streams_never_reach_outside_and_leave_nothing() {
    let fixture = Fixture::new();
    let canary = fixture.folder.path().join("canary");
    std::fs::write(&canary, b"unharmed").unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut whole, mut refused) = (0, 0);
    for round in 0..600 {
        let mut tar = seed();
        for _ in 0..=dice.below(4) {
            if tar.len() >= 1024 {
                damage(&mut tar, &mut dice);
            }
        }
        repair_sums(&mut tar);
        match add_layer(&fixture.store, &tar) {
            Ok(layer) => {
                let mut back = Vec::new();
                fixture.store.layer_tar(&layer.diff_id, &mut back).unwrap();
                assert!(back == tar, "round {round}");
                whole += 1;
            }
            Err(e) => {
                assert!(!e.to_string().is_empty());
                refused += 1;
            }
        }
        let temporary = fixture.waste().iter().filter(|name| !name.starts_with("new-")).count();
        assert_eq!(temporary, 0, "round {round}");
    }
    assert_eq!(std::fs::read(&canary).unwrap(), b"unharmed");
    assert_eq!(std::fs::read_dir(fixture.folder.path()).unwrap().count(), 2);
    assert!(whole > 50 && refused > 50, "{whole} whole, {refused} refused");
}
