//! Failures that a person never sees: attempts made again, the rest of an answer, the other wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use loopback::{Options, Script, serve};
use model_client::{LinkConfig, LinkError, Wire};
use model_protocol::StreamEvent;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{ANSWER, Harness, answering, config, server, strict, tcp_server};

/// The fault strikes the first request, and nothing of it is seen but the further attempts.
async fn check(fault: &str, sent: usize) {
    let server = server(&[&format!("{fault}#1")]).await;
    let mut harness = Harness::start(LinkConfig {
        idle_timeout: Duration::from_millis(500),
        ..config(server.url())
    });
    let outcome = harness.ask(1).await;
    Harness::assert_answered(&outcome);
    assert_eq!(outcome.sent, sent, "{fault}");
    assert_eq!(harness.link.report().retries, sent as u64 - 1, "{fault}");
}

#[tokio::test]
async fn what_fails_before_the_text_is_tried_again() {
    for fault in [
        "drop",
        "close=1000",
        "close=1011",
        "silence",
        "garbage",
        "binary",
        "type",
        "utf8",
        "error=500",
        "error=429",
        "busy=20",
        "limit",
        "failed",
    ] {
        check(&format!("{fault}@0"), 2).await;
    }
}

#[tokio::test]
async fn what_fails_after_text_is_completed() {
    for fault in [
        "drop",
        "close=1011",
        "silence",
        "garbage",
        "binary",
        "error=500",
        "limit",
        "failed",
    ] {
        check(&format!("{fault}@3"), 2).await;
    }
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for fault in [
        "error=400",
        "close=1008",
        "busy=60000",
        "error=429@3",
        "busy=20@3",
        "oversized=20",
    ] {
        let server = server(&[&format!("{fault}#1")]).await;
        let mut harness = Harness::start(config(server.url()));
        let outcome = harness.ask(1).await;
        assert!(outcome.error.is_some(), "{fault}");
        assert_eq!(outcome.sent, 1, "{fault}");
    }
}

#[tokio::test]
async fn attempts_are_counted() {
    let server = server(&["error=503@0"]).await;
    let mut harness = Harness::start(config(server.url()));
    let outcome = harness.ask(1).await;
    assert!(
        matches!(&outcome.error, Some(LinkError::Server(error)) if error.status == Some(503)),
        "{outcome:?}"
    );
    assert_eq!((outcome.sent, server.requests()), (4, 4));
}

#[tokio::test]
async fn the_rest_of_an_answer_is_asked_for() {
    // The second request is answered only as one that knows what stands there already.
    let first = "fn a() {}\nfn b() {}\nfn c(";
    let lines = [
        serde_json::json!({ "match": "broke off[^@]*\nfn c\\(\n", "output": "fn c() {}\nfn d() {}\n" }),
        serde_json::json!({ "match": "^hi", "output": first, "fault": "drop@99" }),
    ];
    let script = lines.map(|it| it.to_string()).join("\n");
    let server = serve(Options {
        rate_tokens_per_s: None,
        script: Some(Script::parse(&script).unwrap()),
        ..Options::default()
    })
    .await
    .unwrap();
    let mut harness = Harness::start(config(server.url()));
    let outcome = harness.ask(1).await;
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.text, "fn a() {}\nfn b() {}\nfn c() {}\nfn d() {}\n");
}

#[tokio::test]
async fn a_rest_that_does_not_follow_leaves_the_first_part_and_its_error() {
    let lines = [
        serde_json::json!({ "match": "broke off", "output": "Sure! Here is the rest:\nfn c() {}\n" }),
        serde_json::json!({ "match": "", "output": "fn a() {}\nfn b", "fault": "drop@99" }),
    ];
    let script = lines.map(|it| it.to_string()).join("\n");
    let server = serve(Options {
        rate_tokens_per_s: None,
        script: Some(Script::parse(&script).unwrap()),
        ..Options::default()
    })
    .await
    .unwrap();
    let mut harness = Harness::start(config(server.url()));
    let outcome = harness.ask(1).await;
    assert!(
        matches!(outcome.error, Some(LinkError::Closed { .. })),
        "{outcome:?}"
    );
    assert_eq!(
        (outcome.text.as_str(), outcome.sent),
        ("fn a() {}\nfn b", 2)
    );
}

#[tokio::test]
async fn a_forgotten_parent_is_sent_in_full_on_the_same_connection() {
    let server = server(&[]).await;
    let mut harness = Harness::start(config(server.url()));
    harness.spare().await;
    let mut request = crate::harness::request("hi");
    request.previous_response_id = Some("resp_gone".to_owned());
    harness.link.send(1, request);
    let outcome = harness.outcome(1).await;
    Harness::assert_answered(&outcome);
    assert_eq!((outcome.sent, server.sockets()), (2, 2));
}

