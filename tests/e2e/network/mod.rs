//! How containers are connected.

mod bridge;
mod idle;
mod modes;
mod pasta;
mod publish;
