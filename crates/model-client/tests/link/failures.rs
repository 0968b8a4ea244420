//! Every way to fail ends its own request, with the right error, and no other.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use loopback::serve;
use model_client::{LinkConfig, LinkError, LinkEvent, LinkStatus, Phase, Retry, Secret, Wire};
use model_protocol::{ServerError, StreamEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::{
    ANSWER, Harness, KEY, answering, config, server, strict, tcp_server, unfinished,
};

/// The first request meets the fault, the second must be answered. Gives the first's error.
async fn check(fault: &str, text: &str) -> LinkError {
    let server = server(&[&format!("{fault}#1")]).await;
    let mut config = strict(server.url());
    if fault.starts_with("silence") {
        config.idle_timeout = Duration::from_millis(300);
    }
    let mut harness = Harness::start(config);
    let outcome = harness.ask(1).await;
    assert_eq!(outcome.text, text, "{fault}");
    Harness::assert_answered(&harness.ask(2).await);
    let error = outcome.error.expect(fault);
    let host = format!("127.0.0.1:{}", server.port());
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(KEY), "{shown}");
    assert!(
        matches!(error, LinkError::Server(_)) || error.to_string().contains(&host),
        "{error}"
    );
    error
}

fn head(deltas: usize) -> String {
    ANSWER.chars().take(4 * deltas).collect()
}

#[tokio::test]
async fn a_dropped_connection_ends_the_request() {
    let error = check("drop@3", &head(3)).await;
    assert!(
        matches!(error, LinkError::Closed { code: None, .. }),
        "{error:?}"
    );
    assert_eq!(error.retry(), Retry::Now);
}

#[tokio::test]
async fn a_close_frame_ends_the_request_with_its_code() {
    for (code, retry) in [
        (1000, Retry::Now),
        (1008, Retry::Never),
        (1011, Retry::Later),
    ] {
        let error = check(&format!("close={code}@2"), &head(2)).await;
        assert!(
            matches!(&error, LinkError::Closed { code: Some(it), .. } if *it == code),
            "{error:?}"
        );
        assert_eq!(error.retry(), retry);
        assert!(error.to_string().contains(&code.to_string()));
    }
}

#[tokio::test]
async fn frames_that_are_no_events_end_the_request() {
    for (fault, wanted) in [
        ("garbage@2", "JSON"),
        ("type@2", "type"),
        ("binary@2", "binary"),
        ("utf8@2", "UTF-8"),
    ] {
        let error = check(fault, &head(2)).await;
        assert!(
            matches!(error, LinkError::Protocol { .. }),
            "{fault}: {error:?}"
        );
        assert!(error.to_string().contains(wanted), "{fault}: {error}");
        assert_eq!(error.retry(), Retry::Later);
    }
}

