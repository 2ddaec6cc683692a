//! `system df`: how much room everything takes.

use crate::context::Context;
use crate::error::Failure;
use crate::output::report::{Report, is_json};
use crate::output::template::{JSON_FORM, Types};
use crate::output::{duration, size, stream, table};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::system::{ContainerUsage, ImageUsage, Sum, Usage, df};
use serde_json::{Value, json};

/// `system df`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Show how much room images, containers, volumes and the build cache take",
    details: "What images have in common counts once. RECLAIMABLE is what would be free if all went that isn't in use.",
    examples: &["system df", "system df --verbose", "system df --format '{{.Type}} {{.Size}}'"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("format", "string", "Show by a Go template, or json"),
    Flag::bool("verbose", "Show each image, container and volume").short('v'),
];

const TABLE: &str = "table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}";

const HEADERS: &[(&str, &str)] = &[
    ("Type", "TYPE"),
    ("Total", "TOTAL"),
    ("Active", "ACTIVE"),
    ("Size", "SIZE"),
    ("Reclaimable", "RECLAIMABLE"),
    ("RawSize", "RAW SIZE"),
    ("RawReclaimable", "RAW RECLAIMABLE"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let format = matches.text("format");
    if matches.bool("verbose") && format.is_some() {
        return Err(Failure::new("cannot combine --format and --verbose flags"));
    }
    let usage = df(context.engine()?)?;
    if matches.bool("verbose") {
        stream::print(&verbose(&usage))?;
        return Ok(0);
    }
    let kinds = [
        ("Images", usage.all_images),
        ("Containers", usage.all_containers()),
        ("Local Volumes", usage.all_volumes()),
        ("Build Cache", usage.cache),
    ];
    let rows: Vec<Value> = kinds.into_iter().map(|(kind, sum)| row(kind, sum)).collect();
    match format {
        Some(format) if is_json(format) => {
            let lines: Vec<String> = rows.iter().map(|row| format!("    {}", row[JSON_FORM])).collect();
            stream::line(&format!("[\n{}\n]", lines.join(",\n")))?;
        }
        format => {
            let types = Types { root: "*system.dfSummary", ..Types::NONE };
            let format = format.unwrap_or(TABLE);
            Report { name: "df", format, headers: HEADERS, noheading: false, types }.print(rows)?;
        }
    }
    Ok(0)
}

fn row(kind: &str, sum: Sum) -> Value {
    let percent = match sum.size {
        0 => 0,
        size => (sum.reclaimable as f64 * 100.0 / size as f64).round() as u64,
    };
    let mut row = json!({
        "Type": kind, "Total": sum.total, "Active": sum.active,
        "RawSize": sum.size, "RawReclaimable": sum.reclaimable,
        "TotalCount": sum.total, "Size": size::precise(sum.size),
        "Reclaimable": format!("{} ({percent}%)", size::precise(sum.reclaimable)),
    });
    row[JSON_FORM] = row.clone();
    if let Some(fields) = row.as_object_mut() {
        // In JSON only.
        fields.shift_remove("TotalCount");
    }
    row
}

fn verbose(usage: &Usage) -> String {
    let head = "REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS\n";
    let images: String = usage.images.iter().map(image).collect();
    let mut text = format!("Images space usage:\n\n{}", table::align(&format!("{head}{images}")));
    let head = "CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES\n";
    let containers: String = usage.containers.iter().map(container).collect();
    text += &format!("\nContainers space usage:\n\n{}", table::align(&format!("{head}{containers}")));
    let volumes = usage.volumes.iter().map(|v| format!("{}\t{}\t{}\n", v.name, v.links, size::precise(v.size)));
    let volumes: String = volumes.collect();
    text + &format!("\nLocal Volumes space usage:\n\n{}", table::align(&format!("VOLUME NAME\tLINKS\tSIZE\n{volumes}")))
}

fn image(image: &ImageUsage) -> String {
    let (repository, tag) = match &image.name {
        Some(name) => name.rsplit_once(':').unwrap_or((name, "<none>")),
        None => ("<none>", "<none>"),
    };
    let created = image.created.as_deref().and_then(duration::timestamp).map(duration::since).unwrap_or_default();
    format!(
        "{repository}\t{tag}\t{}\t{created}\t{}\t{}\t{}\t{}\n",
        short(&image.id),
        size::precise(image.size),
        size::precise(image.shared),
        size::precise(image.size.saturating_sub(image.shared)),
        image.containers,
    )
}

fn container(container: &ContainerUsage) -> String {
    let summary = &container.summary;
    let created = duration::timestamp(&summary.created_at).map(duration::since).unwrap_or_default();
    format!(
        "{}\t{}\t{}\t{}\t{}\t{created}\t{}\t{}\n",
        short(&summary.id),
        short(&summary.image_id),
        summary.command.join(" ").replace(['\t', '\n'], " "),
        container.volumes,
        size::precise(container.size),
        summary.state,
        summary.names.join(","),
    )
}

fn short(id: &str) -> String {
    id.chars().take(12).collect()
}
