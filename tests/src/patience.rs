//! Waiting on conditions: how long at most, and how to poll what cannot be waited for otherwise.

use std::cell::RefCell;
use std::env;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// How long a driver waits before it calls a condition failed: a minute, or `REDLINE_TEST_PATIENCE` seconds.
///
/// Long, because it is spent only by tests that fail.
pub fn patience() -> Duration {
    static PATIENCE: OnceLock<Duration> = OnceLock::new();
    *PATIENCE.get_or_init(|| {
        let seconds = env::var("REDLINE_TEST_PATIENCE")
            .ok()
            .and_then(|text| text.parse().ok());
        Duration::from_secs(seconds.unwrap_or(60))
    })
}

/// Asks `poll` until it gives a value; an `Err` carries what it saw, for the failure message.
///
/// # Panics
/// After [`patience`], with `what` and the last thing seen.
#[track_caller]
pub fn wait_until<T>(what: &str, mut poll: impl FnMut() -> Result<T, String>) -> T {
    let seen = RefCell::new(String::new());
    wait_for(
        what,
        || poll().map_err(|it| seen.replace(it)).ok(),
        || seen.take(),
    )
}

/// As [`wait_until`], where what there is to see costs too much to be asked for each time.
///
/// # Panics
/// After [`patience`], with `what` and what is `seen` then.
#[track_caller]
pub fn wait_for<T>(
    what: &str,
    mut poll: impl FnMut() -> Option<T>,
    seen: impl FnOnce() -> String,
) -> T {
    let deadline = Instant::now() + patience();
    loop {
        if let Some(value) = poll() {
            return value;
        }
        if Instant::now() >= deadline {
            panic!("waited {:?} in vain: {what}\n{}", patience(), seen());
        }
        // Other processes are asked here; nothing on this side could wake the wait earlier.
        thread::sleep(Duration::from_millis(3));
    }
}
