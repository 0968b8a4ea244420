//! Limits that change while the link runs: they count at once, and nothing is lost by it.

use std::time::Duration;

use loopback::serve;
use model_client::{Limits, LinkConfig, LinkError, LinkEvent};
use model_protocol::StreamEvent;

use crate::harness::{Harness, answering, config, request, server, strict, unfinished};

fn limits() -> Limits {
    Limits {
        connect_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(10),
        max_frame: 16 << 20,
        parallel: 4,
        retries: 0,
    }
}

async fn streaming(harness: &mut Harness, id: u64) {
    let is_text = |it: &LinkEvent| matches!(it, LinkEvent::Stream { id: found, event: StreamEvent::Delta { .. } } if *found == id);
    while !is_text(&harness.next().await) {}
}

#[tokio::test]
async fn a_running_answer_gets_the_new_patience() {
    let server = server(&["silence@2"]).await;
    let mut harness = Harness::start(LinkConfig {
        idle_timeout: Duration::from_secs(3_600),
        ..strict(server.url())
    });
    harness.link.send(1, request("hi"));
    streaming(&mut harness, 1).await;
    harness.link.limit(Limits {
        idle_timeout: Duration::from_millis(50),
        ..limits()
    });
    let error = harness.outcome(1).await.error;
    assert!(
        matches!(error, Some(LinkError::Timeout { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_waits_begins_when_more_may_run() {
    let server = unfinished().await;
    let mut harness = Harness::start(LinkConfig {
        parallel: 1,
        ..config(server.url())
    });
    harness.link.send(1, request("hi"));
    harness.link.send(2, request("hi"));
    streaming(&mut harness, 1).await;
    harness
        .until("one runs", |it| it.running == 1 && it.queued == 1)
        .await;
    harness.link.limit(limits());
    harness.until("both run", |it| it.running == 2).await;
    for id in [1, 2] {
        harness.link.cancel(id);
    }
}

#[tokio::test]
async fn a_new_size_of_messages_counts_for_the_next_request_and_spares_what_runs() {
    let server = serve(answering(Some(400.0))).await.unwrap();
    let mut harness = Harness::start(config(server.url()));
    harness.spare().await;
    harness.link.send(1, request("hi"));
    streaming(&mut harness, 1).await;
    harness.link.limit(Limits {
        max_frame: 64,
        ..limits()
    });
    assert_eq!(harness.outcome(1).await.error, None);
    let error = harness.ask(2).await.error;
    let limit = Some(64);
    assert!(
        matches!(&error, Some(LinkError::FrameTooLarge { limit: found, .. }) if Some(*found) == limit),
        "{error:?}"
    );
    harness.link.limit(limits());
    Harness::assert_answered(&harness.ask(3).await);
}
