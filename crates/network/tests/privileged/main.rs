//! Networks against the real kernel, judged by the real `nft` and `ip`. Each test thread gets a network namespace of its own
//! before it does anything, with another one behind it as "the internet"; the machine's own is never touched.

mod bridge;
mod firewall;
mod host;
mod pasta;
mod traffic;
