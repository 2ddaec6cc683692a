//! `--change`: an image's configuration, in a Dockerfile's words.

use crate::error::Failure;
use crate::output::quote;
use oci::image::config::{ContainerConfig, Empty};

/// What all changes together say.
pub fn config(changes: &[String]) -> Result<ContainerConfig, Failure> {
    let mut config = ContainerConfig::default();
    changes.iter().try_for_each(|change| apply(change, &mut config))?;
    Ok(config)
}

/// The instruction ends at a space or `=`.
fn apply(change: &str, config: &mut ContainerConfig) -> Result<(), Failure> {
    let wrong = |why: &str| Failure::new(format!("invalid change {} - {why}", quote(change)));
    let change = change.trim();
    let Some((key, value)) = change.split_once([' ', '=']) else {
        return Err(wrong("must be formatted as KEY VALUE"));
    };
    let value = value.trim();
    let key = key.to_ascii_uppercase();
    if value.is_empty() {
        return Err(wrong(&format!("must provide a value for {key}")));
    }
    match key.as_str() {
        "USER" => config.user = value.to_owned(),
        "WORKDIR" => config.working_dir = value.to_owned(),
        "STOPSIGNAL" => {
            // Any number may be one of another system.
            if value.parse::<u32>().is_err() {
                let check = spec::signal::parse(value);
                check.map_err(|error| wrong(&format!("KILLSIGNAL must be given a valid signal: {error}")))?;
            }
            value.clone_into(&mut config.stop_signal);
        }
        "ONBUILD" => config.on_build.push(value.to_owned()),
        "CMD" => config.cmd = command(value),
        "ENTRYPOINT" => config.entrypoint = command(value),
        "EXPOSE" => {
            config.exposed_ports.insert(port(value).map_err(|why| wrong(&why))?, Empty {});
        }
        "VOLUME" => {
            let paths = list(value).unwrap_or_else(|| vec![value.to_owned()]);
            config.volumes.extend(paths.into_iter().map(|path| (path, Empty {})));
        }
        "ENV" => {
            let (name, value) = pair(value).ok_or_else(|| wrong("ENV must be formatted as KEY=VALUE"))?;
            let begin = format!("{name}=");
            config.env.retain(|entry| !entry.starts_with(&begin));
            config.env.push(format!("{begin}{value}"));
        }
        "LABEL" => {
            let (name, value) = pair(value).ok_or_else(|| wrong("LABEL must be formatted as KEY=VALUE"))?;
            config.labels.insert(name, value);
        }
        other => return Err(wrong(&format!("invalid instruction {other}"))),
    }
    Ok(())
}

/// A list of words, or a line for the shell.
fn command(value: &str) -> Vec<String> {
    list(value).unwrap_or_else(|| ["/bin/sh", "-c", value].map(str::to_owned).to_vec())
}

fn list(value: &str) -> Option<Vec<String>> {
    value.starts_with('[').then(|| serde_json::from_str(value).ok()).flatten()
}

/// `KEY=VALUE` or `KEY VALUE`; quotes around the value go.
fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once(['=', ' '])?;
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    (!key.is_empty()).then(|| (key.to_owned(), bare.to_owned()))
}

/// `PORT[/PROTOCOL]`.
fn port(text: &str) -> Result<String, String> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("EXPOSE protocol must be tcp, udp or sctp, not {}", quote(&protocol)));
    }
    match number.parse::<u16>() {
        Ok(number) if number > 0 => Ok(format!("{number}/{protocol}")),
        _ => Err("EXPOSE port must be a number from 1 to 65535".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(changes: &[&str]) -> Result<ContainerConfig, Failure> {
        config(&changes.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_dockerfiles_words() {
        let config = parsed(&[
            "CMD=x y",
            r#"ENTRYPOINT ["/a", "b"]"#,
            "ENV=A=1",
            "env A 2",
            "LABEL l=\"v w\"",
            "EXPOSE 80",
            "EXPOSE=53/UDP",
            "VOLUME /v",
        ])
        .unwrap();
        assert_eq!(config.cmd, ["/bin/sh", "-c", "x y"]);
        assert_eq!(config.entrypoint, ["/a", "b"]);
        assert_eq!(config.env, ["A=2"]);
        assert_eq!(config.labels["l"], "v w");
        assert_eq!(config.exposed_ports.keys().collect::<Vec<_>>(), ["53/udp", "80/tcp"]);
        assert!(config.volumes.contains_key("/v"));
    }

    #[test]
    fn nonsense_is_named() {
        for (change, why) in [
            ("FOO=x", "invalid change \"FOO=x\" - invalid instruction FOO"),
            ("CMD", "invalid change \"CMD\" - must be formatted as KEY VALUE"),
            ("USER ", "must be formatted as KEY VALUE"),
            ("EXPOSE x", "EXPOSE port"),
            ("EXPOSE 1/x", "EXPOSE protocol"),
            ("ENV x", "ENV must be formatted"),
        ] {
            let message = parsed(&[change]).unwrap_err().message.unwrap();
            assert!(message.contains(why), "{message}");
        }
    }
}
