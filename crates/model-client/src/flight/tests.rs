//! Failures as data: errors and times in, verdicts out.

use model_protocol::ServerError;

use super::*;

fn config() -> LinkConfig {
    LinkConfig {
        jitter: || 1.0,
        ..LinkConfig::new("ws://127.0.0.1/")
    }
}

fn request() -> Box<Request> {
    Box::new(Request {
        input: vec![Message::user("hi")],
        previous_response_id: Some("r".to_owned()),
        ..Request::default()
    })
}

fn closed(code: Option<u16>) -> LinkError {
    LinkError::Closed {
        host: "h".to_owned(),
        code,
        reason: String::new(),
    }
}

fn server(status: u16, code: &str, retry_after: Option<u64>) -> LinkError {
    LinkError::Server(ServerError {
        status: Some(status),
        code: Some(code.to_owned()),
        message: "m".to_owned(),
        retry_after: retry_after.map(Duration::from_millis),
        ..ServerError::default()
    })
}

/// Fails again and again with the same error, one second into each attempt; gives the waits in
/// milliseconds until it ends.
#[track_caller]
fn waits(error: &LinkError) -> Vec<u64> {
    let mut now = Instant::now();
    let mut flight = Flight::new(1, request(), now);
    let mut waits = Vec::new();
    loop {
        flight.on = Some(1);
        now += Duration::from_secs(1);
        match flight.fail(error.clone(), &config(), now) {
            Verdict::Again => {
                assert_eq!(flight.message().previous_response_id, None);
                waits.push((flight.not_before - now).as_millis() as u64);
                now = flight.not_before;
            }
            Verdict::End(end) => {
                assert_eq!(end, *error);
                return waits;
            }
        }
    }
}

#[test]
fn what_may_pass_is_tried_again_with_growing_waits() {
    let dead = [0, 200, 400, 800];
    let later = [200, 400, 800];
    for (error, expected) in [
        (closed(None), &dead[..]),
        (closed(Some(1000)), &dead),
        (closed(Some(1011)), &later),
        (closed(Some(1008)), &[]),
        (server(500, "server_error", None), &later),
        (server(400, "invalid", None), &[]),
        (server(401, "invalid_api_key", None), &[]),
        (server(429, "rate_limit_exceeded", None), &later),
        (server(429, "rate_limit_exceeded", Some(1_500)), &[1_500; 3]),
        (server(429, "rate_limit_exceeded", Some(60_000)), &[]),
        (server(429, "insufficient_quota", None), &[]),
        (server(400, "previous_response_not_found", None), &dead),
        (
            server(400, "websocket_connection_limit_reached", None),
            &dead,
        ),
    ] {
        assert_eq!(waits(&error), expected, "{error:?}");
    }
}

#[test]
fn patience_ends_after_half_a_minute() {
    let now = Instant::now();
    let mut flight = Flight::new(1, request(), now);
    flight.on = Some(1);
    let late = now + PATIENCE + Duration::from_millis(1);
    let verdict = flight.fail(closed(None), &config(), late);
    assert_eq!(verdict, Verdict::End(closed(None)));
    // What streams already may take its time.
    let mut flight = Flight::new(1, request(), now);
    let text = "x".to_owned();
    flight.pass(StreamEvent::Delta { text }, true);
    flight.on = Some(1);
    assert_eq!(flight.fail(closed(None), &config(), late), Verdict::Again);
}

#[test]
fn jitter_scales_the_waits() {
    let config = LinkConfig {
        jitter: || 0.5,
        ..config()
    };
    let waits = [1, 2, 3, 99].map(|it| backoff(&config, it).as_millis());
    assert_eq!(waits, [100, 200, 400, 10_000]);
    let random = LinkConfig::new("").jitter;
    assert!((0..1_000).all(|_| (0.75..1.25).contains(&random())));
}

/// Delivers the first part, fails, and feeds the second; what is passed on, or `None` if the rest
/// was found not to fit.
fn resumed(first: &str, second: &[&str]) -> Option<String> {
    let now = Instant::now();
    let mut flight = Flight::new(1, request(), now);
    let delta = |text: &str| StreamEvent::Delta {
        text: text.to_owned(),
    };
    assert_eq!(flight.pass(delta(first), true), Passed::On(delta(first)));
    flight.on = Some(1);
    assert_eq!(flight.fail(closed(None), &config(), now), Verdict::Again);
    let mut all = first.to_owned();
    let end = StreamEvent::Completed {
        response_id: "r".to_owned(),
        usage: None,
    };
    let created = StreamEvent::Created {
        response_id: "r".to_owned(),
    };
    assert_eq!(flight.pass(created, true), Passed::Nothing);
    let events = second.iter().map(|it| delta(it)).chain([end]);
    for event in events {
        match flight.pass(event, true) {
            Passed::On(StreamEvent::Delta { text }) => all.push_str(&text),
            Passed::On(_) | Passed::Nothing => {}
            Passed::Unfit => {
                let error = server(500, "x", None);
                assert_eq!(
                    flight.fail(error, &config(), now),
                    Verdict::End(closed(None)),
                    "the first error is the one that counts"
                );
                return None;
            }
        }
    }
    Some(all)
}

