//! Random sessions over all editors, against the real binary: nothing that was typed is lost, moved or written over,
//! and what is decided comes out to the byte. See `e2e::sessions` for what is played and what must hold.
//!
//! `SESSIONS=100000 cargo test --release -p e2e --test sessions` plays more of them. A session that fails prints its
//! seed, its editor and what happened; `SEED=… EDITOR=… SESSIONS=1` plays it again.

use e2e::sessions::{Plan, play};

#[test]
fn every_session_keeps_what_was_typed_and_ends_as_decided() {
    let plan = Plan::from_env(1_500);
    println!("SEED={} SESSIONS={}", plan.seed, plan.sessions);
    let outcome = play(&plan);
    let pace = outcome.sessions as f64 / outcome.seconds;
    println!(
        "{} sessions in {:.1} s: {pace:.0} a second",
        outcome.sessions, outcome.seconds
    );
    assert!(
        outcome.failures == 0,
        "SEED={}: {} of {} sessions failed\n{}",
        plan.seed,
        outcome.failures,
        outcome.sessions,
        outcome.report
    );
    assert!(outcome.sessions >= plan.sessions);
}
