//! Containers, verb by verb.

mod run;
