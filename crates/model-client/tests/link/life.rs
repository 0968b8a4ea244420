//! The link in health: order, cancel, spare connection, slow readers, pings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use loopback::{Options, Script, serve};
use model_client::{LinkConfig, LinkError, LinkEvent, LinkStatus};
use model_protocol::{Request, StreamEvent};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::harness::{Harness, config, request, server, strict, tcp_server, unfinished};

#[tokio::test]
async fn it_connects_before_it_is_asked() {
    let server = server(&[]).await;
    let mut harness = Harness::start(config(server.url()));
    harness.ready().await;
    assert_eq!(harness.link.status(), LinkStatus::Ready);
    let outcome = harness.ask(1).await;
    Harness::assert_answered(&outcome);
    assert_eq!(outcome.sent, 1);
}

#[tokio::test]
async fn requests_queue_in_order_on_one_connection() {
    let server = server(&[]).await;
    let mut harness = Harness::start(LinkConfig {
        parallel: 1,
        ..config(server.url())
    });
    for id in 1..=20 {
        harness.link.send(id, request("hi"));
    }
    for id in 1..=20 {
        Harness::assert_answered(&harness.outcome(id).await);
    }
    assert!(server.connections() <= 2, "{}", server.connections());
}

#[tokio::test]
async fn a_warm_up_can_be_continued_on_the_same_connection() {
    let server = server(&[]).await;
    let mut harness = Harness::start(config(server.url()));
    harness.link.send(
        1,
        Request {
            generate: Some(false),
            ..request("context")
        },
    );
    let Some(StreamEvent::Completed { response_id, .. }) = harness.outcome(1).await.terminal else {
        panic!("no warm-up");
    };
    harness.link.send(
        2,
        Request {
            previous_response_id: Some(response_id),
            ..request("hi")
        },
    );
    Harness::assert_answered(&harness.outcome(2).await);
}

/// Starts a slow request and waits for its first text.
async fn streaming(harness: &mut Harness, id: u64) {
    harness.link.send(id, request("hi"));
    while !matches!(
        harness.next().await,
        LinkEvent::Stream {
            event: StreamEvent::Delta { .. },
            ..
        }
    ) {}
}

#[tokio::test]
async fn a_cancel_ends_the_request_at_once_and_the_spare_takes_over() {
    let server = unfinished().await;
    let mut harness = Harness::start(config(server.url()));
    harness.ready().await;
    for id in [1, 3, 5] {
        streaming(&mut harness, id).await;
        harness.link.cancel(id);
        harness.link.cancel(id);
        harness.link.send(
            id + 1,
            Request {
                generate: Some(false),
                ..request("")
            },
        );
        let mut outcome = harness.outcome(id).await;
        assert_eq!(outcome.error.take(), Some(LinkError::Cancelled));
        assert_eq!(outcome.terminal, None);
        let next = harness.outcome(id + 1).await;
        assert_eq!((next.error, next.sent), (None, 1));
    }
}

#[tokio::test]
async fn a_queued_request_can_be_cancelled() {
    let server = unfinished().await;
    let mut harness = Harness::start(LinkConfig {
        parallel: 1,
        ..config(server.url())
    });
    streaming(&mut harness, 1).await;
    harness.link.send(2, request("hi"));
    harness.link.cancel(2);
    let cancelled = Some(LinkError::Cancelled);
    assert_eq!(harness.outcome(2).await.error, cancelled);
    harness.link.cancel(77);
    harness.link.cancel(1);
    assert_eq!(harness.outcome(1).await.error, cancelled);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_slow_reader_loses_nothing_and_gets_merged_text() {
    let long = "0123456789abcdef".repeat(2_000);
    let line = serde_json::json!({ "match": "", "output": long }).to_string();
    let script = Some(Script::parse(&line).unwrap());
    let server = serve(Options {
        rate_tokens_per_s: None,
        script,
        ..Options::default()
    })
    .await
    .unwrap();
    let mut harness = Harness::with_room(config(server.url()), 1);
    harness.link.send(1, request("hi"));
    // The server counts a request when it begins to answer it; the whole answer is sent unpaced.
    let (mut text, mut deltas) = (String::new(), 0);
    loop {
        match harness.next().await {
            LinkEvent::Stream {
                event: StreamEvent::Delta { text: piece },
                ..
            } => {
                text.push_str(&piece);
                deltas += 1;
            }
            LinkEvent::Ended { error, .. } => {
                assert_eq!(error, None);
                break;
            }
            _ => {}
        }
    }
    assert_eq!(text, long);
    assert!(
        deltas < 4_000,
        "{deltas} of 8,000 deltas were handed on one by one"
    );
}

#[tokio::test]
async fn pings_are_answered_while_idle() {
    let (sender, mut answers) = mpsc::unbounded_channel();
    let url = tcp_server(move |number, stream| {
        let sender = sender.clone();
        async move {
            let mut socket = accept_async(stream).await.unwrap();
            socket.send(Message::Ping(vec![7, 7].into())).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                let _ = sender.send((number, message));
            }
        }
    })
    .await;
    let _harness = Harness::start(config(url));
    let mut seen = [answers.recv().await.unwrap(), answers.recv().await.unwrap()];
    seen.sort_by_key(|it| it.0);
    let pong = Message::Pong(vec![7, 7].into());
    assert_eq!(seen, [(0, pong.clone()), (1, pong)]);
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let (sender, mut opened) = mpsc::unbounded_channel();
    let url = tcp_server(move |number, stream| {
        count.fetch_add(1, Ordering::Relaxed);
        let sender = sender.clone();
        async move {
            let mut socket = accept_async(stream).await.unwrap();
            let _ = sender.send(number);
            if number < 2 {
                let _ = socket.close(None).await;
            }
            while let Some(Ok(_)) = socket.next().await {}
        }
    })
    .await;
    let _harness = Harness::start(config(url));
    for number in 0..4 {
        assert_eq!(opened.recv().await, Some(number));
    }
}