#[tokio::test]
async fn a_huge_frame_is_refused_before_it_is_read() {
    let error = check("oversized=50@2", &head(2)).await;
    assert!(
        matches!(
            error,
            LinkError::FrameTooLarge {
                limit: 16_777_216,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn silence_ends_the_request_after_its_time() {
    for deltas in [0, 2] {
        let error = check(&format!("silence@{deltas}"), &head(deltas)).await;
        assert!(
            matches!(
                error,
                LinkError::Timeout {
                    phase: Phase::Answer,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn the_servers_own_errors_are_handed_on() {
    for (fault, status, code, retry) in [
        ("error=500@2", Some(500), None, Retry::Later),
        ("error=400@0", Some(400), None, Retry::Never),
        (
            "error=429@1",
            Some(429),
            Some("rate_limit_exceeded"),
            Retry::Later,
        ),
        ("failed@1", None, Some("server_error"), Retry::Later),
    ] {
        let deltas = fault.rsplit('@').next().unwrap().parse().unwrap();
        let error = check(fault, &head(deltas)).await;
        let LinkError::Server(server) = &error else {
            panic!("{fault}: {error:?}")
        };
        assert_eq!(
            (server.status, server.code.as_deref()),
            (status, code),
            "{fault}"
        );
        assert_eq!(error.retry(), retry, "{fault}");
    }
}

#[tokio::test]
async fn characters_cut_across_fragments_are_whole() {
    let server = server(&["split@2"]).await;
    let mut harness = Harness::start(config(server.url()));
    Harness::assert_answered(&harness.ask(1).await);
}

#[tokio::test]
async fn an_incomplete_answer_and_a_refusal_are_no_errors_of_the_link() {
    let server = server(&["incomplete@2#1", "refusal#2"]).await;
    let mut harness = Harness::start(config(server.url()));
    let outcome = harness.ask(1).await;
    assert_eq!((outcome.error, outcome.text), (None, head(2)));
    assert!(
        matches!(outcome.terminal, Some(StreamEvent::Incomplete { reason, .. }) if reason == "max_output_tokens")
    );
    let outcome = harness.ask(2).await;
    assert_eq!(
        (outcome.error, outcome.refusal.as_str()),
        (None, "I will not do that.")
    );
}

#[tokio::test]
async fn a_refused_upgrade_names_status_and_cure() {
    for (status, cure, retry) in [
        (401, "models.fast.key", Retry::Never),
        (404, "models.fast.url", Retry::Never),
        (426, "https://", Retry::Never),
        (429, "later", Retry::Later),
        (503, "503", Retry::Later),
    ] {
        let server = server(&[&format!("upgrade={status}")]).await;
        let mut harness = Harness::start(strict(server.url()));
        for id in 1..3 {
            let error = harness.ask(id).await.error.unwrap();
            assert!(
                matches!(error, LinkError::Refused { status: it, .. } if it == status),
                "{error:?}"
            );
            assert!(error.to_string().contains(cure), "{error}");
            assert!(
                error.to_string().contains("A fault that was asked for."),
                "{error}"
            );
            assert_eq!(error.retry(), retry);
        }
    }
}

#[tokio::test]
async fn after_a_refusal_the_next_request_tries_again() {
    let server = server(&["upgrade=401#1"]).await;
    let mut harness = Harness::start(config(server.url()));
    while !matches!(
        harness.next().await,
        LinkEvent::Status(LinkStatus::Unreachable { .. })
    ) {}
    Harness::assert_answered(&harness.ask(1).await);
}

#[tokio::test]
async fn a_handshake_that_hangs_is_given_up() {
    let server = server(&["slow-upgrade=60000"]).await;
    let config = LinkConfig {
        connect_timeout: Duration::from_millis(100),
        idle_timeout: Duration::from_millis(100),
        ..strict(server.url())
    };
    let harness = &mut Harness::start(config);
    let error = harness.ask(1).await.error.unwrap();
    // Plain HTTP was tried and said nothing either.
    assert!(
        matches!(
            error,
            LinkError::Timeout {
                phase: Phase::Upgrade,
                ..
            }
        ),
        "{error:?}"
    );
    let report = harness.link.report();
    assert_eq!(
        (report.wire, report.fallback),
        (Some(Wire::WebSocket), None)
    );
}

#[tokio::test]
async fn nobody_listening_is_said_and_a_server_that_comes_up_is_found() {
    let port = server(&[]).await.port();
    let mut harness = Harness::start(config(format!("ws://127.0.0.1:{port}/v1/responses")));
    let error = harness.ask(1).await.error.unwrap();
    assert!(matches!(error, LinkError::Connect { .. }), "{error:?}");
    assert_eq!(error.retry(), Retry::Later);
    let _server = serve(loopback::Options {
        port,
        ..answering(None)
    })
    .await
    .unwrap();
    Harness::assert_answered(&harness.ask(2).await);
}

#[tokio::test]
async fn a_server_killed_in_mid_stream_and_started_again_is_found() {
    let server = unfinished().await;
    let port = server.port();
    let mut harness = Harness::start(config(server.url()));
    harness.link.send(1, crate::harness::request("hi"));
    loop {
        if let LinkEvent::Stream {
            event: StreamEvent::Delta { .. },
            ..
        } = harness.next().await
        {
            break;
        }
    }
    drop(server);
    let error = harness.outcome(1).await.error.unwrap();
    assert!(matches!(error, LinkError::Closed { .. }), "{error:?}");
    let _server = serve(loopback::Options {
        port,
        ..answering(None)
    })
    .await
    .unwrap();
    Harness::assert_answered(&harness.ask(2).await);
}

#[tokio::test]
async fn addresses_that_cannot_be_used_say_so() {
    for (url, wanted) in [
        ("", "not a URL"),
        ("127.0.0.1:80", "begin with ws://"),
        ("https://api.example.com/v1", "/chat/completions"),
        ("ws:///x", "URL"),
    ] {
        let error = Harness::start(config(url)).ask(1).await.error.unwrap();
        assert!(
            matches!(error, LinkError::Config { .. }),
            "{url}: {error:?}"
        );
        assert!(error.to_string().contains(wanted), "{url}: {error}");
    }
    let bad_key = LinkConfig {
        key: Some(Secret::new("two\nlines")),
        ..config("ws://127.0.0.1:1/")
    };
    let error = Harness::start(bad_key).ask(1).await.error.unwrap();
    assert!(
        matches!(error, LinkError::Config { .. }) && !error.to_string().contains("two"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_repeats_the_key_does_not_spread_it() {
    let url = tcp_server(|_, mut stream| async move {
        let mut head = [0; 4096];
        let read = stream.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
        assert!(
            head.contains(&format!("authorization: bearer {KEY}")),
            "{head}"
        );
        let body = format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}.\"}}}}");
        let answer = format!(
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let config = config(url);
    assert!(!format!("{config:?}").contains(KEY));
    let error = Harness::start(config).ask(1).await.error.unwrap();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(KEY) && shown.contains("[key]"), "{shown}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_said() {
    let url = tcp_server(|_, mut stream| async move {
        let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n").await;
    })
    .await;
    let error = Harness::start(config(url)).ask(1).await.error.unwrap();
    assert!(matches!(error, LinkError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_died_unnoticed_is_replaced_once() {
    // Connections 0 and 1 are the warm pair; they take the request and die without a word.
    let url = tcp_server(|number, stream| async move {
        let mut socket = accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                if number < 2 {
                    return;
                }
                for event in [
                    r#"{"type":"response.created","response":{"id":"r"}}"#,
                    r#"{"type":"response.output_text.delta","delta":"late"}"#,
                    r#"{"type":"response.completed","response":{"id":"r"}}"#,
                ] {
                    socket.send(Message::text(event)).await.unwrap();
                }
            }
        }
    })
    .await;
    let mut harness = Harness::start(config(url));
    harness.ready().await;
    let outcome = harness.ask(1).await;
    assert_eq!(
        (outcome.error, outcome.text.as_str(), outcome.sent),
        (None, "late", 3)
    );
}

#[tokio::test]
async fn a_server_that_always_dies_ends_the_request() {
    let url = tcp_server(|_, stream| async move {
        let mut socket = accept_async(stream).await.unwrap();
        while socket
            .next()
            .await
            .is_some_and(|it| it.is_ok_and(|it| !it.is_text()))
        {}
    })
    .await;
    let mut harness = Harness::start(config(url));
    let outcome = harness.ask(1).await;
    assert!(
        matches!(outcome.error, Some(LinkError::Closed { .. })),
        "{outcome:?}"
    );
    assert_eq!(outcome.sent, 2 + 3);
}

#[tokio::test]
async fn an_hour_old_connection_is_replaced_without_a_word() {
    const LIMIT: &str = r#"{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"websocket_connection_limit_reached","message":"Responses websocket connection limit reached (60 minutes)."}}"#;
    let url = tcp_server(|number, stream| async move {
        let mut socket = accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                let answer = if number < 2 {
                    LIMIT
                } else {
                    r#"{"type":"response.completed","response":{"id":"r"}}"#
                };
                socket.send(Message::text(answer)).await.unwrap();
            }
        }
    })
    .await;
    let outcome = Harness::start(config(url)).ask(1).await;
    assert_eq!((outcome.error, outcome.sent), (None, 3));
}

#[tokio::test]
async fn a_scrubbed_server_error_keeps_its_reason() {
    let url = tcp_server(|_, stream| async move {
        let mut socket = accept_async(stream).await.unwrap();
        socket.next().await.unwrap().unwrap();
        let error =
            format!(r#"{{"type":"error","status":401,"error":{{"message":"bad key {KEY}"}}}}"#);
        socket.send(Message::text(error)).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
    let outcome = Harness::start(config(url)).ask(1).await;
    let wanted = ServerError {
        status: Some(401),
        message: "bad key [key]".to_owned(),
        ..ServerError::default()
    };
    assert_eq!(outcome.error, Some(LinkError::Server(wanted.clone())));
    assert_eq!(outcome.terminal, Some(StreamEvent::Failed(wanted)));
}

#[tokio::test]
async fn a_text_cut_inside_a_character_by_every_fragment_is_read() {
    let url = tcp_server(|_, stream| async move {
        let mut socket = accept_async(stream).await.unwrap();
        socket.next().await.unwrap().unwrap();
        let event = "{\"type\":\"response.output_text.delta\",\"delta\":\"é😀\"}".as_bytes();
        for (at, byte) in event.iter().enumerate() {
            let data = if at == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(vec![*byte], OpCode::Data(data), at + 1 == event.len());
            socket.feed(Message::Frame(frame)).await.unwrap();
        }
        let end = r#"{"type":"response.completed","response":{"id":"r"}}"#;
        socket.send(Message::text(end)).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
    let outcome = Harness::start(config(url)).ask(1).await;
    assert_eq!((outcome.error, outcome.text.as_str()), (None, "é😀"));
}
