//! Secrets are read when they are needed, and kept in memory only.

use super::request::Secret;
use crate::error::Error;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

/// In bytes: it is kept in memory.
const LONGEST: u64 = 16 << 20;

/// The content of a secret; `None` if none of that name is given.
pub fn secret(secrets: &BTreeMap<String, Secret>, id: &str) -> Result<Option<Vec<u8>>, Error> {
    match secrets.get(id) {
        None => Ok(None),
        Some(Secret::File(path)) => {
            let mut content = Vec::new();
            let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut content));
            read.map_err(Error::io(format!("read the secret {id}")))?;
            match content.len() as u64 > LONGEST {
                true => Err(Error::Missing(format!("the secret {id} has more than {LONGEST} bytes"))),
                false => Ok(Some(content)),
            }
        }
        Some(Secret::Env(name)) => match std::env::var(name) {
            Ok(value) => Ok(Some(value.into_bytes())),
            Err(_) => Err(Error::Missing(format!("the secret {id} is in the variable {name}, which isn't set"))),
        },
    }
}
