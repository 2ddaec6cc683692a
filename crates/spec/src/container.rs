//! [`ContainerSpec`]: see the concern files for its groups of fields.
