//! `skopeo list-tags`.

use super::access::{self, AUTHFILE, ONE, RETRY};
use super::{failed, global};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{json, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use serde_json::json;

/// `skopeo list-tags`
pub static COMMAND: Command = Command {
    usage: "[options] SOURCE-IMAGE",
    summary: "List the tags of a repository",
    details: "Lists the tags of a repository docker://REGISTRY/REPOSITORY, or the names in docker-archive:FILE.",
    examples: &["skopeo list-tags docker://quay.io/podman/hello"],
    flags: &[AUTHFILE, ONE, RETRY, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [name] = matches.arguments.as_slice() else {
        return Err(Failure::new("Exactly one non-option argument expected"));
    };
    let options = access::options(matches, "")?;
    if let Some(archive) = name.strip_prefix("docker-archive:") {
        let tags = engine::image::archive_tags(context.engine()?, archive).map_err(|error| failed(error).code(1))?;
        return stream::line(&json::pretty(&json!({ "Tags": tags }), "    ")?).map(|()| 0);
    }
    let repository = repository(name)?;
    let (name, tags) = engine::image::tags(context.engine()?, repository, &options)
        .map_err(|error| failed(error).code(1).context("Error listing repository tags"))?;
    stream::line(&json::pretty(&json!({ "Repository": name, "Tags": tags }), "    ")?)?;
    Ok(0)
}

/// `docker://` and a repository without tag or digest.
fn repository(text: &str) -> Result<&str, Failure> {
    let wrong = |why: &str| Err(Failure::new(why));
    let Some((transport, rest)) = text.split_once(':') else {
        return wrong(&format!(
            "Invalid image name {}, expected colon-separated transport:reference",
            crate::output::quote(text)
        ));
    };
    let Some(repository) = rest.strip_prefix("//").filter(|_| transport == "docker") else {
        return wrong(&format!(
            "Unsupported transport '{transport}' for tag listing. Only supported: docker, docker-archive"
        ));
    };
    match repository.parse::<oci::reference::Name>() {
        Ok(name) if name.tag.is_some() || name.digest.is_some() => wrong("No tag or digest allowed in reference"),
        Ok(_) => Ok(repository),
        Err(error) => wrong(&error.to_string()),
    }
}
