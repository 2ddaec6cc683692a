//! `# check=skip=RULE,…;error=true;experimental=RULE,…`

/// Which rules count, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    skip: Rules,
    experimental: Rules,
    /// Warnings fail the build.
    pub error: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Rules {
    #[default]
    None,
    All,
    These(Vec<String>),
}

impl Rules {
    fn parse(text: &str) -> Rules {
        match text.trim() {
            "all" => Rules::All,
            text => Rules::These(text.split(',').map(|name| name.trim().to_owned()).collect()),
        }
    }

    fn have(&self, rule: &str) -> bool {
        match self {
            Rules::None => false,
            Rules::All => true,
            Rules::These(names) => names.iter().any(|name| name.eq_ignore_ascii_case(rule)),
        }
    }
}

impl Options {
    pub(super) fn parse(text: &str) -> Result<Options, String> {
        let mut options = Options::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = |why: &str| format!("failed to parse check option \"{part}\": {why}");
            let (key, value) = part.split_once('=').ok_or_else(|| wrong("it must be key=value"))?;
            match key.trim() {
                "skip" => options.skip = Rules::parse(value),
                "experimental" => options.experimental = Rules::parse(value),
                "error" => {
                    options.error = match value.trim().to_ascii_lowercase().as_str() {
                        "true" | "1" | "t" => true,
                        "false" | "0" | "f" => false,
                        _ => return Err(wrong("error is true or false")),
                    }
                }
                _ => return Err(wrong("there are skip, error and experimental")),
            }
        }
        Ok(options)
    }

    pub(super) fn wants(&self, rule: &str, is_experimental: bool) -> bool {
        !self.skip.have(rule) && (!is_experimental || self.experimental.have(rule))
    }
}
