//! `docker-daemon:`: the images of a Docker daemon. It gives and takes archives as `docker save` writes them: what is read
//! goes through a temporary file, what is written streams.

use super::docker_archive::{DockerArchiveSink, DockerArchiveSource};
use super::tar_file::Output;
use crate::archive::from_named_stream;
use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::location::{DaemonImage, Pick};
use crate::sink::{Blob, Needs, Place, Sink};
use crate::source::Fetched;
use crate::{Context, Error, Location};
use registry::{Daemon, Security};
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use store::Store;

/// The daemon that the context speaks of.
fn daemon(context: &Context) -> Result<Daemon, Error> {
    let own = &context.environment;
    let security = if context.tls_verify == Some(false) { Security::Insecure } else { Security::Verified };
    let cert_dir = context.cert_dir.clone().or_else(|| own.docker_cert_path.clone());
    let environment = own.docker_host.as_deref().map(|host| (host, own.docker_tls));
    Ok(Daemon::new(context.daemon_host.as_deref(), environment, cert_dir, security)?)
}

/// Fetches an image; its layers lie in a temporary file then.
pub(super) fn open(store: &Store, context: &Context, image: &DaemonImage) -> Result<DockerArchiveSource, Error> {
    let location = Location::Daemon(image.clone());
    let name = match image {
        DaemonImage::Id(id) => id.to_string(),
        DaemonImage::Name(reference) => reference.to_string(),
    };
    let mut stream = daemon(context)?.save(&name)?;
    let archive = Arc::new(from_named_stream(store, &mut stream, location.to_string())?);
    DockerArchiveSource::open(archive, location, Some(&Pick::Index(0)))
}

/// An image on its way to a daemon.
pub(super) struct DaemonSink<'a> {
    location: Location,
    /// Writes into the pipe; `None` once it is closed.
    archive: Mutex<Option<DockerArchiveSink<'a>>>,
    /// Reads from the pipe and sends.
    sender: Mutex<Option<JoinHandle<Result<(), registry::Error>>>>,
}

impl<'a> DaemonSink<'a> {
    /// Begins to send at once.
    pub(super) fn open(store: &'a Store, context: &Context, image: &DaemonImage) -> Result<DaemonSink<'a>, Error> {
        let DaemonImage::Name(reference) = image else {
            let why = "a destination of docker-daemon: is a name, not an ID";
            return Err(Error::Name { name: Location::Daemon(image.clone()).to_string(), why });
        };
        if reference.digest.is_some() {
            let why = "a destination of docker-daemon: needs a tag, not a digest";
            return Err(Error::Name { name: reference.to_string(), why });
        }
        let daemon = daemon(context)?;
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
            .map_err(|error| Error::io("make a pipe")(error.into()))?;
        let (mut reader, writer) = (File::from(reader), File::from(writer));
        let sender = std::thread::spawn(move || daemon.load(&mut reader));
        let name = Pick::Name(reference.to_string());
        let archive = DockerArchiveSink::create(store, Output::Stream(&writer), Some(&name))?;
        Ok(DaemonSink {
            location: Location::Daemon(image.clone()),
            archive: Mutex::new(Some(archive)),
            sender: Mutex::new(Some(sender)),
        })
    }

    fn with<T>(&self, work: impl FnOnce(&DockerArchiveSink<'a>) -> Result<T, Error>) -> Result<T, Error> {
        let archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let result = archive.as_ref().map_or_else(|| Err(Error::Unverified { what: self.location.to_string() }), work);
        drop(archive);
        // When the daemon hung up, what it said is the reason and not the broken pipe.
        match result {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
                let what = format!("send to {}", self.location);
                self.end().and(Err(Error::io(what)(std::io::ErrorKind::BrokenPipe.into())))
            }
            result => result,
        }
    }

    /// Closes the pipe; what the daemon said.
    fn end(&self) -> Result<(), Error> {
        drop(self.archive.lock().unwrap_or_else(PoisonError::into_inner).take());
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        match sender.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => Ok(result?),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Sink for DaemonSink<'_> {
    fn name(&self) -> String {
        self.location.to_string()
    }

    fn location(&self) -> Location {
        self.location.clone()
    }

    fn needs(&self) -> Needs {
        DockerArchiveSink::NEEDS
    }

    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        self.with(|archive| archive.has(blob))
    }

    fn put(&self, blob: &Blob<'_>, content: Content<'_>) -> Result<Sum, Error> {
        self.with(|archive| archive.put(blob, content))
    }

    fn put_manifest(&self, manifest: &Fetched, place: Place) -> Result<(), Error> {
        self.with(|archive| archive.put_manifest(manifest, place))
    }

    fn commit(&self, copied: &Copied) -> Result<(), Error> {
        self.with(|archive| archive.commit(copied))?;
        self.end()
    }
}
