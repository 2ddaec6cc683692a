//! Commands on containers.

pub mod attach;
pub mod create;
pub mod diff;
pub mod exec;
pub mod exists;
pub mod inspect;
pub mod kill;
pub mod list;
pub mod logs;
pub mod port;
pub mod rm;
pub mod run;
pub mod select;
pub mod start;
pub mod stop;
pub mod top;
pub mod wait;
