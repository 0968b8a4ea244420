//! What servers say about the limits of use: in headers of an answer, in headers that an event
//! carries along, and in events of their own.
//!
//! Not here: what is done about it.

use std::time::Duration;

use serde_json::Value;

/// The latest word on every limit that was heard of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quota {
    /// Requests in the provider's window.
    pub requests: Allowance,
    /// Tokens in the provider's window.
    pub tokens: Allowance,
    /// A subscription's short window.
    pub primary: Window,
    /// A subscription's long window.
    pub secondary: Window,
}

/// A countable limit. The provider gives what it likes of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Allowance {
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    /// As of when it was said.
    pub resets_in: Option<Duration>,
}

/// A limit of which only the used part is told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Window {
    /// 0 to 100, or more.
    pub used_percent: Option<f64>,
    pub minutes: Option<u64>,
    /// As of when it was said.
    pub resets_in: Option<Duration>,
}

impl Quota {
    /// Whether nothing has been heard.
    pub fn is_empty(&self) -> bool {
        *self == Quota::default()
    }

    /// Takes in one header, by its name in any case; whether it was about a limit.
    pub fn header(&mut self, name: &str, value: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let value = value.trim();
        if let Some(rest) = name.strip_prefix("x-ratelimit-") {
            let (what, of) = rest.split_once('-').unwrap_or((rest, ""));
            let allowance = match of {
                "requests" => &mut self.requests,
                "tokens" => &mut self.tokens,
                _ => return false,
            };
            match what {
                "limit" => allowance.limit = value.parse().ok(),
                "remaining" => allowance.remaining = value.parse().ok(),
                "reset" => allowance.resets_in = duration(value),
                _ => return false,
            }
            return true;
        }
        let Some(rest) = name.strip_prefix("x-codex-") else {
            return false;
        };
        let (window, what) = match rest.split_once('-') {
            Some(("primary", what)) => (&mut self.primary, what),
            Some(("secondary", what)) => (&mut self.secondary, what),
            _ => return false,
        };
        match what {
            "used-percent" => window.used_percent = value.parse().ok(),
            "window-minutes" => window.minutes = value.parse().ok(),
            "reset-after-seconds" => window.resets_in = duration(value),
            _ => return false,
        }
        true
    }

    /// Reads an event about limits, or the headers that an error carries along.
    pub(crate) fn from_event(event: &Value) -> Option<Quota> {
        let mut quota = Quota::default();
        for headers in [&event["headers"], &event["error"]["headers"]] {
            for (name, value) in headers.as_object().into_iter().flatten() {
                let text = value.as_str().map(str::to_owned);
                quota.header(name, &text.unwrap_or_else(|| value.to_string()));
            }
        }
        let limits = &event["rate_limits"];
        for (name, window) in [
            ("primary", &mut quota.primary),
            ("secondary", &mut quota.secondary),
        ] {
            let said = &limits[name];
            if said.is_object() {
                window.used_percent = said["used_percent"].as_f64();
                window.minutes = said["window_minutes"].as_u64();
                let seconds = said["resets_in_seconds"].as_f64();
                window.resets_in = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
            }
        }
        (!quota.is_empty()).then_some(quota)
    }

    /// Takes over what the newer word says; what it does not mention stays.
    pub fn update(&mut self, newer: &Quota) {
        for (mine, theirs) in [
            (&mut self.requests, &newer.requests),
            (&mut self.tokens, &newer.tokens),
        ] {
            if *theirs != Allowance::default() {
                *mine = theirs.clone();
            }
        }
        for (mine, theirs) in [
            (&mut self.primary, &newer.primary),
            (&mut self.secondary, &newer.secondary),
        ] {
            if *theirs != Window::default() {
                *mine = theirs.clone();
            }
        }
    }
}

/// How long a header asks to be left alone: `retry-after` in seconds or `retry-after-ms`. A date,
/// which HTTP also allows, needs a clock and is not read here.
pub fn retry_after(name: &str, value: &str) -> Option<Duration> {
    let number: f64 = value.trim().parse().ok()?;
    let seconds = match name.to_ascii_lowercase().as_str() {
        "retry-after" => number,
        "retry-after-ms" => number / 1_000.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// Reads `6m0s`, `1.5s`, `20ms`, `1h2m3s` and a bare number of seconds.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut sum = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        sum = sum.checked_add(Duration::try_from_secs_f64(number * unit).ok()?)?;
        rest = &rest[letters..];
    }
    Some(sum)
}
