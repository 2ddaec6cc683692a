//! Overlays as detached mounts (kernel: Documentation/filesystems/overlayfs.rst).

use crate::Overlay;
use crate::error::{Error, Tried};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// One that can be written to.
pub(crate) fn mount(overlay: &Overlay) -> Result<OwnedFd, Error> {
    if overlay.volatile {
        forget_volatile(overlay)?;
    }
    let context = Context::of(&overlay.lower)?;
    context.set("upperdir", &overlay.upper)?;
    context.set("workdir", &overlay.work)?;
    // A moved folder is a copy, as layers want it: a mark that says where it was would mean nothing elsewhere.
    if !overlay.userxattr {
        context.set("redirect_dir", Path::new("off"))?;
    }
    for (word, wanted) in [("userxattr", overlay.userxattr), ("volatile", overlay.volatile)] {
        if wanted {
            rustix::mount::fsconfig_set_flag(context.0.as_fd(), word)
                .tried(|| format!("set the overlay's option `{word}`"))?;
        }
    }
    context.finish(MountAttrFlags::empty(), || format!("mount the overlay of `{}`", overlay.merged.display()))
}

/// One of two layers at least (uppermost first), with these attributes.
pub(crate) fn mount_layers(layers: &[PathBuf], attributes: MountAttrFlags) -> Result<OwnedFd, Error> {
    Context::of(layers)?.finish(attributes, || "mount the layers' overlay".to_owned())
}

/// An overlay being configured.
struct Context(OwnedFd);

impl Context {
    fn of(lower: &[PathBuf]) -> Result<Context, Error> {
        let opened = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC);
        let context = Context(opened.tried(|| "ask for an overlay file system")?);
        context.add_lower(lower)?;
        // Only shown in mountinfo.
        context.set("source", Path::new("overlay"))?;
        Ok(context)
    }

    /// One by one; kernels before 6.5 know only the list, whose separators must be escaped.
    fn add_lower(&self, lower: &[PathBuf]) -> Result<(), Error> {
        for (index, layer) in lower.iter().enumerate() {
            match self.set("lowerdir+", layer) {
                Err(error) if index == 0 && error.errno() == Some(libc::EINVAL) => {
                    let escape = |layer: &PathBuf| layer.to_string_lossy().replace('\\', "\\\\").replace(':', "\\:");
                    let list: Vec<_> = lower.iter().map(escape).collect();
                    return self.set("lowerdir", Path::new(&list.join(":")));
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn set(&self, key: &str, value: &Path) -> Result<(), Error> {
        rustix::mount::fsconfig_set_string(self.0.as_fd(), key, value).map_err(|error| {
            Error::of_mount(self.0.as_fd(), format!("give `{}` to the overlay as {key}", value.display()), error)
        })
    }

    fn finish(self, attributes: MountAttrFlags, what: impl Fn() -> String) -> Result<OwnedFd, Error> {
        rustix::mount::fsconfig_create(self.0.as_fd())
            .map_err(|error| Error::of_mount(self.0.as_fd(), what(), error))?;
        rustix::mount::fsmount(self.0.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes).tried(what)
    }
}

/// Removes the mark of a former volatile mount, which the kernel refuses to reuse (overlayfs.rst "Volatile mount").
fn forget_volatile(overlay: &Overlay) -> Result<(), Error> {
    match std::fs::remove_dir_all(overlay.work.join("work/incompat")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.tried(|| format!("clean `{}`", overlay.work.display())),
    }
}
