//! `artifact inspect`: its manifest, as JSON or by a template.

use crate::commands::system::inspect::SHOW_FLAGS;
use crate::context::Context;
use crate::error::Failure;
use crate::output::template::{JSON_FORM, Types};
use crate::output::{json, report, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::artifact::Artifact;
use oci::image::{Descriptor, Manifest};
use serde_json::{Value, json};

/// `artifact inspect`
pub static COMMAND: Command = Command {
    usage: "[options] ARTIFACT",
    summary: "Show an artifact's manifest",
    details: "Shows name, digest and manifest of an artifact, as JSON or by a Go template. The artifact is given by its name \
              or by the beginning of its digest.",
    examples: &[
        "artifact inspect quay.io/myartifact/mytxt:latest",
        "artifact inspect --format '{{.Digest}}' quay.io/myartifact/mytxt:latest",
    ],
    flags: &[SHOW_FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

const TYPES: Types =
    Types { root: "interface {}", maps: &["Annotations"], pointers: &["Subject", "Platform"], ..Types::NONE };

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let artifact = engine::artifact::inspect(context.engine()?, &matches.arguments[0])?;
    match matches.text("format").filter(|format| !report::is_json(format)) {
        Some(format) => report::each("inspect", format, vec![fields(&artifact)], TYPES)?,
        None => stream::line(&json::unescaped(&object(&artifact), "     ")?)?,
    }
    Ok(0)
}

fn object(artifact: &Artifact) -> Value {
    json!({ "Manifest": artifact.manifest, "Name": artifact.name, "Digest": artifact.digest })
}

/// The same by Go's names, for templates.
pub fn fields(artifact: &Artifact) -> Value {
    let manifest = manifest(&artifact.manifest);
    json!({
        "Artifact": { "Manifest": manifest, "Name": artifact.name },
        "Manifest": manifest, "Name": artifact.name, "Digest": artifact.digest,
        "TotalSizeBytes": image::artifact::size(&artifact.manifest),
        JSON_FORM: object(artifact),
    })
}

fn manifest(manifest: &Manifest) -> Value {
    json!({
        "SchemaVersion": manifest.schema_version,
        "MediaType": manifest.media_type.as_deref().unwrap_or_default(),
        "ArtifactType": manifest.artifact_type.as_deref().unwrap_or_default(),
        "Config": descriptor(&manifest.config),
        "Layers": manifest.layers.iter().map(descriptor).collect::<Vec<_>>(),
        "Subject": manifest.subject.as_ref().map(descriptor),
        "Annotations": manifest.annotations,
        JSON_FORM: manifest,
    })
}

fn descriptor(descriptor: &Descriptor) -> Value {
    json!({
        "MediaType": descriptor.media_type, "Digest": descriptor.digest, "Size": descriptor.size,
        "URLs": descriptor.urls, "Annotations": descriptor.annotations,
        "Data": descriptor.data.as_deref().unwrap_or_default(),
        "Platform": descriptor.platform,
        "ArtifactType": descriptor.artifact_type.as_deref().unwrap_or_default(),
        JSON_FORM: descriptor,
    })
}
