//! Containers, verb by verb.

mod attach;
mod create;
mod exec;
mod exists;
mod external;
mod inspect;
mod kill;
mod logs;
mod port;
mod ps;
mod rm;
mod run;
mod start;
mod state;
mod stop;
mod top;
mod wait;
