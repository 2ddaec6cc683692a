//! `image trust show` and `image trust set`: policy.json.

use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::{stream, table};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::trust::{self, Entry, Files, Trust};
use std::path::PathBuf;

/// `image trust show`
pub static SHOW: Command = Command {
    usage: "[options] [REGISTRY]",
    summary: "Show which images are trusted",
    details: "Shows policy.json: from where images are accepted, and who has to have signed them. With a registry (or\n\
              repository), only what is said about it, what lies in it and what it lies in.",
    examples: &["image trust show", "image trust show --raw"],
    flags: &[SHOW_FLAGS, FILES],
    stops: false,
    arguments: Arguments::AtMost(1),
    needs: Needs::Nothing,
    run: show,
};

/// `image trust set`
pub static SET: Command = Command {
    usage: "[options] REGISTRY",
    summary: "Trust images of a registry, or don't",
    details: "Changes policy.json: for a registry, a namespace or a repository, or for `default`.",
    examples: &["image trust set --type reject default", "image trust set -f key.gpg quay.io/team"],
    flags: &[SET_FLAGS, FILES],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run: set,
};

static SHOW_FLAGS: &[Flag] = &[
    Flag::bool("json", "Show it as JSON").short('j'),
    Flag::bool("noheading", "No line with names of the columns").short('n'),
    Flag::bool("raw", "Show the file"),
];

static SET_FLAGS: &[Flag] = &[
    Flag::array("pubkeysfile", "stringArray", "File with public keys, by each of which images must be signed")
        .short('f'),
    Flag::text("type", "string", "What is asked for: signedBy, sigstoreSigned, accept, reject")
        .short('t')
        .default("signedBy"),
];

static FILES: &[Flag] = &[
    Flag::text("policypath", "string", "The policy's file").hidden(),
    Flag::text("registrypath", "string", "The folder of registries.d").hidden(),
];

fn files(matches: &Matches) -> Files {
    Files {
        policy: matches.text("policypath").map(Into::into),
        registries: matches.text("registrypath").map(Into::into),
    }
}

fn failed(error: image::Error) -> Failure {
    Failure::new(chain(&error))
}

fn show(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let environment = config::Environment::from_process(context.privilege().user());
    if matches.bool("raw") {
        return stream::line(&trust::raw(&environment, &files(matches)).map_err(failed)?).map(|()| 0);
    }
    let mut entries = trust::show(&environment, &files(matches)).map_err(failed)?;
    if let Some(registry) = matches.arguments.first() {
        entries.retain(|entry| concerns(entry, registry));
    }
    if matches.bool("json") {
        let text = serde_json::to_string_pretty(&entries).map_err(|error| Failure::new(error.to_string()))?;
        return stream::line(&text).map(|()| 0);
    }
    let heading = if matches.bool("noheading") { "" } else { "TRANSPORT\tNAME\tTYPE\tID\tSTORE\n" };
    let row = |e: &Entry| format!("{}\t{}\t{}\t{}\t{}\n", e.transport, e.repo_name, e.kind, e.gpg_id, e.sigstore);
    let rows: String = entries.iter().map(row).collect();
    stream::print(&table::align(&format!("{heading}{rows}"))).map(|()| 0)
}

/// The default, the registry's own, those in it and those around it.
fn concerns(entry: &Entry, registry: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '@']))
    };
    entry.transport == "all" || within(&entry.repo_name, registry) || within(registry, &entry.repo_name)
}

fn set(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let scope = &matches.arguments[0];
    if scope.is_empty() || scope.contains(char::is_whitespace) || scope.contains("://") {
        return Err(Failure::new(format!("invalid image uri: {scope}")).hint("write REGISTRY[/REPOSITORY], or default"));
    }
    let trust = wanted(matches)?;
    let environment = config::Environment::from_process(context.privilege().user());
    trust::set(&environment, &files(matches), scope, &trust).map_err(failed)?;
    Ok(0)
}

fn wanted(matches: &Matches) -> Result<Trust, Failure> {
    let kind = matches.text("type").unwrap_or("signedBy");
    let keys = matches.list("pubkeysfile").iter().map(|file| key_file(file)).collect::<Result<Vec<_>, _>>()?;
    match kind {
        "accept" | "insecureAcceptAnything" | "reject" if !keys.is_empty() => {
            Err(Failure::new(format!("{} public keys unexpectedly provided for trust type {kind}", keys.len())))
        }
        "signedBy" | "sigstoreSigned" if keys.is_empty() => {
            Err(Failure::new(format!("at least one public key must be defined for type '{kind}'"))
                .hint("name files with keys by --pubkeysfile"))
        }
        "accept" | "insecureAcceptAnything" => Ok(Trust::Accept),
        "reject" => Ok(Trust::Reject),
        "signedBy" => Ok(Trust::SignedBy(keys)),
        "sigstoreSigned" => Ok(Trust::SigstoreSigned(keys)),
        other => Err(Failure::new(format!(
            "invalid choice: {other} (choose from 'accept', 'reject', 'signedBy', 'sigstoreSigned')"
        ))),
    }
}

/// The policy is read from any folder, so paths in it are absolute.
fn key_file(file: &str) -> Result<PathBuf, Failure> {
    std::fs::canonicalize(file).map_err(|e| Failure::new(format!("public key `{file}`: {e}")))
}
