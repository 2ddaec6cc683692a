//! A stored list as a source: its images are read from wherever they are.

use crate::source::{Fetched, Source};
use crate::transport::open_source;
use crate::{Context, Error, Location};
use oci::image::{Descriptor, Manifest};
use oci::{Digest, media_type};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Image, Member, Store};

/// A list and all that it leads to.
pub struct ListSource<'a> {
    store: &'a Store,
    name: String,
    list: Image,
    members: Vec<Member>,
    files: HashMap<Digest, PathBuf>,
    origins: BTreeMap<String, Box<dyn Source + 'a>>,
    /// In which of the origins a blob is.
    elsewhere: HashMap<Digest, String>,
    /// The image that is being read has its layers in the store. Images are read one after the other.
    reading_stored: AtomicBool,
}

impl<'a> ListSource<'a> {
    /// `name` is for messages; `list` has to be one.
    pub fn open(store: &'a Store, context: &Context, list: Image, name: String) -> Result<ListSource<'a>, Error> {
        let members = match &list.list {
            Some(list) => list.members.clone(),
            None => return Err(Error::NoList { name }),
        };
        let mut source = ListSource {
            store,
            name,
            list,
            members,
            files: HashMap::new(),
            origins: BTreeMap::new(),
            elsewhere: HashMap::new(),
            reading_stored: AtomicBool::new(false),
        };
        for member in source.members.clone() {
            source.find_blobs(context, member)?;
        }
        Ok(source)
    }

    fn find_blobs(&mut self, context: &Context, member: Member) -> Result<(), Error> {
        self.files.extend(member.files);
        let Some(origin) = member.origin else { return Ok(()) };
        if !self.origins.contains_key(&origin) {
            let location: Location = origin.parse()?;
            self.origins.insert(origin.clone(), open_source(self.store, context, &location)?);
        }
        // What isn't an image's manifest has no blobs.
        let bytes = self.store.blob(&member.manifest)?;
        if let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) {
            let blobs = manifest.layers.into_iter().chain([manifest.config]);
            self.elsewhere.extend(blobs.map(|blob| (blob.digest, origin.clone())));
        }
        Ok(())
    }

    fn is_stored_layer(&self, digest: &Digest) -> bool {
        self.members.iter().any(|member| member.layers.contains(digest))
    }
}

impl Source for ListSource<'_> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn location(&self) -> Location {
        Location::Storage(self.name.clone())
    }

    fn top(&self) -> Result<Fetched, Error> {
        let digest = self.list.manifest.clone();
        let media_type = Some(media_type::OCI_INDEX.to_owned());
        Ok(Fetched { bytes: self.store.blob(&digest)?, media_type, digest })
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let member = self.members.iter().find(|member| member.manifest == descriptor.digest);
        self.reading_stored.store(member.is_some_and(|member| member.origin.is_none()), Ordering::Relaxed);
        Ok(self.store.blob(&descriptor.digest)?)
    }

    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let digest = &descriptor.digest;
        if let Some(path) = self.files.get(digest) {
            let mut file = File::open(path).map_err(Error::io(format!("open {}", path.display())))?;
            file.seek(SeekFrom::Start(from)).map_err(Error::io(format!("read {}", path.display())))?;
            return Ok(Box::new(file));
        }
        let mut reader: Box<dyn Read + Send> = match self.elsewhere.get(digest).and_then(|at| self.origins.get(at)) {
            _ if self.is_stored_layer(digest) => Box::new(self.store.layer_reader(digest)?),
            Some(origin) => return origin.blob(descriptor, from),
            None => Box::new(Cursor::new(self.store.blob(digest)?)),
        };
        std::io::copy(&mut reader.by_ref().take(from), &mut std::io::sink())
            .map_err(Error::io(format!("read {digest}")))?;
        Ok(reader)
    }

    fn kept_as(&self, diff_id: &Digest) -> Result<Option<Descriptor>, Error> {
        // An image that is elsewhere stays as it is there, even if layers of it are stored.
        if !self.reading_stored.load(Ordering::Relaxed) || !self.is_stored_layer(diff_id) {
            return Ok(None);
        }
        let size = self.store.layer_size(diff_id)?;
        Ok(Some(Descriptor::new(media_type::OCI_LAYER, diff_id.clone(), size)))
    }
}
