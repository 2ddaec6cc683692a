//! From files in a layer's folder to its tar stream's digest and `tar-meta`: the way back of `apply`.

use super::AppliedLayer;
use super::tar_meta;
use super::tar_stream::{Output, TarStream, Times};
use crate::error::{At, Error};
use crate::location::Ownership;
use crate::walk::{Enter, Found, walk};
use oci::Digest;
use rustix::fs::{AtFlags, Timespec, Timestamps};
use sha2::Digest as _;
use std::path::Path;

/// Describes `diff/` of this folder; `None` if there is nothing in it. The files get the times that the stream has.
pub(crate) fn compose(folder: &Path, ownership: Ownership, times: Times) -> Result<Option<AppliedLayer>, Error> {
    let diff = folder.join("diff");
    let meta = tar_meta::Writer::create(folder.join("tar-meta"))?;
    let description = Description { meta, hasher: sha2::Sha256::new(), size: 0 };
    let mut stream = TarStream::new(&diff, ownership, times, description);
    walk(&diff, &mut |found| {
        set_times(found, times).at("set times in", &diff)?;
        stream.found(found).map(|()| Enter::Yes)
    })?;
    if stream.output.size == 0 {
        return Ok(None);
    }
    let Description { meta, hasher, size } = stream.end()?;
    meta.finish()?;
    Ok(Some(AppliedLayer { diff_id: Digest::from_sha256(hasher.finalize().into()), size }))
}

fn set_times(found: &Found<'_>, times: Times) -> rustix::io::Result<()> {
    let time = times.of(found.stat.st_mtime);
    if time == found.stat.st_mtime {
        return Ok(());
    }
    let time = Timespec { tv_sec: time, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(found.folder, found.name, &times, AtFlags::SYMLINK_NOFOLLOW)
}

/// What is kept of a stream whose files are there anyway.
struct Description {
    meta: tar_meta::Writer,
    hasher: sha2::Sha256,
    size: u64,
}

impl Output for Description {
    fn literal(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.content(bytes)?;
        self.meta.literal(bytes)
    }

    fn begin_content(&mut self, path: &[u8], size: u64) -> Result<(), Error> {
        self.meta.file(path, size, None)
    }

    fn content(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{FileType, Mode};
    use std::fs::File;
    use std::io::Read;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn layer() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let diff = folder.path().join("diff");
        std::fs::create_dir(&diff).unwrap();
        std::fs::set_permissions(&diff, std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    #[test]
    fn privileged_the_stream_says_what_the_files_are() {
        let folder = layer();
        let diff = folder.path().join("diff");
        std::fs::create_dir(diff.join("a")).unwrap();
        std::fs::write(diff.join("a/file"), "content").unwrap();
        std::fs::hard_link(diff.join("a/file"), diff.join("z")).unwrap();
        symlink("/nowhere", diff.join("link")).unwrap();
        let gone = diff.join("a/gone");
        rustix::fs::mknodat(rustix::fs::CWD, &gone, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
        let composed = compose(folder.path(), Ownership::Root, Times::AtMost(1000)).unwrap().unwrap();
        let mut tar = Vec::new();
        super::super::open_tar(folder.path()).unwrap().read_to_end(&mut tar).unwrap();
        assert_eq!(composed.size, tar.len() as u64);
        assert_eq!(composed.diff_id, Digest::sha256(&tar));
        let names: Vec<String> = entries(&tar);
        assert_eq!(names, ["a/ 1000", "link 1000", "z 1000", "a/file 1000", "a/.wh.gone 0"]);
    }

    #[test]
    fn nothing_is_no_layer() {
        assert_eq!(compose(layer().path(), Ownership::Root, Times::Own).unwrap(), None);
    }

    #[test]
    fn privileged_no_two_trees_have_one_stream() {
        let refused = |folder: &tempfile::TempDir, why: &str| {
            let error = compose(folder.path(), Ownership::Root, Times::Own).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        };
        let named = layer();
        std::fs::write(named.path().join("diff/.wh.etc"), "").unwrap();
        refused(&named, "`.wh.etc`");
        let attribute = layer();
        let file = File::create(attribute.path().join("diff/f")).unwrap();
        rustix::fs::fsetxattr(&file, "user.a=b", b"c", rustix::fs::XattrFlags::empty()).unwrap();
        refused(&attribute, "has a =");
        let socket = layer();
        let place = socket.path().join("diff/s");
        drop(std::os::unix::net::UnixListener::bind(&place).unwrap());
        assert_eq!(compose(socket.path(), Ownership::Root, Times::Own).unwrap(), None);
        assert!(std::fs::symlink_metadata(&place).is_err());
    }

    /// Names and times.
    fn entries(tar: &[u8]) -> Vec<String> {
        let mut parser = tar_core::parse::Parser::new(tar_core::parse::Limits::default());
        let (mut at, mut names) = (0, Vec::new());
        while let Ok(event) = parser.parse(&tar[at..]) {
            match event {
                tar_core::parse::ParseEvent::Entry { consumed, entry } => {
                    names.push(format!("{} {}", String::from_utf8_lossy(&entry.path), entry.mtime));
                    at += consumed + entry.size.next_multiple_of(512) as usize;
                }
                _ => break,
            }
        }
        names
    }
}
