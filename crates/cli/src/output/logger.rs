//! Log messages in the format that Podman's readers know (logrus' text format): on standard error, or where an engine that calls
//! us as its runtime wants them.

use log::{Level, LevelFilter, Log, Metadata, Record};
use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::sync::OnceLock;

struct Logger;

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = match record.level() {
                Level::Error => "error",
                Level::Warn => "warning",
                Level::Info => "info",
                Level::Debug => "debug",
                Level::Trace => "trace",
            };
            line(level, &record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// One message.
pub fn line(level: &str, message: &str) {
    event(level, message, &[]);
}

/// Where messages go in place of standard error.
#[derive(Debug)]
pub enum Destination {
    /// Lines of text, or of JSON with `msg`, `level` and `time`.
    File {
        /// Open for appending.
        file: File,
        /// The latter.
        json: bool,
    },
    /// systemd's, under this identifier.
    Journal(String),
    /// /dev/log, under this identifier.
    Syslog(String),
}

static DESTINATION: OnceLock<Destination> = OnceLock::new();

/// From now on messages go there.
pub fn send_to(destination: Destination) {
    // The first counts: one command line names one.
    let _ = DESTINATION.set(destination);
}

/// Whether they go elsewhere than to standard error.
pub fn is_elsewhere() -> bool {
    DESTINATION.get().is_some()
}

/// One message, and what it is about.
pub fn event(level: &str, message: &str, fields: &[(&str, &str)]) {
    match DESTINATION.get() {
        Some(Destination::File { file, json: true }) => json(file, level, message),
        Some(Destination::File { file, json: false }) => {
            drop(writeln!(&mut &*file, "{}", text(level, message, fields)))
        }
        Some(Destination::Journal(id)) => {
            let (priority, message) = (priority(level), message.replace('\n', " "));
            let entry = format!("PRIORITY={priority}\nSYSLOG_IDENTIFIER={id}\nMESSAGE={message}\n");
            datagram("/run/systemd/journal/socket", &entry);
        }
        // Facility 3: daemons.
        Some(Destination::Syslog(id)) => datagram("/dev/log", &format!("<{}>{id}: {message}", 3 * 8 + priority(level))),
        None => super::stream::error_line(&text(level, message, fields)),
    }
}

fn json(mut file: &File, level: &str, message: &str) {
    let line = serde_json::json!({ "msg": message, "level": level, "time": jiff::Timestamp::now().to_string() });
    let _ = file.write_all(format!("{line}\n").as_bytes());
}

/// syslog(3)'s levels.
fn priority(level: &str) -> u8 {
    match level {
        "debug" | "trace" => 7,
        "info" => 6,
        "warning" => 4,
        _ => 3,
    }
}

/// A reader that isn't there misses it.
fn datagram(socket: &str, text: &str) {
    let _ = UnixDatagram::unbound().and_then(|from| from.send_to(text.as_bytes(), socket));
}

fn text(level: &str, message: &str, fields: &[(&str, &str)]) -> String {
    let now = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().replace("+00:00", "Z");
    let mut text = format!("time=\"{now}\" level={level} msg={}", super::quote(message));
    for (name, value) in fields {
        text.push_str(&format!(" {name}={}", super::quote(value)));
    }
    text
}

/// Starts logging at `--log-level`'s word.
pub fn start(level: Option<&str>) -> Result<(), String> {
    let filter = match level.unwrap_or("warn").to_ascii_lowercase().as_str() {
        "trace" => LevelFilter::Trace,
        "debug" => LevelFilter::Debug,
        "info" => LevelFilter::Info,
        "warn" | "warning" => LevelFilter::Warn,
        "error" | "fatal" | "panic" => LevelFilter::Error,
        other => {
            return Err(format!(
                "log level {} is not supported, choose from: trace, debug, info, warn, warning, error, fatal, panic",
                super::quote(other)
            ));
        }
    };
    log::set_max_level(filter);
    // A second call can only come from a test in the same process.
    let _ = log::set_logger(&Logger);
    Ok(())
}
