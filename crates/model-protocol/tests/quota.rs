//! Limits as servers tell them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use model_protocol::{Allowance, Event, Quota, Window, retry_after};

#[test]
fn headers_of_both_families_are_read() {
    let mut quota = Quota::default();
    for (name, value) in [
        ("X-RateLimit-Limit-Requests", "60"),
        ("x-ratelimit-remaining-requests", "59"),
        ("x-ratelimit-reset-requests", "1s"),
        ("x-ratelimit-remaining-tokens", "149984"),
        ("x-ratelimit-reset-tokens", "6m0s"),
        ("x-codex-primary-used-percent", "12.5"),
        ("x-codex-primary-window-minutes", "300"),
        ("x-codex-secondary-reset-after-seconds", "90"),
    ] {
        assert!(quota.header(name, value), "{name}");
    }
    for name in ["x-request-id", "x-ratelimit-limit", "x-codex-turn-state"] {
        assert!(!quota.header(name, "1"), "{name}");
    }
    let expected = Quota {
        requests: Allowance {
            limit: Some(60),
            remaining: Some(59),
            resets_in: Some(Duration::from_secs(1)),
        },
        tokens: Allowance {
            limit: None,
            remaining: Some(149_984),
            resets_in: Some(Duration::from_secs(360)),
        },
        primary: Window {
            used_percent: Some(12.5),
            minutes: Some(300),
            resets_in: None,
        },
        secondary: Window {
            resets_in: Some(Duration::from_secs(90)),
            ..Window::default()
        },
    };
    assert_eq!(quota, expected);
}

#[track_caller]
fn of_event(text: &str) -> Option<Quota> {
    Event::parse(text).unwrap().quota()
}

#[test]
fn events_tell_limits_too() {
    let window = |used| Window {
        used_percent: Some(used),
        minutes: Some(300),
        resets_in: None,
    };
    let quota = of_event(
        r#"{"type":"codex.rate_limits","rate_limits":{"primary":{"used_percent":42,"window_minutes":300},"secondary":null}}"#,
    );
    assert_eq!(quota.unwrap().primary, window(42.0));
    let quota = of_event(
        r#"{"type":"error","status":429,"error":{"type":"usage_limit_reached","message":"m"},"headers":{"x-codex-primary-used-percent":"100","x-codex-primary-window-minutes":300}}"#,
    );
    assert_eq!(quota.unwrap().primary, window(100.0));
    assert_eq!(
        of_event(r#"{"type":"error","error":{"message":"m"}}"#),
        None
    );
    assert_eq!(
        of_event(r#"{"type":"response.created","headers":{"x-ratelimit-limit-tokens":"1"}}"#),
        None
    );
}

#[test]
fn a_newer_word_replaces_only_what_it_speaks_of() {
    let mut quota = Quota::default();
    quota.header("x-ratelimit-remaining-requests", "5");
    quota.header("x-codex-primary-used-percent", "1");
    let mut newer = Quota::default();
    newer.header("x-ratelimit-remaining-requests", "4");
    quota.update(&newer);
    assert_eq!(quota.requests.remaining, Some(4));
    assert_eq!(quota.primary.used_percent, Some(1.0));
}

#[test]
fn times_in_all_their_spellings_are_read() {
    let reset = |text: &str| {
        let mut quota = Quota::default();
        quota.header("x-ratelimit-reset-tokens", text);
        quota.tokens.resets_in
    };
    for (text, ms) in [
        ("20ms", 20),
        ("1.5s", 1_500),
        ("1h2m3s", 3_723_000),
        ("7", 7_000),
    ] {
        assert_eq!(reset(text), Some(Duration::from_millis(ms)), "{text}");
    }
    for text in ["", "s", "1x", "-3", "1e400", "é"] {
        assert_eq!(reset(text).filter(|it| !it.is_zero()), None, "{text}");
    }
    for (name, value, ms) in [
        ("Retry-After", "2", Some(2_000)),
        ("retry-after-ms", "250", Some(250)),
        ("retry-after", "Fri, 20 Nov 2026 10:00:00 GMT", None),
        ("retry-after", "-1", None),
        ("date", "2", None),
    ] {
        assert_eq!(
            retry_after(name, value),
            ms.map(Duration::from_millis),
            "{name}: {value}"
        );
    }
}

#[test]
fn an_error_says_how_long_to_wait() {
    for (text, seconds) in [
        (
            r#"{"type":"error","status":429,"headers":{"Retry-After":"3"},"error":{"message":"m"}}"#,
            Some(3),
        ),
        (
            r#"{"type":"error","error":{"message":"m","headers":{"retry-after":4}}}"#,
            Some(4),
        ),
        (
            r#"{"type":"error","error":{"message":"m","resets_in_seconds":5}}"#,
            Some(5),
        ),
        (r#"{"type":"error","error":{"message":"m"}}"#, None),
    ] {
        let error = Event::parse(text).unwrap().error();
        assert_eq!(
            error.retry_after,
            seconds.map(Duration::from_secs),
            "{text}"
        );
    }
}
