//! Many at once, many in turn, and kills at random moments. Left out of a plain run, since they take long:
//! `cargo xtask stress [--short]` runs them.

mod churn;
mod concurrent;
mod kills;
mod transfers;

/// How often: a hundredth part of the numbers here for a quick look, all of it for the claim in README.
fn scale(full: u32, short: u32) -> u32 {
    if std::env::var("MINKE_STRESS").is_ok_and(|value| value == "full") { full } else { short }
}
