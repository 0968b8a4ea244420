//! What is sent ahead, and requests that go on from what the server knows.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use loopback::{Dialect, Loopback, Options, serve};
use model_client::LinkConfig;
use model_protocol::{Message, Request, Role, StreamEvent};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::harness::{ANSWER, Harness, Outcome, answering, config, request, tcp_server};

const NO_LANES: Dialect = Dialect {
    lanes: false,
    interrupt: false,
};

fn file() -> String {
    "let a = 1; // \"quoted\"\n".repeat(4_000)
}

fn conversation(texts: &[&str]) -> Request {
    Request {
        input: texts.iter().map(|it| Message::user(*it)).collect(),
        ..request("")
    }
}

async fn server(dialect: Dialect) -> Loopback {
    serve(Options {
        dialect,
        ..answering(None)
    })
    .await
    .unwrap()
}

async fn settled(harness: &Harness, count: u64) {
    harness
        .until("it was sent ahead", |it| {
            it.ahead.count == count && it.ahead.is_settled
        })
        .await;
}

#[track_caller]
fn cached(outcome: &Outcome) -> u64 {
    match &outcome.terminal {
        Some(StreamEvent::Completed { usage, .. }) => usage.unwrap().cached,
        other => panic!("{other:?}"),
    }
}

/// Sends ahead, asks twice, and gives what each request cost.
async fn ask_twice(dialect: Dialect) -> [model_client::Traffic; 2] {
    let server = server(dialect).await;
    let mut harness = Harness::start(config(server.url()));
    harness.spare().await;
    let file = file();
    harness.link.ahead(Some(conversation(&[&file])));
    settled(&harness, 1).await;
    let mut costs = Vec::new();
    for id in 1..3 {
        harness.link.send(id, conversation(&[&file, "do it"]));
        let outcome = harness.outcome(id).await;
        Harness::assert_answered(&outcome);
        assert_eq!(outcome.traffic.len(), 1);
        let traffic = outcome.traffic[0];
        // Either way the server has all of it.
        assert_eq!(cached(&outcome) > 0, traffic.saved > 0);
        assert!(traffic.sent + traffic.saved > file.len() as u64);
        assert!(traffic.received > ANSWER.len() as u64);
        costs.push(traffic);
    }
    let report = harness.link.report();
    assert!(report.bytes_received > costs.iter().map(|it| it.received).sum::<u64>());
    assert_eq!(
        report.bytes_saved,
        costs.iter().map(|it| it.saved).sum::<u64>()
    );
    assert_eq!(report.handshakes, 2);
    [costs[0], costs[1]]
}

#[tokio::test]
async fn what_was_sent_ahead_is_not_sent_again() {
    for cost in ask_twice(Dialect::default()).await {
        assert!(cost.sent < 300 && cost.saved > 80_000, "{cost:?}");
    }
}

#[tokio::test]
async fn without_lanes_it_serves_one_request() {
    let [first, second] = ask_twice(NO_LANES).await;
    assert!(first.sent < 300 && first.saved > 80_000, "{first:?}");
    assert!(second.sent > 80_000 && second.saved == 0, "{second:?}");
}

#[tokio::test]
async fn a_request_waits_for_what_is_on_its_way_ahead_of_it() {
    let server = server(Dialect::default()).await;
    let mut harness = Harness::start(config(server.url()));
    harness.spare().await;
    let file = file();
    harness.link.ahead(Some(conversation(&[&file])));
    harness.link.send(1, conversation(&[&file, "do it"]));
    let outcome = harness.outcome(1).await;
    Harness::assert_answered(&outcome);
    assert!(outcome.traffic[0].saved > 80_000, "{:?}", outcome.traffic);
}

#[tokio::test]
async fn a_redirect_goes_on_with_the_conversation() {
    for dialect in [Dialect::default(), NO_LANES] {
        let server = server(dialect).await;
        let mut harness = Harness::start(config(server.url()));
        harness.spare().await;
        let file = file();
        harness.link.send(1, conversation(&[&file, "do it"]));
        Harness::assert_answered(&harness.outcome(1).await);
        let mut again = conversation(&[&file, "do it"]);
        again.input.push(Message {
            role: Role::Assistant,
            text: ANSWER.into(),
        });
        again.input.push(Message::user("do it otherwise"));
        harness.link.send(2, again.clone());
        let outcome = harness.outcome(2).await;
        Harness::assert_answered(&outcome);
        assert!(outcome.traffic[0].sent < 300, "{:?}", outcome.traffic);
        // Another setting is another conversation.
        again.max_output_tokens = Some(10_000);
        harness.link.send(3, again);
        assert_eq!(harness.outcome(3).await.traffic[0].saved, 0);
    }
}

