//! Waiting on conditions: how long at most, and how to poll what cannot be waited for otherwise.

use std::env;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// How long a driver waits before it calls a condition failed: 20 s, or `REDLINE_TEST_PATIENCE` seconds.
///
/// Long, because it is spent only by tests that fail.
pub fn patience() -> Duration {
    static PATIENCE: OnceLock<Duration> = OnceLock::new();
    *PATIENCE.get_or_init(|| {
        let seconds = env::var("REDLINE_TEST_PATIENCE")
            .ok()
            .and_then(|text| text.parse().ok());
        Duration::from_secs(seconds.unwrap_or(20))
    })
}

/// Asks `poll` until it gives a value; an `Err` carries what it saw, for the failure message.
///
/// # Panics
/// After [`patience`], with `what` and the last thing seen.
#[track_caller]
pub fn wait_until<T>(what: &str, mut poll: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + patience();
    loop {
        match poll() {
            Ok(value) => return value,
            Err(seen) if Instant::now() >= deadline => {
                panic!("waited {:?} in vain: {what}\n{seen}", patience())
            }
            // Other processes are asked here; nothing on this side could wake the wait earlier.
            Err(_) => thread::sleep(Duration::from_millis(3)),
        }
    }
}
