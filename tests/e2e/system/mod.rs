//! The program itself: help, version, info, configuration, the image inside.

mod check;
mod completion;
mod configuration;
mod df;
mod diff;
mod hello;
mod help;
mod info;
mod prune;
mod run_folder;
mod systemd;