#[tokio::test]
async fn a_redirect_in_mid_stream_goes_on_from_what_was_sent_ahead() {
    let server = crate::harness::server(&["silence@1#2"]).await;
    let mut harness = Harness::start(LinkConfig {
        interrupt: true,
        ..config(server.url())
    });
    harness.spare().await;
    let file = file();
    harness.link.ahead(Some(conversation(&[&file])));
    settled(&harness, 1).await;
    harness.link.send(1, conversation(&[&file, "do it"]));
    let is_text = |event: &model_client::LinkEvent| {
        matches!(
            event,
            model_client::LinkEvent::Stream {
                event: StreamEvent::Delta { .. },
                ..
            }
        )
    };
    while !is_text(&harness.next().await) {}
    harness.link.cancel(1);
    let stopped = harness.outcome(1).await;
    assert!(stopped.traffic[0].received > 0, "{:?}", stopped.traffic);
    harness
        .link
        .send(2, conversation(&[&file, "do it", "otherwise"]));
    let outcome = harness.outcome(2).await;
    Harness::assert_answered(&outcome);
    assert!(outcome.traffic[0].saved > 80_000, "{:?}", outcome.traffic);
}

#[tokio::test]
async fn what_is_taken_back_or_replaced_does_not_leave() {
    let server = server(Dialect::default()).await;
    let mut harness = Harness::start(config(server.url()));
    // No connection stands yet, so that it has to wait.
    harness.link.ahead(Some(conversation(&["old"])));
    harness.link.ahead(Some(conversation(&["new"])));
    harness.link.ahead(None);
    harness.spare().await;
    Harness::assert_answered(&harness.ask(1).await);
    assert_eq!(harness.link.report().ahead.count, 0);
    harness.link.ahead(Some(conversation(&["new"])));
    settled(&harness, 1).await;
    // The same again is there already.
    harness.link.ahead(Some(conversation(&["new"])));
    harness.link.ahead(Some(conversation(&["newer"])));
    settled(&harness, 2).await;
}

#[tokio::test]
async fn over_plain_http_nothing_is_sent_ahead() {
    let server = server(Dialect::default()).await;
    let mut harness = Harness::start(config(server.http_url()));
    harness.ready().await;
    let file = file();
    harness.link.ahead(Some(conversation(&[&file])));
    harness.link.send(1, conversation(&[&file, "do it"]));
    let outcome = harness.outcome(1).await;
    Harness::assert_answered(&outcome);
    let traffic = outcome.traffic[0];
    assert!(traffic.sent > 80_000 && traffic.received > ANSWER.len() as u64 && traffic.saved == 0);
    assert_eq!(harness.link.report().ahead.count, 0);
}