#[test]
fn the_rest_follows_without_a_seam() {
    for (first, second) in [
        ("a\n  b", &["  b", "c\nd\n"][..]),
        ("a\n  b", &["bc\nd\n"]),
        ("a\n  b\n", &[" ", " b", "\nd\n"]),
        ("a\n  b\n\n", &["  b\n\nd\n"]),
        ("ab", &["abc\n"]),
        ("a\né", &["é\n"]),
    ] {
        let whole = resumed(first, second);
        let got: String = second.concat();
        let tail = got
            .trim_start()
            .strip_prefix(first[last_line(first)..].trim_start());
        assert_eq!(
            whole,
            Some(format!("{first}{}", tail.unwrap())),
            "{first:?}"
        );
    }
}

#[test]
fn blanks_that_came_before_the_failure_are_there_once() {
    for (first, second, whole) in [
        ("   ", &["     ", "a\n"][..], "     a\n"),
        ("     ", &["  ", "   ", "  a\n"], "       a\n"),
        ("    ", &["    a\n"], "    a\n"),
        ("\n", &["a\n"], "\na\n"),
        ("    ", &["  a\n"], "    a\n"),
    ] {
        assert_eq!(resumed(first, second).as_deref(), Some(whole), "{first:?}");
    }
}

#[test]
fn an_answer_that_begins_again_is_not_doubled() {
    for (first, second, whole) in [
        ("}\n  b\n}\n", &["}\n  b\n}\n"][..], "}\n  b\n}\n"),
        ("}\n  b\n}\n", &["}\n", "  b\n}\nc\n"], "}\n  b\n}\nc\n"),
        ("}\n  b\n}\n", &["  b\n}\nc\n"], "}\n  b\n}\nc\n"),
        ("a\nb\nc", &["a\nb\ncd\n"], "a\nb\ncd\n"),
        ("a\na\n", &["a\na\na\n"], "a\na\na\n"),
        ("a\r\nb\r\nc", &["a\n", "b\ncd\n"], "a\r\nb\r\ncd\n"),
        ("\n  ", &["\r\n ", "   b\r\n"], "\n    b\r\n"),
        ("\r\n  ", &["\n    b\n"], "\r\n    b\n"),
        ("a\r", &["a\r\nb\r\n"], "a\r\nb\r\n"),
    ] {
        assert_eq!(resumed(first, second).as_deref(), Some(whole), "{first:?}");
    }
}

#[test]
fn a_rest_that_does_not_follow_is_not_taken() {
    for (first, second) in [
        ("a\nb", &["a\nc\n"][..]),
        ("a\nb", &["```\nb"]),
        ("a\nbcd", &["bc"]),
        ("a\nb", &[]),
    ] {
        assert_eq!(resumed(first, second), None, "{first:?} {second:?}");
    }
}

#[test]
fn the_rest_is_asked_for_behind_what_is_there() {
    let now = Instant::now();
    let mut flight = Flight::new(1, request(), now);
    for text in ["a\n  b", "c"] {
        let event = StreamEvent::Delta {
            text: text.to_owned(),
        };
        flight.pass(event, true);
    }
    flight.on = Some(1);
    flight.fail(closed(None), &config(), now);
    let message = flight.message();
    assert_eq!(message.input.len(), 3);
    assert_eq!(
        (message.input[1].role, &*message.input[1].text),
        (Role::Assistant, "a\n")
    );
    assert!(message.input[2].text.contains("\n  bc\n"));
    assert_eq!(message.previous_response_id, None);
}

#[test]
fn limits_after_text_and_unwanted_rests_end_it() {
    let now = Instant::now();
    let unwanted = LinkConfig {
        resume: false,
        ..config()
    };
    for (config, error) in [
        (config(), server(429, "rate_limit_exceeded", None)),
        (config(), server(503, "x", Some(10))),
        (config(), server(400, "x", None)),
        (unwanted, closed(None)),
    ] {
        let mut flight = Flight::new(1, request(), now);
        flight.pass(
            StreamEvent::Delta {
                text: "x".to_owned(),
            },
            true,
        );
        flight.on = Some(1);
        assert_eq!(
            flight.fail(error.clone(), &config, now),
            Verdict::End(error)
        );
    }
}
