//! Random sessions over all editors, against the real binary: nothing that was typed is lost, moved or written over,
//! and what is decided comes out to the byte. See `e2e::sessions` for what is played and what must hold.
//!
//! `SESSIONS=1000 cargo run --release -p e2e --example sessions` plays so many of them. A session that fails prints
//! its seed, its editor and what happened; `SEED=… EDITOR=… SESSIONS=1` plays it again.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::process::ExitCode;

use e2e::sessions::{Plan, play};

fn main() -> ExitCode {
    let plan = Plan::from_env(1_500);
    println!("SEED={} SESSIONS={}", plan.seed, plan.sessions);
    let outcome = play(&plan);
    let pace = outcome.sessions as f64 / outcome.seconds;
    println!(
        "{} sessions in {:.1} s: {pace:.0} a second; {} failed\n{}",
        outcome.sessions, outcome.seconds, outcome.failures, outcome.report
    );
    ExitCode::from(u8::from(outcome.failures > 0))
}
