//! What Go's types say of Podman's inspect objects, and JSON doesn't.

use crate::output::template::{JSON_FORM, Shape, Types};
use serde_json::Value;
use std::fmt::Write;

/// Of all kinds of objects.
pub const TYPES: Types = Types {
    root: "interface {}",
    maps: MAPS,
    times: &["Created", "StartedAt", "FinishedAt", "CheckpointedAt", "RestoredAt"],
    pointers: &[
        "Health",
        "Healthcheck",
        "HealthCheck",
        "StartupHealthCheck",
        "IPAMConfig",
        "SizeRw",
        "HostsFile",
        "IDMappings",
        "OnBuild",
        "Subject",
        "Platform",
    ],
    // Podman takes these where they are a whole action; Docker's are `Id` everywhere.
    aliases: &[("Id", "ID"), ("Src", "Source"), ("Dst", "Destination"), ("ImageID", "Image")],
    ..Types::NONE
};

const MAPS: &[&str] = &[
    "Labels",
    "Annotations",
    "PortBindings",
    "Ports",
    "Networks",
    "Tmpfs",
    "Data",
    "DriverOpts",
    "Sysctls",
    "Volumes",
    "ExposedPorts",
    "CgroupConf",
];

const NAMES: &[(&str, &str)] = &[
    ("Id", "ID"),
    ("Domainname", "DomainName"),
    ("HealthcheckMaxLogCount", "HealthMaxLogCount"),
    ("HealthcheckMaxLogSize", "HealthMaxLogSize"),
    ("UidMap", "UIDMap"),
    ("GidMap", "GIDMap"),
    ("created_by", "CreatedBy"),
    ("empty_layer", "EmptyLayer"),
];

const CONTAINER: Shape = Shape {
    names: NAMES,
    maps: MAPS,
    omitted: &[
        ("", "StaticDir", "OCIConfigPath", "\"\""),
        ("", "GraphDriver", "SizeRw", "null"),
        ("", "SizeRw", "SizeRootFs", "0"),
        ("State", "Pid", "ConmonPid", "0"),
        ("State", "FinishedAt", "Health", "null"),
        ("State", "Health", "Checkpointed", "false"),
        ("State", "Checkpointed", "CgroupPath", "\"\""),
        ("State", "RestoredAt", "CheckpointLog", "\"\""),
        ("State", "CheckpointLog", "CheckpointPath", "\"\""),
        ("State", "CheckpointPath", "RestoreLog", "\"\""),
        ("State", "RestoreLog", "Restored", "false"),
        ("State", "Restored", "StoppedByUser", "false"),
        ("Config", "StopSignal", "StartupHealthCheck", "null"),
        ("Config", "StartupHealthCheck", "Healthcheck", "null"),
        ("Config", "CreateCommand", "Timezone", "\"\""),
        ("Config", "Timezone", "SystemdMode", "false"),
        ("Config", "Umask", "Secrets", "[]"),
        ("Config", "Passwd", "ChrootDirs", "[]"),
        ("Config", "SdNotifyMode", "SdNotifySocket", "\"\""),
        ("Config", "SdNotifySocket", "ExposedPorts", "{}"),
        ("Config", "ExposedPorts", "V4PodmanCompatMarshal", "false"),
        ("HostConfig", "UsernsMode", "IDMappings", "null"),
        ("HostConfig", "OomKillDisable", "Init", "false"),
        ("HostConfig", "CgroupConf", "IntelRdtClosID", "\"\""),
        ("NetworkSettings", "IPPrefixLen", "SecondaryIPAddresses", "[]"),
        ("NetworkSettings", "GlobalIPv6PrefixLen", "SecondaryIPv6Addresses", "[]"),
        ("NetworkSettings", "MacAddress", "AdditionalMacAddresses", "[]"),
        ("NetworkSettings", "SandboxKey", "Networks", "{}"),
    ],
};

