//! `--healthcheck…` of `buildah config`.

use super::{Change, command};
use crate::error::Failure;
use crate::syntax::flag::Flag;
use oci::image::config::Healthcheck;

pub(super) static FLAGS: &[Flag] = &[
    Flag::text("healthcheck", "string", "How health is checked: NONE, CMD …, CMD-SHELL …; nothing takes it out"),
    Flag::text("healthcheck-interval", "string", "Time between checks"),
    Flag::int("healthcheck-retries", "So many failed checks in a row mean that it is unhealthy"),
    Flag::text("healthcheck-start-interval", "string", "Time between checks while it starts"),
    Flag::text("healthcheck-start-period", "string", "So long failed checks don't count"),
    Flag::text("healthcheck-timeout", "string", "A check may take so long"),
];

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

impl Change<'_> {
    pub(super) fn healthcheck(&mut self) -> Result<(), Failure> {
        if !FLAGS.iter().any(|flag| self.matches.given(flag.name)) {
            return Ok(());
        }
        let usual = || Healthcheck {
            test: vec!["NONE".to_owned()],
            interval: 30 * SECOND,
            timeout: 30 * SECOND,
            retries: 3,
            ..Healthcheck::default()
        };
        let mut check = self.working.container().healthcheck.clone().unwrap_or_else(usual);
        let given = self.text("healthcheck");
        if let Some(text) = &given {
            check.test = test(text)?;
        }
        let mut noted = String::new();
        for (name, field) in [
            ("interval", &mut check.interval),
            ("start-interval", &mut check.start_interval),
            ("start-period", &mut check.start_period),
            ("timeout", &mut check.timeout),
        ] {
            let flag = format!("healthcheck-{name}");
            let Some(text) = self.matches.text(&flag) else { continue };
            *field = nanoseconds(&flag, text)?;
            noted.push_str(&format!("--{name}={text} "));
        }
        if let Some(retries) = self.matches.number::<i64>("healthcheck-retries") {
            let wrong = |_| Failure::new(format!("--healthcheck-retries: {retries} is no number of times"));
            check.retries = u32::try_from(retries).map_err(wrong)?;
            noted.push_str(&format!("--retries={retries} "));
        }
        if check.test.is_empty() {
            self.note("HEALTHCHECK", "NONE");
            self.working.container().healthcheck = None;
            return Ok(());
        }
        if !self.working.docker {
            log::warn!(
                "HEALTHCHECK is not supported for OCI image format and will be ignored. Must use `docker` format"
            );
        }
        self.note("HEALTHCHECK", &format!("{noted}{}", given.unwrap_or_default()));
        self.working.container().healthcheck = Some(check);
        Ok(())
    }
}

/// `CMD-SHELL` gets the rest as one line.
fn test(text: &str) -> Result<Vec<String>, Failure> {
    if let Some(line) = text.trim().strip_prefix("CMD-SHELL ") {
        return Ok(vec!["CMD-SHELL".to_owned(), line.trim().to_owned()]);
    }
    command::words("healthcheck", text)
}

fn nanoseconds(flag: &str, text: &str) -> Result<u64, Failure> {
    let wrong = |why: String| Failure::new(format!("parsing --{flag} {}: {why}", crate::output::quote(text)));
    let duration = spec::duration::parse(text).map_err(|error| wrong(error.to_string()))?;
    u64::try_from(duration.as_nanos()).map_err(|_| wrong("too long".to_owned()))
}