#[tokio::test]
async fn a_refused_upgrade_leads_to_plain_http_at_once() {
    for status in [403, 404, 405, 426, 501] {
        // The refusal strikes the first handshake only; what comes after is a POST.
        let server = server(&[&format!("upgrade={status}#1")]).await;
        let mut harness = Harness::start(strict(server.url()));
        for id in 1..4 {
            let outcome = harness.ask(id).await;
            Harness::assert_answered(&outcome);
            assert_eq!(outcome.sent, 1, "{status}");
        }
        let report = harness.link.report();
        assert_eq!(report.wire, Some(Wire::Sse));
        assert!(report.fallback.unwrap().contains(&status.to_string()));
        assert_eq!(server.connections(), 1 + 3, "one handshake, three POSTs");
    }
}

#[tokio::test]
async fn a_proxy_that_swallows_the_upgrade_is_stepped_around() {
    // It answers the upgrade as if it were a page, and lets a POST through.
    let url = tcp_server(|_, stream| async move {
        let mut stream = stream;
        let head = read_head(&mut stream).await;
        let answer = match head.starts_with("GET") {
            true => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned(),
            false => {
                let body = concat!(
                    "data: {\"type\":\"response.output_text.delta\",\"delta\":\"by post\"}\n\n",
                    "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}\n\n",
                );
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _ = stream.read(&mut [0; 1]).await;
    })
    .await;
    let outcome = Harness::start(config(url)).ask(1).await;
    assert_eq!((outcome.error, outcome.text.as_str()), (None, "by post"));
}

async fn read_head(stream: &mut TcpStream) -> String {
    let (mut head, mut piece) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "the request broke off");
        head.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

#[tokio::test]
async fn an_upgrade_that_keeps_failing_leads_to_plain_http_after_its_attempts() {
    let upgrades = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&upgrades);
    let url = tcp_server(move |_, mut stream| {
        let count = Arc::clone(&count);
        async move {
            let head = read_head(&mut stream).await;
            if head.starts_with("GET") {
                count.fetch_add(1, Ordering::Relaxed);
                let answer = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n";
                return stream.write_all(answer.as_bytes()).await.unwrap();
            }
            let body = "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}\n\n";
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let outcome = Harness::start(config(url)).ask(1).await;
    assert!(
        matches!(outcome.terminal, Some(StreamEvent::Completed { .. })),
        "{outcome:?}"
    );
    assert_eq!(upgrades.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_lane_that_is_refused_is_not_named_again() {
    let url = tcp_server(|_, stream| async move {
        let mut socket = accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else {
                continue;
            };
            let answer = match text.contains("stream_id") {
                true => {
                    r#"{"type":"error","status":400,"error":{"type":"invalid_request_error","message":"Unknown parameter: 'stream_id'."}}"#
                }
                false => r#"{"type":"response.completed","response":{"id":"r"}}"#,
            };
            socket.send(Message::text(answer)).await.unwrap();
        }
    })
    .await;
    let mut harness = Harness::start(config(url));
    for (id, sent) in [(1, 2), (2, 1)] {
        let outcome = harness.ask(id).await;
        assert_eq!((outcome.error, outcome.sent), (None, sent));
    }
}

#[tokio::test]
async fn limits_are_told() {
    let server = serve(Options {
        faults: vec!["busy=5@0#1".parse().unwrap()],
        ..answering(None)
    })
    .await
    .unwrap();
    let mut harness = Harness::start(config(server.url()));
    assert_eq!(harness.ask(1).await.text, ANSWER);
    let report = harness.link.report();
    assert_eq!(report.quota.requests.remaining, Some(0));
}

/// Takes lanes for what is sent ahead, and then no more of them.
#[tokio::test]
async fn a_lane_too_many_is_not_named_again() {
    for code in ["websocket_stream_limit_reached", "invalid_stream_id"] {
        let url = tcp_server(move |_, stream| async move {
            let mut socket = accept_async(stream).await.unwrap();
            let mut named = 0;
            while let Some(Ok(message)) = socket.next().await {
                let Message::Text(text) = message else {
                    continue;
                };
                let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
                let lane = frame["stream_id"].clone();
                named += usize::from(lane.is_string());
                let mut answer = match lane.is_string() && named > 1 {
                    true => serde_json::json!({ "type": "error", "status": 400, "error": { "code": code, "message": "no more" } }),
                    false => serde_json::json!({ "type": "response.completed", "response": { "id": "r" } }),
                };
                if lane.is_string() {
                    answer["stream_id"] = lane;
                }
                let answer = Message::text(answer.to_string());
                socket.send(answer).await.unwrap();
            }
        })
        .await;
        let mut harness = Harness::start(strict(url));
        harness.spare().await;
        for (id, sent) in [(1, 1), (2, 2), (3, 1)] {
            let outcome = harness.ask(id).await;
            assert_eq!((outcome.error, outcome.sent), (None, sent), "{code}");
        }
    }
}
