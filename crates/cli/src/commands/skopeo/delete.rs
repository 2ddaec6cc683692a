//! `skopeo delete`.

use super::access::{self, AUTHFILE, ONE, PLACE, RETRY};
use super::{failed, global, location};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use image::Location;

/// `skopeo delete`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE-NAME",
    summary: "Delete an image where it is",
    details: "In a registry the manifest goes that the name stands for, and with it all tags that stand for the same; in \
              an oci: layout the image, and what of it no other image needs; in the store (containers-storage:) the image \
              with all its names.",
    examples: &["skopeo delete docker://registry.example.com/app:old", "skopeo delete oci:layout:old"],
    flags: &[AUTHFILE, ONE, PLACE, RETRY, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [name] = matches.arguments.as_slice() else {
        return Err(Failure::new("Exactly one argument expected"));
    };
    let location = location(name, "Invalid source name")?;
    let options = access::options(matches, "")?;
    engine::image::delete(context.engine()?, &location, &options).map_err(|error| match (&location, error) {
        (_, engine::Error::Image(image::Error::Direction { transport, .. })) => {
            Failure::new(format!("Deleting images not implemented for {transport}: images"))
        }
        (Location::Docker(reference), error) => failed(error).code(1).context(format!("Unable to delete {reference}")),
        (_, error) => failed(error),
    })?;
    Ok(0)
}
