//! Containerfiles whose name ends with `.in` are read by the C preprocessor first, as Buildah does it.

use crate::error::Failure;
use crate::output::logger;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What cpp makes of a text; files that it includes are looked for in `folder`.
pub(super) fn preprocess(name: &str, text: &str, folder: &Path, flags: &[String]) -> Result<String, Failure> {
    let failed = |why: &str| Failure::new(format!("preprocess {name}: {why}"));
    let mut command = Command::new("cpp");
    command.args(["-E", "-P", "-traditional", "-undef", "-iquote"]).arg(folder).args(flags).arg("-");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed("there is no program cpp on the PATH: install it"),
        _ => failed(&error.to_string()),
    })?;
    // All of its input is read before the first line is written, so neither waits for the other for ever.
    let stdin = child.stdin.take();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes())));
    let output = child.wait_with_output().map_err(|error| failed(&error.to_string()))?;
    drop(writer.join());
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).take(MOST_LINES).collect();
    match output.status.code() {
        Some(0) => {}
        // Comments look like directives to it: that is no mistake.
        Some(1) if !output.stdout.is_empty() => {
            said.iter().for_each(|line| logger::line("warning", &format!("preprocess {name}: {line}")));
        }
        _ => return Err(failed(&format!("cpp: {}", said.join("; ")))),
    }
    String::from_utf8(output.stdout).map_err(|_| failed("what cpp wrote is not UTF-8"))
}

/// Of what cpp complains of.
const MOST_LINES: usize = 5;
