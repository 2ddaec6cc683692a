//! Commands in `buildah config`: `--cmd`, `--entrypoint`, `--shell`.

use super::Change;
use crate::error::Failure;
use crate::output::quote;

impl Change<'_> {
    pub(super) fn commands(&mut self) -> Result<(), Failure> {
        if let Some(text) = self.text("shell") {
            let shell = words("shell", &text)?;
            self.docker_only("SHELL", &format!("[{}]", shell.join(" ")));
            self.note("SHELL", &text);
            self.working.container().shell = shell;
        }
        if let Some(text) = self.text("entrypoint") {
            self.entrypoint(&text);
        }
        if let Some(text) = self.text("cmd") {
            self.note("CMD", &text);
            self.working.container().cmd = match list(&text) {
                Some(words) => words,
                None => words("cmd", &text)?,
            };
        }
        Ok(())
    }

    fn entrypoint(&mut self, text: &str) {
        let (entrypoint, fate) = match (text.trim(), list(text)) {
            ("", _) => (Vec::new(), None),
            (_, Some(words)) => (words, Some("exists and will be passed to entrypoint as a parameter")),
            (line, None) => {
                let shell = ["/bin/sh", "-c", line].map(str::to_owned).to_vec();
                (shell, Some("exists but will be ignored because of entrypoint settings"))
            }
        };
        let cmd = self.working.container().cmd.join(" ");
        if let Some(fate) = fate.filter(|_| !cmd.is_empty()) {
            log::warn!("cmd {} {fate}", quote(&cmd));
        }
        self.note("ENTRYPOINT", text);
        self.working.container().entrypoint = entrypoint;
    }
}

fn list(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

/// As a shell would read it.
pub(super) fn words(flag: &str, text: &str) -> Result<Vec<String>, Failure> {
    let wrong = || Failure::new(format!("parsing --{flag} {}: a quote or an escape isn't closed", quote(text)));
    shlex::split(text).ok_or_else(wrong)
}