/// What a server of our own does with a request.
enum Answers {
    /// Whole, with this text.
    Text(&'static str),
    Nothing,
    Error(Value),
    /// Drops the connection after a whole answer without text.
    Leaves,
}

/// A server that answers each request as the closure says; gives its address and the requests that came, each
/// with the number of its connection.
async fn model(
    answers: impl Fn(&Value) -> Answers + Clone + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<(usize, Value)>>>) {
    let log = Arc::<Mutex<Vec<(usize, Value)>>>::default();
    let requests = Arc::clone(&log);
    let url = tcp_server(move |number, stream| {
        let (answers, requests) = (answers.clone(), Arc::clone(&requests));
        async move {
            let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
                return;
            };
            while let Some(Ok(message)) = socket.next().await {
                let tungstenite::Message::Text(text) = message else {
                    continue;
                };
                let request: Value = serde_json::from_str(&text).unwrap();
                let answer = answers(&request);
                let id = {
                    let mut requests = requests.lock().unwrap();
                    requests.push((number, request.clone()));
                    format!("r{}", requests.len())
                };
                let response = json!({ "id": id, "output": [] });
                let mut events = vec![json!({ "type": "response.created", "response": response })];
                match &answer {
                    Answers::Text(text) => {
                        events.push(json!({ "type": "response.output_text.delta", "delta": text }))
                    }
                    Answers::Nothing => continue,
                    Answers::Error(error) => events = vec![error.clone()],
                    Answers::Leaves => {}
                }
                if !matches!(answer, Answers::Error(_)) {
                    events.push(json!({ "type": "response.completed", "response": response }));
                }
                for mut event in events {
                    event["stream_id"] = request["stream_id"].clone();
                    let message = tungstenite::Message::text(event.to_string());
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
                if matches!(answer, Answers::Leaves) {
                    return;
                }
            }
        }
    })
    .await;
    (url, log)
}

fn is_ahead(request: &Value) -> bool {
    request["generate"] == false
}

#[tokio::test]
async fn a_refused_continuation_is_sent_in_full_at_once_and_only_once() {
    let not_found = json!({ "type": "error", "status": 400, "error": {
        "type": "invalid_request_error", "code": "previous_response_not_found",
        "message": "Previous response not found.", "param": "previous_response_id",
    } });
    let unknown = json!({ "type": "error", "status": 400, "error": {
        "type": "invalid_request_error", "message": "Unknown parameter: 'previous_response_id'.",
    } });
    for (error, tries_again) in [(not_found, true), (unknown, false)] {
        let refusal = error.clone();
        let (url, log) = model(
            move |request| match request["previous_response_id"].is_string() {
                true => Answers::Error(refusal.clone()),
                false if is_ahead(request) => Answers::Text(""),
                false => Answers::Text("x"),
            },
        )
        .await;
        let mut harness = Harness::start(LinkConfig {
            // It does not count as one.
            retries: 0,
            ..config(url)
        });
        harness.spare().await;
        harness.link.ahead(Some(conversation(&["file"])));
        settled(&harness, 1).await;
        harness.link.send(1, conversation(&["file", "do it"]));
        let outcome = harness.outcome(1).await;
        assert_eq!(
            (outcome.text.as_str(), outcome.error, outcome.sent),
            ("x", None, 2)
        );
        let requests = log.lock().unwrap().clone();
        let connections: Vec<usize> = requests.iter().map(|it| it.0).collect();
        assert_eq!(connections, [connections[0]; 3], "on the same connection");
        let last = &requests[2].1;
        assert!(
            last.get("previous_response_id").is_none()
                && last["input"].as_array().unwrap().len() == 2
        );
        assert_eq!(harness.link.report().retries, 0);
        // A lane that cannot fork may still go on by itself; a server that knows none of it is not asked again.
        harness.link.ahead(Some(conversation(&["other"])));
        harness.link.send(2, conversation(&["other", "do it"]));
        assert_eq!(harness.outcome(2).await.text, "x");
        let continued = log.lock().unwrap()[3..]
            .iter()
            .filter(|it| it.1["previous_response_id"].is_string())
            .count();
        assert_eq!(continued, usize::from(tries_again));
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_warmed_up_is_not_troubled_again() {
    let refusals: [fn() -> Answers; 2] = [
        || {
            Answers::Error(
                json!({ "type": "error", "status": 400, "error": { "message": "Unknown parameter: 'generate'." } }),
            )
        },
        || Answers::Text("it answers"),
    ];
    for refusal in refusals {
        let (url, log) = model(move |request| match is_ahead(request) {
            true => refusal(),
            false => Answers::Text("x"),
        })
        .await;
        let mut harness = Harness::start(config(url));
        harness.spare().await;
        harness.link.ahead(Some(conversation(&["file"])));
        harness
            .until("it is refused", |it| it.ahead.is_refused)
            .await;
        harness.link.ahead(Some(conversation(&["file"])));
        harness.link.send(1, conversation(&["file", "do it"]));
        assert_eq!(harness.outcome(1).await.text, "x");
        let requests = log.lock().unwrap().clone();
        assert_eq!(requests.iter().filter(|it| is_ahead(&it.1)).count(), 1);
        assert_eq!(requests[1].1["input"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn what_is_sent_ahead_stands_in_nobodys_way() {
    let (url, log) = model(|request| match is_ahead(request) {
        true => Answers::Nothing,
        false => Answers::Text("x"),
    })
    .await;
    let mut harness = Harness::start(config(url));
    harness.spare().await;
    harness.link.ahead(Some(conversation(&["file"])));
    harness.until("it has left", |it| it.ahead.count == 1).await;
    let began = Instant::now();
    harness.link.send(1, conversation(&["another", "do it"]));
    assert_eq!(harness.outcome(1).await.text, "x");
    assert!(began.elapsed() < Duration::from_millis(1_000));
    let connections: Vec<usize> = log.lock().unwrap().iter().map(|it| it.0).collect();
    assert_ne!(
        connections[0], connections[1],
        "it took the other connection"
    );
    // What goes on from it waits, but not for ever.
    harness.link.send(2, conversation(&["file", "do it"]));
    let outcome = harness.outcome(2).await;
    assert_eq!((outcome.text.as_str(), outcome.traffic[0].saved), ("x", 0));
    // Nor does every request wait anew.
    let began = Instant::now();
    harness.link.send(3, conversation(&["file", "do it again"]));
    assert_eq!(harness.outcome(3).await.text, "x");
    assert!(began.elapsed() < Duration::from_millis(1_000));
}

#[tokio::test]
async fn a_new_connection_is_told_everything() {
    let (url, log) = model(|request| match is_ahead(request) {
        true => Answers::Leaves,
        false => Answers::Text("x"),
    })
    .await;
    let mut harness = Harness::start(config(url));
    harness.spare().await;
    harness.link.ahead(Some(conversation(&["file"])));
    harness
        .until("another connection", |it| it.handshakes > 2)
        .await;
    harness.link.send(1, conversation(&["file", "do it"]));
    let outcome = harness.outcome(1).await;
    assert_eq!((outcome.text.as_str(), outcome.traffic[0].saved), ("x", 0));
    let last = log.lock().unwrap().last().unwrap().1.clone();
    assert!(last.get("previous_response_id").is_none());
}
