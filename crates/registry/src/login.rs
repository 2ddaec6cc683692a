//! Whether a registry takes credentials: `GET /v2/`, answered for nobody in particular.

use crate::authorization::Scope;
use crate::send::{Exchange, Target, error_of};
use crate::{Client, Error};

impl Client {
    /// Fails with [`Error::Unauthorized`] if the registry doesn't take the credentials of this client.
    pub fn check_credentials(&self) -> Result<(), Error> {
        let what = format!("log in to {}", self.registry);
        let response = self.send(&what, Target::Path("/v2/"), &Scope::nothing(), &Exchange::get())?;
        if response.status() == 200 { Ok(()) } else { Err(error_of(self, &what, &self.registry, response)) }
    }
}
