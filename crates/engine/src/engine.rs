//! [`Engine`]: configuration, store and database of one user, opened as late as possible.

use crate::Error;
use crate::state::Database;
use crate::state::live::Runs;
use config::Environment;
use config::containers::ContainersConf;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use store::{Location, Ownership, Store};

/// Global options.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Options {
    /// `--root`: graphroot, e.g. `/var/lib/containers/storage`.
    pub root: Option<PathBuf>,
    /// `--runroot`, e.g. `/run/containers/storage`.
    pub runroot: Option<PathBuf>,
    /// Who runs this.
    pub privilege: Privilege,
    /// `--cgroup-manager`, when given.
    pub cgroup_manager: Option<crate::CgroupManager>,
    /// Where temporary files go, instead of into the store's folder.
    pub scratch: Option<PathBuf>,
    /// Image stores that are only read, with `root`: otherwise storage.conf says which.
    pub image_stores: Vec<PathBuf>,
}

/// With which rights the engine works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Privilege {
    /// Real root (of the initial user namespace, or of one that somebody else made).
    Root,
    /// Root of a user namespace that minke made for an ordinary user.
    User {
        /// Outside.
        uid: u32,
        /// Outside.
        gid: u32,
        /// Only this one id is mapped: there are no subordinate ids.
        single_id: bool,
    },
}

impl Privilege {
    /// Not real root.
    pub fn is_rootless(self) -> bool {
        matches!(self, Privilege::User { .. })
    }

    /// The ordinary user's id.
    pub fn user(self) -> Option<u32> {
        match self {
            Privilege::Root => None,
            Privilege::User { uid, .. } => Some(uid),
        }
    }
}

/// An open engine.
pub struct Engine {
    pub(crate) options: Options,
    pub(crate) environment: Environment,
    pub(crate) graphroot: PathBuf,
    pub(crate) runroot: PathBuf,
    image_stores: Vec<PathBuf>,
    config: ContainersConf,
    store: Store,
    runs: Runs,
    database: RefCell<Option<Rc<Database>>>,
    trash: Cell<bool>,
    /// Something was built.
    built: Cell<bool>,
    forked: Cell<bool>,
}

impl Engine {
    /// Reads the configuration and opens the store; the database is opened when first needed.
    pub fn open(options: Options) -> Result<Engine, Error> {
        let environment = Environment::from_process(options.privilege.user());
        let config = config::containers::load(&environment, &[])?;
        let Places { graphroot, runroot, image_stores } = places(&options, &environment)?;
        let ownership = match options.privilege {
            Privilege::Root => Ownership::Root,
            Privilege::User { single_id: false, .. } => Ownership::UserNamespace,
            Privilege::User { single_id: true, .. } => Ownership::SingleId,
        };
        let location = Location { root: graphroot.join("minke"), run: runroot.join("minke"), ownership };
        let runs = Runs::new(&location.run);
        own_run_folder(&location.run)?;
        let store =
            Store::open(location)?.with_additional(image_stores.iter().cloned()).with_scratch(options.scratch.clone());
        let database = RefCell::new(None);
        Ok(Engine {
            options,
            environment,
            graphroot,
            runroot,
            image_stores,
            config,
            store,
            runs,
            database,
            trash: Cell::new(false),
            built: Cell::new(false),
            forked: Cell::new(false),
        })
    }

    /// Who runs this.
    pub fn privilege(&self) -> Privilege {
        self.options.privilege
    }

    /// containers.conf, merged.
    pub fn config(&self) -> &ContainersConf {
        &self.config
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// `<runroot>/minke`.
    pub(crate) fn run_folder(&self) -> &Path {
        &self.store.location().run
    }

    pub(crate) fn database(&self) -> Result<Rc<Database>, Error> {
        if let Some(database) = self.open_database() {
            return Ok(database);
        }
        if self.forked.get() {
            return Err(Error::State("the database can't be used in a forked process".to_owned()));
        }
        let database = Rc::new(Database::open(&self.database_file())?);
        *self.database.borrow_mut() = Some(Rc::clone(&database));
        Ok(database)
    }

    /// The database if it is open.
    pub(crate) fn open_database(&self) -> Option<Rc<Database>> {
        self.database.borrow().clone()
    }

    /// The same places again, whatever the configuration says by then.
    pub(crate) fn settled_options(&self) -> Options {
        Options {
            root: Some(self.graphroot.clone()),
            runroot: Some(self.runroot.clone()),
            image_stores: self.image_stores.clone(),
            ..self.options.clone()
        }
    }

    /// The database's log has grown.
    pub(crate) fn has_untidy_database(&self) -> bool {
        Database::is_untidy(&self.database_file())
    }

    /// Keeps the database's log short, so that it is opened quickly. Syncs: only behind an answer.
    pub(crate) fn tidy_database(&self) {
        if self.has_untidy_database()
            && let Err(error) = self.database().and_then(|database| database.tidy())
        {
            log::debug!("tidy database: {}", error.chain());
        }
    }

    fn database_file(&self) -> PathBuf {
        self.store.location().root.join("state.db")
    }

    /// In a forked process: SQLite's connections don't survive a fork, not even to be closed, and its memory of open files
    /// is the parent's, so that no new one can be opened either.
    pub(crate) fn forget_database(&self) {
        std::mem::forget(self.database.borrow_mut().take());
        self.forked.set(true);
    }
}

impl Engine {
    /// Something was thrown away: it is deleted behind the answer, when this engine is dropped.
    pub(crate) fn left_trash(&self) {
        self.trash.set(true);
    }

    /// The build cache may have grown: it is looked after behind the answer.
    pub(crate) fn has_built(&self) {
        self.built.set(true);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        crate::upkeep::idle_bridges(self);
        crate::upkeep::behind(self, self.trash.get(), self.built.get());
    }
}

/// Where everything is.
struct Places {
    graphroot: PathBuf,
    runroot: PathBuf,
    image_stores: Vec<PathBuf>,
}

/// `--root` takes the place of all that storage.conf says, as Podman's does.
fn places(options: &Options, environment: &Environment) -> Result<Places, Error> {
    if let (Some(root), Some(runroot)) = (&options.root, &options.runroot) {
        let image_stores = options.image_stores.clone();
        return Ok(Places { graphroot: absolute(root)?, runroot: absolute(runroot)?, image_stores });
    }
    let storage = config::storage::load(environment)?;
    let graphroot = match &options.root {
        Some(root) => absolute(root)?,
        None => storage.graphroot(environment).ok_or_else(|| {
            Error::Invalid("where to keep images: neither storage.conf nor $HOME says; set one, or use --root".into())
        })?,
    };
    let runroot = match &options.runroot {
        Some(runroot) => absolute(runroot)?,
        None => storage.runroot(environment)?,
    };
    let image_stores = match &options.root {
        Some(_) => options.image_stores.clone(),
        None => storage.additional_image_stores,
    };
    Ok(Places { graphroot, runroot, image_stores })
}

/// What is in it is believed (which process is to be killed, say), and its locks are waited for: others must have no part in it.
fn own_run_folder(folder: &Path) -> Result<(), Error> {
    sys::private_folder::make(folder).map_err(|error| {
        let folder = folder.display();
        Error::Invalid(format!(
            "use run folder `{folder}`: {error} (--runroot, or runroot in storage.conf, can name a folder of your own)"
        ))
    })
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|source| Error::Io { what: "find folder", path: path.to_owned(), source })
}
