//! Options that every command of Skopeo takes, before or after its name.

use crate::error::Failure;
use crate::output::logger;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use oci::Platform;

/// Of all commands.
pub static FLAGS: &[Flag] = &[
    Flag::text("command-timeout", "duration", "Give up after this time"),
    Flag::bool("debug", "Show what is done"),
    Flag::bool("insecure-policy", "Accept images from everywhere, whatever the policy says"),
    Flag::text("override-arch", "ARCH", "Take the image for this architecture"),
    Flag::text("override-os", "OS", "Take the image for this operating system"),
    Flag::text("override-variant", "VARIANT", "Take the image for this variant of the architecture"),
    Flag::text("policy", "string", "File with the policy of trust"),
    Flag::text("registries.d", "DIR", "Folder that says where signatures lie"),
    Flag::text("tmpdir", "string", "Folder for temporary files"),
    Flag::text("user-agent-prefix", "string", "Words before our own in what registries are told of us"),
];

/// Of the program itself.
pub static VERSION: Flag = Flag::bool("version", "Show the program's version").short('v');

/// What holds for the whole run: how much is told, and for how long it may last.
pub fn apply(matches: &Matches) -> Result<(), Failure> {
    if matches.bool("debug") {
        logger::start(Some("debug")).map_err(Failure::new)?;
    }
    let Some(text) = matches.text("command-timeout") else { return Ok(()) };
    let limit = spec::duration::parse(text).map_err(|error| Failure::new(format!("--command-timeout: {error}")))?;
    if limit.is_zero() {
        return Ok(());
    }
    let shown = text.to_owned();
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        let code = Failure::new(format!("the command didn't end in {shown} (--command-timeout)")).fatal().show();
        std::process::exit(code);
    });
    Ok(())
}

/// Which image of an index; `None`: this machine's.
pub fn platform(matches: &Matches) -> Result<Option<Platform>, Failure> {
    let [os, arch, variant] = ["override-os", "override-arch", "override-variant"].map(|name| matches.text(name));
    if os.is_none() && arch.is_none() && variant.is_none() {
        return Ok(None);
    }
    let host = Platform::host();
    // The host's variant says nothing about another architecture.
    let kept = host.variant.as_deref().filter(|_| arch.is_none()).unwrap_or_default();
    let (os, arch) = (os.unwrap_or(&host.os), arch.unwrap_or(&host.architecture));
    Ok(Some(Platform::new(os, arch, variant.unwrap_or(kept))))
}
