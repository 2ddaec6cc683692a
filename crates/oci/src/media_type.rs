//! Media types of manifests, indexes, configs and layers, and what they say about compression.
