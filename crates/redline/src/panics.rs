//! What is said of a panic: where it was and its message, without any secret that the process knows.
//! Nothing of the state that was at hand is shown. Carrying on after it is up to whoever catches it.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write as _};
use std::panic::{self, PanicHookInfo};
use std::thread;

/// The target of the log line about a panic; stderr has its own.
pub(crate) const TARGET: &str = "panic";

/// From now on panics are told in this way: on stderr, and in the log once there is one.
pub(crate) fn tell_without_secrets() {
    panic::set_hook(Box::new(|info| {
        let told = told(info);
        // With stderr gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{told}");
        tracing::error!(target: TARGET, "{told}");
    }));
}

fn told(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let literal = payload.downcast_ref::<&str>().copied();
    let message = literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("no message");
    let thread = thread::current();
    let name = thread.name().unwrap_or("without a name");
    let place = info.location().map(ToString::to_string);
    let place = place.unwrap_or_default();
    let mut told = format!("redline panicked in thread {name} at {place}: {message}");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        told = format!("{told}\n{backtrace}");
    }
    server::without_secrets(&told).into_owned()
}

#[cfg(test)]
mod tests;
