//! The link against real sockets: the embedded server with faults, and servers written here for
//! what it will not do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failures;
mod harness;
mod life;
