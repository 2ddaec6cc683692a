//! storage.conf(5): where the store is.