const IMAGE: Shape = Shape {
    names: &[("Id", "ID"), ("Healthcheck", "HealthCheck"), ("created_by", "CreatedBy"), ("empty_layer", "EmptyLayer")],
    maps: MAPS,
    omitted: &[
        ("", "NamesHistory", "HealthCheck", "null"),
        ("Config", "", "User", "\"\""),
        ("Config", "User", "ExposedPorts", "{}"),
        ("Config", "ExposedPorts", "Env", "[]"),
        ("Config", "Env", "Entrypoint", "[]"),
        ("Config", "Entrypoint", "Cmd", "[]"),
        ("Config", "Cmd", "Volumes", "{}"),
        ("Config", "Volumes", "WorkingDir", "\"\""),
        ("Config", "WorkingDir", "Labels", "{}"),
        ("Config", "Labels", "StopSignal", "\"\""),
        ("Config", "StopSignal", "ArgsEscaped", "false"),
        ("History", "Created", "CreatedBy", "\"\""),
        ("History", "CreatedBy", "Author", "\"\""),
        ("History", "Author", "Comment", "\"\""),
        ("History", "Comment", "EmptyLayer", "false"),
    ],
};

/// A container, an image (which has a `RootFS`) or an artifact (which comes so) as templates see it.
pub fn fields(object: Value) -> Value {
    if object.get(JSON_FORM).is_some() {
        return object;
    }
    if object.get("RootFS").is_some() {
        let mut image = IMAGE.apply(object);
        if let Some(check) = image.get_mut("HealthCheck") {
            healthcheck(check);
        }
        return image;
    }
    let mut container = CONTAINER.apply(object);
    // The same under the name that older templates use.
    let health = container["State"]["Health"].clone();
    healthcheck(&mut container["Config"]["Healthcheck"]);
    container["State"]["Healthcheck"] = health;
    let network = container["NetworkSettings"].clone();
    container["NetworkSettings"]["InspectBasicNetworkConfig"] = network;
    container
}

/// Go prints these as durations; JSON has nanoseconds, and nothing for none.
fn healthcheck(check: &mut Value) {
    let Some(fields) = check.as_object_mut() else { return };
    for (name, empty) in [
        ("Test", "[]"),
        ("StartPeriod", "0"),
        ("StartInterval", "0"),
        ("Interval", "0"),
        ("Timeout", "0"),
        ("Retries", "0"),
    ] {
        let value = fields.shift_remove(name);
        let value = value.or_else(|| serde_json::from_str(empty).ok()).unwrap_or_default();
        let duration = value.as_i64().filter(|_| name != "Retries").map(|nanoseconds| duration(nanoseconds).into());
        fields.insert(name.to_owned(), duration.unwrap_or(value));
    }
    if let Some(form) = fields.shift_remove(JSON_FORM) {
        fields.insert(JSON_FORM.to_owned(), form);
    }
}

/// Go's text of a `time.Duration`: `1h2m3.5s`, `300ms`, `0s`.
fn duration(nanoseconds: i64) -> String {
    let (sign, whole) = (if nanoseconds < 0 { "-" } else { "" }, nanoseconds.unsigned_abs());
    let decimal = |value: u64, unit: u64| {
        let fraction = format!("{:0width$}", value % unit, width = unit.ilog10() as usize);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() || unit == 1 { String::new() } else { format!(".{fraction}") };
        format!("{}{point}", value / unit)
    };
    let mut text = sign.to_owned();
    match whole {
        0 => text += "0s",
        1..1_000 => _ = write!(text, "{whole}ns"),
        1_000..1_000_000 => text += &(decimal(whole, 1_000) + "µs"),
        1_000_000..1_000_000_000 => text += &(decimal(whole, 1_000_000) + "ms"),
        _ => {
            let (minutes, rest) = (whole / 60_000_000_000, whole % 60_000_000_000);
            if minutes >= 60 {
                _ = write!(text, "{}h", minutes / 60);
            }
            if minutes > 0 {
                _ = write!(text, "{}m", minutes % 60);
            }
            text += &(decimal(rest, 1_000_000_000) + "s");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_as_go_writes_them() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5µs"),
            (300_000_000, "300ms"),
            (5_000_000_000, "5s"),
            (90_500_000_000, "1m30.5s"),
            (3_600_000_000_000, "1h0m0s"),
            (-2_000_000_000, "-2s"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }
}
