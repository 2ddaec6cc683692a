//! registries.conf(5), version 2.

/// The merged files.
#[derive(Debug, Clone, Default)]
pub struct RegistriesConf {
    /// `unqualified-search-registries`.
    pub unqualified_search: Vec<String>,
}
