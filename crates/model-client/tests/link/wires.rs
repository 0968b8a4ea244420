//! The other wires: the same requests, events and failures by POST.

use std::time::Duration;

use loopback::{Loopback, Options, serve};
use model_client::{LinkConfig, LinkError, LinkEvent, Retry, Wire};
use model_protocol::{Request, StreamEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{
    ANSWER, Harness, KEY, answering, config, request, strict, tcp_server, unfinished,
};

const BOTH: [Wire; 2] = [Wire::Sse, Wire::Chat];

fn url(server: &Loopback, wire: Wire) -> String {
    match wire {
        Wire::WebSocket => server.url(),
        Wire::Sse => server.http_url(),
        Wire::Chat => server.chat_url(),
    }
}

async fn faulty(faults: &[&str]) -> Loopback {
    let faults = faults.iter().map(|it| it.parse().unwrap()).collect();
    serve(Options {
        faults,
        ..answering(None)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn the_events_are_the_same_on_all_wires() {
    let server = faulty(&[]).await;
    for wire in [Wire::WebSocket, Wire::Sse, Wire::Chat] {
        let mut harness = Harness::start(config(url(&server, wire)));
        for id in 1..4 {
            let outcome = harness.ask(id).await;
            Harness::assert_answered(&outcome);
            let Some(StreamEvent::Completed { response_id, usage }) = outcome.terminal else {
                panic!("{wire:?}");
            };
            assert!(!response_id.is_empty() && usage.unwrap().output > 0);
        }
        assert_eq!(harness.link.report().wire, Some(wire));
    }
    // One connection served all three requests of a wire; the other is its spare.
    assert!(server.sockets() <= 6, "{}", server.sockets());
}

#[tokio::test]
async fn posts_run_side_by_side() {
    let server = unfinished().await;
    for wire in BOTH {
        let mut harness = Harness::start(config(url(&server, wire)));
        for id in 1..=4 {
            harness.link.send(id, request("hi"));
        }
        let mut begun = std::collections::BTreeSet::new();
        while begun.len() < 4 {
            match harness.next().await {
                LinkEvent::Stream { id, .. } => {
                    begun.insert(id);
                }
                LinkEvent::Ended { id, error } => panic!("{wire:?} {id}: {error:?}, {begun:?}"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn failures_are_told_as_on_the_socket() {
    for wire in BOTH {
        for (fault, retry) in [
            ("drop@3", Retry::Now),
            ("garbage@3", Retry::Later),
            ("error=500@3", Retry::Later),
            ("error=400@3", Retry::Never),
            ("failed@3", Retry::Later),
        ] {
            let server = faulty(&[&format!("{fault}#1")]).await;
            let mut harness = Harness::start(strict(url(&server, wire)));
            let outcome = harness.ask(1).await;
            let head: String = ANSWER.chars().take(12).collect();
            assert_eq!(outcome.text, head, "{wire:?} {fault}");
            assert_eq!(outcome.error.unwrap().retry(), retry, "{wire:?} {fault}");
            Harness::assert_answered(&harness.ask(2).await);
        }
    }
}

#[tokio::test]
async fn failures_are_healed_as_on_the_socket() {
    for wire in BOTH {
        for fault in [
            "drop@0",
            "drop@3",
            "silence@0",
            "silence@3",
            "garbage@3",
            "error=503@0",
            "failed@3",
            "busy=5@0",
            "upgrade=503",
            "upgrade=429",
        ] {
            let server = faulty(&[&format!("{fault}#1")]).await;
            let mut harness = Harness::start(LinkConfig {
                idle_timeout: Duration::from_millis(300),
                ..config(url(&server, wire))
            });
            let outcome = harness.ask(1).await;
            Harness::assert_answered(&outcome);
            assert_eq!(outcome.sent, 2, "{wire:?} {fault}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_says_why() {
    let server = faulty(&["incomplete@2"]).await;
    for wire in BOTH {
        let outcome = Harness::start(config(url(&server, wire))).ask(1).await;
        assert!(
            matches!(&outcome.terminal, Some(StreamEvent::Incomplete { reason, .. }) if reason == "max_output_tokens"),
            "{wire:?}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_post_names_status_and_cure() {
    for (status, cure) in [(401, "models.fast.key"), (404, "models.fast.url")] {
        let server = faulty(&[&format!("upgrade={status}")]).await;
        for wire in BOTH {
            let error = Harness::start(config(url(&server, wire)))
                .ask(1)
                .await
                .error
                .unwrap();
            assert!(
                matches!(error, LinkError::Refused { status: it, .. } if it == status),
                "{error:?}"
            );
            assert!(error.to_string().contains(cure), "{error}");
        }
    }
}

#[tokio::test]
async fn a_cancel_ends_the_post_and_the_spare_takes_over() {
    let server = unfinished().await;
    for wire in BOTH {
        let mut harness = Harness::start(config(url(&server, wire)));
        for id in 1..10 {
            harness.link.send(id, request("hi"));
            loop {
                match harness.next().await {
                    LinkEvent::Stream {
                        id: of,
                        event: StreamEvent::Delta { .. },
                    } => {
                        assert_eq!(of, id);
                        break;
                    }
                    LinkEvent::Ended { id, error } => panic!("{id}: {error:?}"),
                    _ => {}
                }
            }
            harness.spare().await;
            harness.link.cancel(id);
            let error = harness.outcome(id).await.error;
            assert_eq!(error, Some(LinkError::Cancelled));
        }
        assert_eq!(harness.link.report().cold, 1);
    }
}

#[tokio::test]
async fn what_a_post_carries_is_what_the_wire_asks_for() {
    let (sender, mut posts) = tokio::sync::mpsc::unbounded_channel();
    let base = tcp_server(move |_, mut stream| {
        let sender = sender.clone();
        async move {
            let (mut post, mut piece) = (String::new(), [0; 4096]);
            while !post.ends_with('}') {
                let read = stream.read(&mut piece).await.unwrap();
                if read == 0 {
                    return;
                }
                post.push_str(&String::from_utf8_lossy(&piece[..read]));
            }
            sender.send(post).unwrap();
            let answer = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-ratelimit-remaining-tokens: 77\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await
    .replace("ws://", "http://");
    let chat = base.replace("/responses", "/chat/completions");
    for (url, prediction, has, lacks) in [
        (&base, true, "\"input\":", "old text"),
        (&chat, false, "\"messages\":", "old text"),
        (&chat, true, "\"prediction\":{", "\"input\""),
    ] {
        let mut harness = Harness::start(LinkConfig {
            prediction,
            ..strict(url)
        });
        let prediction = Some("old text".to_owned());
        harness.link.send(
            1,
            Request {
                prediction,
                ..request("hi")
            },
        );
        let error = harness.outcome(1).await.error;
        assert!(matches!(error, Some(LinkError::Server(_))), "{error:?}");
        let post = posts.recv().await.unwrap();
        assert!(post.contains(has) && !post.contains(lacks), "{post}");
        let head = post.to_lowercase();
        for line in [
            format!("authorization: bearer {KEY}"),
            "accept: text/event-stream".to_owned(),
            "content-type: application/json".to_owned(),
            "host: 127.0.0.1:".to_owned(),
        ] {
            assert!(head.contains(&line), "{line} in {head}");
        }
        let quota = harness.link.report().quota;
        assert_eq!(quota.tokens.remaining, Some(77));
    }
}
