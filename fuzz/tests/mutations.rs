//! Every seed of every target, and seeds damaged at random: the same way in every run, in some seconds.

use fuzz::{TARGETS, Target};

/// Xorshift: enough for choosing what to break.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Pieces that mean something to one of the formats.
const PIECES: [&[u8]; 16] = [
    b"..",
    b"/",
    b":",
    b"@sha256:",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"-1",
    b"18446744073709551616",
    b"\0",
    b"\\u0000",
    b"{{",
    b"*.",
];

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = target.seeds();
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn damage(input: &mut Vec<u8>, others: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(input.len());
    let end = (at + 1 + dice.below(16)).min(input.len());
    match dice.below(7) {
        0 if at < input.len() => input[at] = dice.below(256) as u8,
        1 if at < input.len() => input[at] ^= 1 << dice.below(8),
        2 => drop(input.drain(at.min(end)..end)),
        3 => input.truncate(at),
        4 => {
            let copy = input[at.min(end)..end].to_vec();
            input.splice(at..at, copy);
        }
        5 => {
            let other = &others[dice.below(others.len())];
            let from = dice.below(other.len());
            let to = (from + 1 + dice.below(64)).min(other.len());
            input.splice(at..at, other[from..to].iter().copied());
        }
        _ => drop(input.splice(at..at, PIECES[dice.below(PIECES.len())].iter().copied())),
    }
}

/// In a tar archive the sums are made right again, so that the damage isn't noticed by them.
fn repair_sums(tar: &mut [u8]) {
    for block in tar.chunks_exact_mut(512).filter(|block| &block[257..262] == b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

fn drive(name: &str) {
    let target = Target::named(name).expect("it is a target");
    let seeds = seeds(&target);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for seed in &seeds {
        (target.run)(seed);
        for _ in 0..target.mutations {
            let mut input = seed.clone();
            for _ in 0..=dice.below(4) {
                damage(&mut input, &seeds, &mut dice);
            }
            if dice.below(4) > 0 {
                repair_sums(&mut input);
            }
            (target.run)(&input);
        }
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        const DRIVEN: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { drive(stringify!($name)); })*
    };
}

targets! { reference documents layer archive registries policy auth signature containerfile template }

#[test]
fn no_target_is_forgotten() {
    assert_eq!(TARGETS.map(|target| target.name), DRIVEN);
}
