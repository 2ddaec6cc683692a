//! `WWW-Authenticate` (RFC 9110 section 11.6.1): what a registry wants to see.

/// One way to authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    Basic,
    Bearer {
        /// The token server.
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

/// The ways of one header line that are known, in its order.
pub(crate) fn parse(header: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = header.trim_start();
    while !rest.is_empty() {
        let (word, after) = token(rest);
        if word.is_empty() {
            break;
        }
        match after.trim_start().strip_prefix('=') {
            Some(value) => {
                let (value, after) = quoted_or_token(value.trim_start());
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.push((word.to_ascii_lowercase(), value));
                }
                rest = after;
            }
            None => {
                found.push((word.to_ascii_lowercase(), Vec::new()));
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    found.into_iter().filter_map(|(scheme, parameters)| known(&scheme, parameters)).collect()
}

fn known(scheme: &str, parameters: Vec<(String, String)>) -> Option<Challenge> {
    let get = |key: &str| parameters.iter().find(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.clone());
    match scheme {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer { realm: get("realm")?, service: get("service"), scope: get("scope") }),
        _ => None,
    }
}

fn token(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, ',' | '=' | '"')).unwrap_or(text.len());
    text.split_at(end)
}

fn quoted_or_token(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let (value, rest) = token(text);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &inner[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Challenge::Bearer { realm: realm.into(), service: own(service), scope: own(scope) }
    }

    #[test]
    fn headers_of_real_registries_are_understood() {
        let hub =
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull""#;
        let expected = bearer("https://auth.docker.io/token", Some("registry.docker.io"), Some("repository:a/b:pull"));
        assert_eq!(parse(hub), [expected]);
        assert_eq!(parse("Basic realm=\"x, y\""), [Challenge::Basic]);
        assert_eq!(parse("basic"), [Challenge::Basic]);
        let both = r#"Negotiate, Basic realm="a", Bearer realm=https://x/y , scope="a,b \"c\"""#;
        assert_eq!(parse(both), [Challenge::Basic, bearer("https://x/y", None, Some("a,b \"c\""))]);
    }

    #[test]
    fn broken_headers_are_survived() {
        for broken in ["", ",,,", "Bearer", "Bearer realm=\"\"", "=x", "Bearer realm=\"unclosed", "\"", "Bearer realm"]
        {
            let found = parse(broken);
            assert!(found.is_empty() || broken.contains("unclosed"), "{broken}: {found:?}");
        }
    }
}
