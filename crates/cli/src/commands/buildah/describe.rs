//! What `buildah inspect` shows: Buildah's object, with the names that its JSON has and those that templates use.

use crate::output::template::JSON_FORM;
use engine::Engine;
use engine::working::{self, Working};
use oci::image::{ContainerConfig, ImageConfig};
use serde_json::{Map, Value, json};
use spec::namespaces::{Namespace, NsMode};

/// Of a working container.
pub fn working(engine: &Engine, working: &Working) -> Value {
    let mut object = common(working);
    let mounted = working::is_mounted(engine, &working.id).then(|| working::mount_point(engine, &working.id));
    object["Container"] = json!(working.name);
    object["ContainerID"] = json!(working.id);
    object["MountPoint"] = json!(mounted.map(|place| place.display().to_string()).unwrap_or_default());
    object["Capabilities"] = json!(working::capabilities(engine, working).unwrap_or_default());
    object["Devices"] = json!([]);
    object
}

/// Of an image, as if a working container had just been made of it.
pub fn image(working: &Working) -> Value {
    common(working)
}

fn common(working: &Working) -> Value {
    let base = working.base.as_ref();
    let text = |text: Option<&String>| json!(text.cloned().unwrap_or_default());
    let annotations = (!working.annotations.is_empty()).then_some(&working.annotations);
    let history = (!working.config.history.is_empty()).then_some(&working.config.history);
    json!({
        "Type": "buildah 0.0.1",
        "FromImage": text(base.map(|base| &base.name)),
        "FromImageID": text(base.map(|base| &base.id)),
        "FromImageDigest": base.map(|base| base.digest.to_string()).unwrap_or_default(),
        "GroupAdd": (!working.spec.process.groups.is_empty()).then_some(&working.spec.process.groups),
        "Config": text(base.map(|base| &base.config)),
        "Manifest": text(base.map(|base| &base.manifest)),
        "Container": "",
        "ContainerID": "",
        "MountPoint": "",
        "ProcessLabel": "",
        "MountLabel": "",
        "ImageAnnotations": annotations,
        "ImageCreatedBy": working.created_by,
        "OCIv1": oci_form(&working.config),
        "Docker": docker_form(&working.config),
        "DefaultMountsFilePath": "",
        "Isolation": if working.isolation.is_empty() { "oci" } else { &working.isolation },
        "NamespaceOptions": namespaces(working),
        "Capabilities": null,
        "ConfigureNetwork": match working.spec.network.mode.mode {
            NsMode::None => "NetworkDisabled",
            NsMode::Default => "NetworkDefault",
            _ => "NetworkEnabled",
        },
        "CNIPluginPath": "",
        "CNIConfigDir": "",
        "IDMappingOptions": {
            "HostUIDMapping": true, "HostGIDMapping": true, "UIDMap": [], "GIDMap": [], "AutoUserNs": false,
        },
        "History": history,
        "Devices": null,
        "DeviceSpecs": null,
        "CDIConfigDir": "",
    })
}

fn namespaces(working: &Working) -> Value {
    let spaces = &working.spec.namespaces;
    let user = &working.spec.users.userns;
    let one = |name: &str, namespace: &Namespace, host: bool| {
        let host = namespace.mode == NsMode::Host || (namespace.mode == NsMode::Default && host);
        let path = if namespace.mode == NsMode::Path { namespace.value.as_str() } else { "" };
        json!({"Name": name, "Host": host, "Path": path})
    };
    json!([
        one("cgroup", &spaces.cgroup, true),
        one("ipc", &spaces.ipc, false),
        one("mount", &Namespace::of(NsMode::Private), false),
        one("network", &working.spec.network.mode, false),
        one("pid", &spaces.pid, false),
        one("user", user, true),
        one("uts", &spaces.uts, false),
    ])
}

/// Go's names of fields, and under a key of its own what `json` makes of them.
fn oci_form(config: &ImageConfig) -> Value {
    let container = oci_config(config);
    let mut form = json!({
        "created": config.created, "author": config.author, "architecture": config.architecture, "os": config.os,
        "os.version": config.os_version, "os.features": filled(&config.os_features), "variant": config.variant,
        "config": container, "rootfs": root_fs(config), "history": filled(&config.history),
    });
    drop_nulls(&mut form);
    let mut fields = go_fields(config);
    fields["Config"] = all_fields(container);
    fields[JSON_FORM] = form;
    fields
}

/// What OCI's form has of it.
fn oci_config(config: &ImageConfig) -> Value {
    let container = ContainerConfig {
        hostname: String::new(),
        domainname: String::new(),
        healthcheck: None,
        on_build: Vec::new(),
        shell: Vec::new(),
        ..config.config.clone().unwrap_or_default()
    };
    json!(container)
}

