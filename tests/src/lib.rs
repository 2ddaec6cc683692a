//! End-to-end tests; see `e2e/main.rs`. This library is empty, cargo wants one.
