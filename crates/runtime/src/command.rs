//! Finding the command: a name without a slash is looked for in the PATH of the process's own environment, inside the container.

use crate::error::Error;
use crate::error::ErrorKind::{self, CommandNotExecutable, CommandNotFound};
use rustix::fs::{Access, FileType};
use std::ffi::CString;

/// The file to execute and argv.
pub(crate) fn find(args: &[String], environment: &[CString], init: bool) -> Result<(CString, Vec<CString>), Error> {
    let Some(name) = args.first() else {
        return Err(Error::other("no command was given and the image has none"));
    };
    let path = executable(name, environment)?;
    let mut arguments = args.iter().map(|arg| zero_free(arg)).collect::<Result<Vec<_>, _>>()?;
    if !init {
        return Ok((zero_free(&path)?, arguments));
    }
    // Podman's: `/run/podman-init -- COMMAND…`.
    let init = zero_free(crate::child::INIT_PATH)?;
    arguments.splice(0..0, [init.clone(), c"--".to_owned()]);
    Ok((init, arguments))
}

/// Whether it is there at all, whoever may run it: what is missing is told before anybody starts it.
pub(crate) fn check_presence(args: &[String], env: &[String]) -> Result<(), Error> {
    let environment: Vec<CString> = env.iter().filter_map(|entry| CString::new(entry.as_str()).ok()).collect();
    match args.first().map_or(Ok(String::new()), |name| executable(name, &environment)) {
        Err(error) if error.kind == CommandNotFound => Err(error),
        _ => Ok(()),
    }
}

fn zero_free(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::other(format!("`{}` contains a zero byte", text.escape_debug())))
}

/// As the user that will run it.
fn executable(name: &str, environment: &[CString]) -> Result<String, Error> {
    if name.contains('/') {
        return check(name).map(|()| name.to_owned());
    }
    let path = environment.iter().find_map(|entry| entry.to_str().ok()?.strip_prefix("PATH="));
    let path = path.unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let mut forbidden = false;
    for folder in path.split(':') {
        let candidate = format!("{}/{name}", if folder.is_empty() { "." } else { folder });
        match runnable(&candidate) {
            Ok(true) => return Ok(candidate),
            Ok(false) => {}
            Err(()) => forbidden = true,
        }
    }
    Err(match forbidden {
        true => failed(format!("executable file `{name}` in $PATH may not be run"), CommandNotExecutable, libc::EACCES),
        false => failed(format!("executable file `{name}` not found in $PATH"), CommandNotFound, libc::ENOENT),
    })
}

/// What is wrong with a command that is a path, in crun's words.
fn check(path: &str) -> Result<(), Error> {
    let stat = match rustix::fs::stat(path) {
        Ok(stat) => stat,
        Err(rustix::io::Errno::NOENT) => {
            return Err(failed(format!("executable file `{path}` not found"), CommandNotFound, libc::ENOENT));
        }
        Err(error) => return Err(failed(format!("open `{path}`"), CommandNotExecutable, error.raw_os_error())),
    };
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(failed(format!("the path `{path}` is not a regular file"), CommandNotExecutable, libc::EPERM));
    }
    match rustix::fs::access(path, Access::EXEC_OK) {
        Ok(()) => Ok(()),
        Err(_) => {
            Err(failed(format!("the path `{path}` exists but it is not executable"), CommandNotExecutable, libc::EPERM))
        }
    }
}

/// `Err`: it is there, but not for us.
fn runnable(path: &str) -> Result<bool, ()> {
    let Ok(stat) = rustix::fs::stat(path) else { return Ok(false) };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        return Ok(false);
    }
    rustix::fs::access(path, Access::EXEC_OK).map(|()| true).map_err(drop)
}

fn failed(what: String, kind: ErrorKind, errno: i32) -> Error {
    Error { what, kind, source: Some(std::io::Error::from_raw_os_error(errno)) }
}

/// What the trampoline's exec said; the file itself was found before.
pub(crate) fn exec_failed(name: &str, errno: i32) -> Error {
    match errno {
        libc::ENOENT | libc::ENOTDIR => {
            failed(format!("exec `{name}` (is its interpreter or dynamic loader missing?)"), CommandNotFound, errno)
        }
        _ => failed(format!("exec `{name}`"), CommandNotExecutable, errno),
    }
}
