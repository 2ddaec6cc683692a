//! What chosen files are, as one digest: names, kinds, modes, owners and content. Times don't count.

use super::Listing;
use super::select::{Chosen, Item, open};
use super::{At, Error};
use oci::Digest;
use rustix::fs::{FileType, OFlags};
use sha2::Digest as _;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

/// Read at once, in bytes.
const BUFFER: usize = 256 << 10;

/// The digest, made of those of all files, which are noted one by one. Owners count if they come along (`with_owners`).
pub fn content(root: &OwnedFd, chosen: &[Chosen], with_owners: bool, listing: &mut Listing) -> Result<Digest, Error> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; BUFFER];
    for one in chosen {
        text(&mut hasher, one.name.as_os_str().as_bytes());
        for item in &one.items {
            let digest = item_digest(root, item, with_owners, &mut buffer)?;
            hasher.update(digest.hex().as_bytes());
            listing.add(&item.source.to_string_lossy(), &digest);
        }
    }
    Ok(Digest::from_sha256(hasher.finalize().into()))
}

fn item_digest(root: &OwnedFd, item: &Item, with_owners: bool, buffer: &mut [u8]) -> Result<Digest, Error> {
    let mut hasher = sha2::Sha256::new();
    describe(&mut hasher, item, with_owners);
    match item.kind() {
        FileType::RegularFile => file(&mut hasher, root, item, buffer)?,
        FileType::Symlink => {
            let link = open(root, item, OFlags::PATH)?;
            let target = rustix::fs::readlinkat(&link, c"", Vec::new()).at("read link", &item.source)?;
            text(&mut hasher, target.to_bytes());
        }
        _ => hasher.update(item.stat.st_rdev.to_le_bytes()),
    }
    Ok(Digest::from_sha256(hasher.finalize().into()))
}

/// With its length, so that no two lists look alike.
fn text(hasher: &mut sha2::Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

fn describe(hasher: &mut sha2::Sha256, item: &Item, with_owners: bool) {
    text(hasher, item.below.as_os_str().as_bytes());
    hasher.update(item.stat.st_mode.to_le_bytes());
    if with_owners {
        hasher.update(item.stat.st_uid.to_le_bytes());
        hasher.update(item.stat.st_gid.to_le_bytes());
    }
}

fn file(hasher: &mut sha2::Sha256, root: &OwnedFd, item: &Item, buffer: &mut [u8]) -> Result<(), Error> {
    let mut file = File::from(open(root, item, OFlags::RDONLY | OFlags::NONBLOCK)?);
    let mut length = 0_u64;
    loop {
        let count = file.read(buffer).at("read", &item.source)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        length += count as u64;
    }
    hasher.update(length.to_le_bytes());
    Ok(())
}
