//! A folder that is closed to other users: they can neither change what is in it nor hold its locks (whoever can open a file
//! can lock it).

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes the folder, and those above it, where missing. One that is there and ours is closed to others.
///
/// # Errors
/// Also when it belongs to another user, or is a link.
pub fn make(path: &Path) -> io::Result<()> {
    if is_private(path)? {
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::open(path, flags, Mode::empty())?;
    if rustix::fs::fstat(&folder)?.st_uid != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    Ok(rustix::fs::fchmod(&folder, Mode::RWXU)?)
}

/// One call in the usual case.
fn is_private(path: &Path) -> io::Result<bool> {
    match rustix::fs::lstat(path) {
        Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode).is_dir()
            && stat.st_uid == rustix::process::geteuid().as_raw()
            && stat.st_mode & 0o077 == 0),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::make;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn it_is_made_and_closed() {
        let scratch = std::env::temp_dir().join(format!("sys-private-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&scratch);
        let folder = scratch.join("run/minke");
        let mode = || std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        make(&folder).unwrap();
        assert_eq!(mode(), 0o700);
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o775)).unwrap();
        make(&folder).unwrap();
        assert_eq!(mode(), 0o700);
        symlink(&folder, scratch.join("link")).unwrap();
        assert!(make(&scratch.join("link")).is_err());
        std::fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn privileged_another_users_is_refused() {
        let scratch = std::env::temp_dir().join(format!("sys-others-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&scratch);
        std::fs::create_dir(&scratch).unwrap();
        chown(&scratch, Some(65534), None).unwrap();
        assert_eq!(make(&scratch).unwrap_err().to_string(), "it belongs to another user");
        std::fs::remove_dir_all(scratch).unwrap();
    }
}
