//! `untag`: names go, the image stays.

use super::{find_record, full_name};
use crate::{Engine, Error};

/// Takes names away; without any, all that the image has.
pub fn untag(engine: &Engine, image: &str, names: &[String]) -> Result<(), Error> {
    let (image, _) = find_record(engine, image)?;
    let all = names.is_empty();
    let names = match names {
        [] => image.names.clone(),
        names => names.iter().map(|name| full_name(name)).collect::<Result<Vec<_>, _>>()?,
    };
    if let Some(unknown) = names.iter().find(|name| !image.names.contains(name)) {
        return Err(Error::Invalid(format!("{unknown}: tag not known")));
    }
    for name in &names {
        engine.store().untag(name)?;
    }
    if all {
        engine.store().unpin(&image.id, None)?;
    }
    Ok(())
}