/// A field that isn't in the JSON is an empty one for a template.
fn all_fields(mut container: Value) -> Value {
    for (name, empty) in [
        ("User", json!("")),
        ("ExposedPorts", json!({})),
        ("Env", json!(null)),
        ("Entrypoint", json!(null)),
        ("Cmd", json!(null)),
        ("Volumes", json!({})),
        ("WorkingDir", json!("")),
        ("Labels", json!({})),
        ("StopSignal", json!("")),
    ] {
        if container.get(name).is_none() {
            container[name] = empty;
        }
    }
    container
}

fn docker_form(config: &ImageConfig) -> Value {
    let container = docker_config(config);
    let mut form = json!({
        "comment": (!config.comment.is_empty()).then_some(&config.comment), "created": config.created,
        "container_config": container, "author": config.author, "config": container,
        "architecture": config.architecture, "variant": config.variant, "os": config.os,
        "rootfs": (!config.rootfs.diff_ids.is_empty()).then(|| root_fs(config)), "history": filled(&config.history),
        "os.version": config.os_version, "os.features": filled(&config.os_features),
    });
    drop_nulls(&mut form);
    let mut fields = go_fields(config);
    let mut config_fields = all_fields(container);
    for (name, empty) in [("Healthcheck", json!(null)), ("OnBuild", json!(null)), ("Shell", json!(null))] {
        if config_fields.get(name).is_none() {
            config_fields[name] = empty;
        }
    }
    fields["Config"] = config_fields.clone();
    fields["ContainerConfig"] = config_fields;
    fields["Comment"] = json!(config.comment);
    fields[JSON_FORM] = form;
    fields
}

/// With all that Docker writes whatever it is.
fn docker_config(config: &ImageConfig) -> Value {
    let container = config.config.clone().unwrap_or_default();
    let mut object = json!({
        "Hostname": container.hostname, "Domainname": container.domainname, "User": container.user,
        "AttachStdin": false, "AttachStdout": false, "AttachStderr": false,
    });
    if !container.exposed_ports.is_empty() {
        object["ExposedPorts"] = json!(container.exposed_ports);
    }
    for name in ["Tty", "OpenStdin", "StdinOnce"] {
        object[name] = json!(false);
    }
    object["Env"] = json!(filled(&container.env));
    object["Cmd"] = json!(filled(&container.cmd));
    if let Some(healthcheck) = &container.healthcheck {
        object["Healthcheck"] = json!(healthcheck);
    }
    object["Image"] = json!("");
    object["Volumes"] = json!((!container.volumes.is_empty()).then_some(&container.volumes));
    object["WorkingDir"] = json!(container.working_dir);
    object["Entrypoint"] = json!(filled(&container.entrypoint));
    object["OnBuild"] = json!(container.on_build);
    object["Labels"] = json!((!container.labels.is_empty()).then_some(&container.labels));
    if !container.stop_signal.is_empty() {
        object["StopSignal"] = json!(container.stop_signal);
    }
    if !container.shell.is_empty() {
        object["Shell"] = json!(container.shell);
    }
    object
}

/// Of the document around the settings.
fn go_fields(config: &ImageConfig) -> Value {
    let history = config.history.iter().map(|entry| {
        json!({
            "Created": entry.created, "CreatedBy": entry.created_by.clone().unwrap_or_default(),
            "Author": entry.author.clone().unwrap_or_default(), "Comment": entry.comment.clone().unwrap_or_default(),
            "EmptyLayer": entry.empty_layer, JSON_FORM: entry,
        })
    });
    let history: Vec<Value> = history.collect();
    json!({
        "Created": config.created, "Author": config.author.clone().unwrap_or_default(),
        "Architecture": config.architecture, "OS": config.os, "OSVersion": config.os_version.clone().unwrap_or_default(),
        "OSFeatures": config.os_features, "Variant": config.variant.clone().unwrap_or_default(),
        "RootFS": {
            "Type": config.rootfs.kind, "DiffIDs": config.rootfs.diff_ids, JSON_FORM: root_fs(config),
        },
        "History": history,
    })
}

fn root_fs(config: &ImageConfig) -> Value {
    json!({"type": config.rootfs.kind, "diff_ids": filled(&config.rootfs.diff_ids)})
}

/// Go writes an empty list as null.
fn filled<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

fn drop_nulls(object: &mut Value) {
    if let Some(map) = object.as_object_mut() {
        let kept: Map<String, Value> = std::mem::take(map).into_iter().filter(|(_, value)| !value.is_null()).collect();
        *map = kept;
    }
}
