//! Log messages on standard error in the format that Podman's readers know (logrus' text format).

use log::{Level, LevelFilter, Log, Metadata, Record};

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

/// One message, and what it is about.
pub fn event(level: &str, message: &str, fields: &[(&str, &str)]) {
    let now = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().replace("+00:00", "Z");
    let mut text = format!("time=\"{now}\" level={level} msg={}", super::quote(message));
    for (name, value) in fields {
        text.push_str(&format!(" {name}={}", super::quote(value)));
    }
    super::stream::error_line(&text);
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
