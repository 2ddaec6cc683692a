//! `builder`: the memory of builds.

mod prune;
