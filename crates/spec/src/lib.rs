//! What a user wants: the one description of a container (and later of pods, volumes, networks, secrets).
//!
//! One file per concern: its fields, how flag text is parsed into them, their defaults, and how they are lowered to the
//! OCI runtime configuration. No I/O. The serialised form of [`ContainerSpec`] is the body of libpod's container create call.

pub mod container;
