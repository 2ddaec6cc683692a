//! Network glue.
