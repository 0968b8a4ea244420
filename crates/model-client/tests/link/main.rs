//! The link against real sockets: the embedded server with faults, and servers written here for
//! what it will not do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "figures beside the verdict")]

mod ahead;
mod between;
mod failures;
mod harness;
mod healing;
mod keys;
mod lanes;
mod life;
mod limits;
mod proxies;
mod redirect;
mod tls;
mod wires;