#[tokio::test]
async fn dropping_the_link_ends_what_runs() {
    let server = unfinished().await;
    let mut harness = Harness::start(config(server.url()));
    streaming(&mut harness, 1).await;
    harness.link.send(2, request("hi"));
    let Harness { link, mut events } = harness;
    drop(link);
    let mut ended = Vec::new();
    while let Some(event) = events.recv().await {
        if let LinkEvent::Ended { id, error } = event {
            ended.push((id, error));
        }
    }
    assert_eq!(
        ended,
        [(1, Some(LinkError::Stopped)), (2, Some(LinkError::Stopped))]
    );
}

#[tokio::test]
async fn every_request_ends_exactly_once_under_random_faults_and_cancels() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(5);
    let count = std::env::var("ITERATIONS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(300);
    let mut random = fastrand::Rng::with_seed(seed);
    let faults = [
        "drop@2/7",
        "garbage@3/11",
        "failed@1/5",
        "close=1011@0/13",
        "binary/17",
        "upgrade=503/9",
    ];
    let server = server(&faults).await;
    let mut harness = Harness::start(config(server.url()));
    let mut open = std::collections::BTreeSet::new();
    let mut next = 0;
    while next < count || !open.is_empty() {
        if next < count && (open.is_empty() || random.u8(..4) > 0) {
            open.insert(next);
            harness.link.send(next, request("hi"));
            next += 1;
            if random.u8(..4) == 0 {
                harness.link.cancel(random.u64(..next));
            }
            continue;
        }
        match harness.next().await {
            LinkEvent::Ended { id, .. } => {
                assert!(open.remove(&id), "{id} ended twice, seed {seed}")
            }
            LinkEvent::Queued { id, .. }
            | LinkEvent::Sent { id, .. }
            | LinkEvent::Traffic { id, .. }
            | LinkEvent::Stream { id, .. } => {
                assert!(
                    open.contains(&id),
                    "an event of {id} after its end, seed {seed}"
                );
            }
            LinkEvent::Status(_) => {}
        }
    }
}

/// Larger than all that sockets hold for somebody who does not read.
fn large() -> Request {
    request(&"x".repeat(12 << 20))
}

/// A server that reads so much at a time with so long a pause, and answers when it has all of it.
async fn slow_reader(socket: bool, bytes: usize, pause: Duration) -> String {
    let url = tcp_server(move |_, mut stream| async move {
        if socket {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let name = "sec-websocket-key: ";
            let key = head.lines().find_map(|it| it.to_lowercase().starts_with(name).then(|| &it[name.len()..]));
            let accept = derive_accept_key(key.unwrap().as_bytes());
            let answer = format!("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        let mut left = 12 << 20;
        let mut buffer = vec![0; bytes.max(1)];
        while left > 0 && bytes > 0 {
            tokio::time::sleep(pause).await;
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => left -= read.min(left),
            }
        }
        if bytes == 0 {
            return std::future::pending().await;
        }
        let event = r#"{"type":"response.completed","response":{"id":"r"}}"#;
        let answer = match socket {
            true => [&[0x81, event.len() as u8], event.as_bytes()].concat(),
            false => format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {event}\n\n").into_bytes(),
        };
        stream.write_all(&answer).await.unwrap();
        // The rest of the request is read, so that the answer is not lost with it.
        while stream.read(&mut buffer).await.is_ok_and(|it| it > 0) {}
    })
    .await;
    match socket {
        true => url,
        false => url.replace("ws://", "http://"),
    }
}

#[tokio::test]
async fn a_request_that_nobody_takes_is_given_up_and_one_that_is_taken_slowly_is_not() {
    for socket in [true, false] {
        let start = |url| {
            Harness::start(LinkConfig {
                idle_timeout: Duration::from_millis(400),
                ..strict(url)
            })
        };
        let mut harness = start(slow_reader(socket, 0, Duration::ZERO).await);
        harness.link.send(1, large());
        let error = harness.outcome(1).await.error;
        assert!(
            matches!(error, Some(LinkError::Timeout { .. })),
            "{error:?}"
        );
        let mut harness = start(slow_reader(socket, 1 << 20, Duration::from_millis(40)).await);
        harness.link.send(1, large());
        assert_eq!(harness.outcome(1).await.error, None, "{socket}");
    }
}
