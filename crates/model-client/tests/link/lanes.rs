//! Requests side by side: on lanes where the server has them, on connections of their own elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use loopback::{Dialect, Loopback, Options, serve};
use model_client::{LinkConfig, LinkError, LinkEvent};
use model_protocol::StreamEvent;

use crate::harness::{ANSWER, Harness, answering, config, request};

const NO_LANES: Dialect = Dialect {
    lanes: false,
    interrupt: false,
};

async fn paced(dialect: Dialect) -> Loopback {
    serve(Options {
        dialect,
        // Slow enough that all have begun before one ends, on a busy machine too.
        ..answering(Some(20.0))
    })
    .await
    .unwrap()
}

/// Runs the requests to their ends, in whatever order; how many had begun before the first ended.
async fn all(harness: &mut Harness, count: u64) -> usize {
    let mut texts: BTreeMap<u64, String> = BTreeMap::new();
    let (mut ended, mut side_by_side) = (0, 0);
    while ended < count {
        match harness.next().await {
            LinkEvent::Stream {
                id,
                event: StreamEvent::Delta { text },
            } => texts.entry(id).or_default().push_str(&text),
            LinkEvent::Ended { error, .. } => {
                assert_eq!(error, None);
                if ended == 0 {
                    side_by_side = texts.len();
                }
                ended += 1;
            }
            _ => {}
        }
    }
    assert_eq!(texts.len(), count as usize);
    assert!(texts.values().all(|it| it == ANSWER), "{texts:?}");
    side_by_side
}

#[tokio::test]
async fn lanes_share_one_connection() {
    let server = paced(Dialect::default()).await;
    let mut harness = Harness::start(config(server.url()));
    // The first answer shows that the server has lanes.
    Harness::assert_answered(&harness.ask(1).await);
    harness.spare().await;
    for id in 2..6 {
        harness.link.send(id, request("hi"));
    }
    assert_eq!(all(&mut harness, 4).await, 4);
    let report = harness.link.report();
    assert_eq!((report.lanes, report.handshakes), (Some(true), 2));
    assert_eq!(server.sockets(), 2);
}

#[tokio::test]
async fn without_lanes_each_request_has_a_connection() {
    let server = paced(NO_LANES).await;
    let mut harness = Harness::start(config(server.url()));
    Harness::assert_answered(&harness.ask(1).await);
    for id in 2..6 {
        harness.link.send(id, request("hi"));
    }
    assert_eq!(all(&mut harness, 4).await, 4);
    assert_eq!(harness.link.report().lanes, Some(false));
    assert!((4..=5).contains(&server.sockets()), "{}", server.sockets());
}

#[tokio::test]
async fn what_is_too_much_waits_and_is_told_its_place() {
    for dialect in [Dialect::default(), NO_LANES] {
        let server = paced(dialect).await;
        let mut harness = Harness::start(LinkConfig {
            parallel: 2,
            ..config(server.url())
        });
        harness.spare().await;
        for id in 1..=5 {
            harness.link.send(id, request("hi"));
        }
        let mut places = Vec::new();
        while places.len() < 3 {
            if let LinkEvent::Queued { id, place } = harness.next().await {
                places.push((id, place));
            }
        }
        assert_eq!(places, [(3, 1), (4, 2), (5, 3)]);
        assert_eq!(harness.link.report().queued, 3);
        harness.link.cancel(3);
        let mut ended = Vec::new();
        while ended.len() < 5 {
            match harness.next().await {
                LinkEvent::Queued { id, place } => places.push((id, place)),
                LinkEvent::Ended { id, error } => ended.push((id, error)),
                _ => {}
            }
        }
        assert_eq!(ended[0], (3, Some(LinkError::Cancelled)));
        assert!(ended[1..].iter().all(|it| it.1.is_none()), "{ended:?}");
        assert_eq!(places[3..5], [(4, 1), (5, 2)]);
    }
}

#[tokio::test]
async fn more_than_a_person_can_mean_is_turned_away() {
    let server = paced(Dialect::default()).await;
    let mut harness = Harness::start(LinkConfig {
        parallel: 1,
        ..config(server.url())
    });
    harness.ready().await;
    for id in 0..100 {
        harness.link.send(id, request("hi"));
    }
    let error = loop {
        if let LinkEvent::Ended { error, .. } = harness.next().await {
            break error;
        }
    };
    assert_eq!(error, Some(LinkError::Overloaded { waiting: 64 }));
}

#[tokio::test]
async fn a_silent_connection_takes_only_its_own_requests_along() {
    let server = serve(Options {
        dialect: NO_LANES,
        faults: vec!["silence@2#1".parse().unwrap()],
        // Slow enough that all have begun before one ends, on a busy machine too.
        ..answering(Some(20.0))
    })
    .await
    .unwrap();
    let mut harness = Harness::start(LinkConfig {
        idle_timeout: Duration::from_millis(400),
        ..crate::harness::strict(server.url())
    });
    harness.spare().await;
    harness.link.send(1, request("hi"));
    harness.link.send(2, request("hi"));
    let mut ended = BTreeMap::new();
    while ended.len() < 2 {
        if let LinkEvent::Ended { id, error } = harness.next().await {
            ended.insert(id, error);
        }
    }
    assert!(
        matches!(ended[&1], Some(LinkError::Timeout { .. })),
        "{ended:?}"
    );
    assert_eq!(ended[&2], None);
}

#[tokio::test]
async fn an_old_connection_is_replaced_between_requests() {
    let server = paced(Dialect::default()).await;
    let mut harness = Harness::start(LinkConfig {
        max_age: Duration::from_millis(60),
        ..config(server.url())
    });
    // Longer than a connection may live, and yet whole.
    let long = harness.ask(1).await;
    Harness::assert_answered(&long);
    harness.until("replacements", |it| it.handshakes >= 6).await;
    let outcome = harness.ask(2).await;
    Harness::assert_answered(&outcome);
    assert_eq!(outcome.sent, 1);
    assert_eq!(
        harness.link.report().cold,
        1,
        "only the very first had to wait"
    );
}

#[tokio::test]
async fn a_response_that_nobody_wants_does_not_run_for_long() {
    let slow = Dialect {
        lanes: true,
        interrupt: false,
    };
    let server = serve(Options {
        dialect: slow,
        ..answering(Some(1.0))
    })
    .await
    .unwrap();
    let mut harness = Harness::start(config(server.url()));
    harness.link.send(1, request("hi"));
    while !matches!(harness.next().await, LinkEvent::Stream { .. }) {}
    harness.spare().await;
    let handshakes = harness.link.report().handshakes;
    harness.link.cancel(1);
    // Its connection is closed and replaced, long before the answer would have ended.
    harness
        .until("a replacement", |it| {
            it.handshakes > handshakes && it.idle == 2
        })
        .await;
    assert_eq!(harness.link.report().lanes, Some(true));
}
