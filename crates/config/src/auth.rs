//! auth.json(5) and Docker's config.json: credentials of a registry.
