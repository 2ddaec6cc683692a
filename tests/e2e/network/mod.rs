//! How containers are connected.

mod bridge;
mod modes;
mod pasta;
mod publish;
