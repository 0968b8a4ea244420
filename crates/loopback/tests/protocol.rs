//! Rules of the wire, seen by a bare WebSocket client.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::{SinkExt, StreamExt};
use loopback::{Loopback, Options, Script, serve};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    _server: Option<Loopback>,
}

/// A server whose answers are what the request says behind `say `, unpaced.
async fn echo(options: Options) -> Client {
    let server = serve(options).await.unwrap();
    let (socket, _) = connect_async(server.url()).await.unwrap();
    Client {
        socket,
        _server: Some(server),
    }
}

fn script(lines: &[Value]) -> Options {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let script = Some(Script::parse(&lines.join("\n")).unwrap());
    Options {
        rate_tokens_per_s: None,
        script,
        ..Options::default()
    }
}

fn words() -> Options {
    script(&[
        json!({ "match": "^long", "output": "word ".repeat(200) }),
        json!({ "match": "^slow", "output": "slow words", "delayMs": 30 }),
        json!({ "match": "^cut", "chunks": ["é", "", "\n"] }),
        json!({ "match": "", "output": "fn add() {}" }),
    ])
}

impl Client {
    async fn send(&mut self, event: Value) {
        self.socket
            .send(Message::text(event.to_string()))
            .await
            .unwrap();
    }

    async fn create(&mut self, more: Value) {
        let mut event =
            json!({ "type": "response.create", "model": "m", "store": false, "input": "hi" });
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.send(event).await;
    }

    async fn next(&mut self) -> Value {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Events up to the next terminal one or error.
    async fn response(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next().await;
            let kind = event["type"].as_str().unwrap().to_owned();
            events.push(event);
            if matches!(
                kind.as_str(),
                "error" | "response.completed" | "response.incomplete" | "response.failed"
            ) {
                return events;
            }
        }
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    kinds.dedup();
    kinds
}

fn text(events: &[Value]) -> String {
    let deltas = events
        .iter()
        .filter(|it| it["type"] == "response.output_text.delta");
    deltas.map(|it| it["delta"].as_str().unwrap()).collect()
}

fn id(events: &[Value]) -> String {
    events.last().unwrap()["response"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

const FULL: [&str; 9] = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
];

#[tokio::test]
async fn a_response_is_the_full_sequence_numbered_from_zero() {
    let mut client = echo(words()).await;
    for _ in 0..2 {
        client.create(json!({ "max_output_tokens": 100 })).await;
        let events = client.response().await;
        assert_eq!(kinds(&events), FULL);
        for (number, event) in events.iter().enumerate() {
            assert_eq!(event["sequence_number"], number, "{event}");
            assert_eq!(event.get("stream_id"), None);
        }
        assert_eq!(text(&events), "fn add() {}");
        let response = &events.last().unwrap()["response"];
        assert_eq!(response["output"][0]["content"][0]["text"], "fn add() {}");
        assert_eq!(response["usage"]["output_tokens"], 3);
    }
}

#[tokio::test]
async fn scripted_chunks_are_the_deltas() {
    let mut client = echo(words()).await;
    client.create(json!({ "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "cut" }] }] })).await;
    let deltas: Vec<Value> = client
        .response()
        .await
        .iter()
        .filter_map(|it| it.get("delta").cloned())
        .collect();
    assert_eq!(deltas, ["é", "", "\n"]);
}

#[tokio::test]
async fn a_warm_up_generates_nothing_and_can_be_continued() {
    let mut client = echo(words()).await;
    client
        .create(json!({ "generate": false, "input": [] }))
        .await;
    let events = client.response().await;
    assert_eq!(
        kinds(&events),
        [
            "response.created",
            "response.in_progress",
            "response.completed"
        ]
    );
    client
        .create(json!({ "previous_response_id": id(&events) }))
        .await;
    assert_eq!(kinds(&client.response().await), FULL);
}

#[tokio::test]
async fn only_the_newest_response_of_a_lane_can_be_continued() {
    let mut client = echo(words()).await;
    client.create(json!({})).await;
    let first = id(&client.response().await);
    // A fork into a lane of its own leaves the parent where it is.
    client
        .create(json!({ "stream_id": "fork", "previous_response_id": first }))
        .await;
    assert_eq!(kinds(&client.response().await), FULL);
    client
        .create(json!({ "previous_response_id": first }))
        .await;
    let second = id(&client.response().await);
    client
        .create(json!({ "previous_response_id": first, "stream_id": "fork" }))
        .await;
    let refused = client.response().await.pop().unwrap();
    assert_eq!(refused["error"]["code"], "previous_response_not_found");
    assert_eq!(
        (&refused["status"], &refused["stream_id"]),
        (&json!(400), &json!("fork"))
    );
    client
        .create(json!({ "previous_response_id": second }))
        .await;
    assert_eq!(kinds(&client.response().await), FULL);
}

#[tokio::test]
async fn stored_responses_outlive_their_lane() {
    let mut client = echo(words()).await;
    client.create(json!({ "store": true })).await;
    let first = id(&client.response().await);
    client.create(json!({})).await;
    client.response().await;
    client
        .create(json!({ "previous_response_id": first }))
        .await;
    assert_eq!(kinds(&client.response().await), FULL);
}

#[tokio::test]
async fn lanes_interleave_and_a_lane_is_first_come_first_served() {
    let mut client = echo(Options {
        rate_tokens_per_s: Some(20_000.0),
        ..words()
    })
    .await;
    client
        .create(json!({ "stream_id": "a", "input": "long" }))
        .await;
    client
        .create(json!({ "stream_id": "a", "input": "long" }))
        .await;
    client
        .create(json!({ "stream_id": "b", "input": "long" }))
        .await;
    let (mut lanes, mut open_a) = (Vec::new(), None);
    for _ in 0..3 {
        for event in client.response().await {
            let lane = event["stream_id"].as_str().unwrap().to_owned();
            if lane == "a" {
                match event["type"].as_str().unwrap() {
                    "response.created" => {
                        assert_eq!(open_a.replace(event["response"]["id"].clone()), None)
                    }
                    "response.completed" => {
                        assert_eq!(open_a.take(), Some(event["response"]["id"].clone()))
                    }
                    _ => {}
                }
            }
            if lanes.last() != Some(&lane) {
                lanes.push(lane);
            }
        }
    }
    assert!(lanes.len() > 6, "{lanes:?}");
}

#[tokio::test]
async fn an_interrupt_ends_the_response_and_keeps_the_socket() {
    let mut client = echo(Options {
        rate_tokens_per_s: Some(200.0),
        ..words()
    })
    .await;
    client.create(json!({ "input": "long" })).await;
    let mut event = client.next().await;
    let response_id = event["response"]["id"].clone();
    while event["type"] != "response.output_text.delta" {
        event = client.next().await;
    }
    let interrupt = json!({ "type": "response.interrupt", "response_id": response_id, "mode": "discard_partial_items" });
    client.send(interrupt.clone()).await;
    let events = client.response().await;
    let kinds = kinds(&events);
    assert_eq!(
        kinds[kinds.len() - 3..],
        [
            "response.interrupt.accepted",
            "response.output_item.interrupted",
            "response.incomplete"
        ]
    );
    let response = &events.last().unwrap()["response"];
    assert_eq!(
        (
            &response["incomplete_details"]["reason"],
            &response["output"]
        ),
        (&json!("interrupted"), &json!([]))
    );
    client.send(interrupt).await;
    assert_eq!(client.next().await["type"], "response.interrupt.failed");
    client
        .create(json!({ "previous_response_id": response_id, "max_output_tokens": 3 }))
        .await;
    assert_eq!(
        client.response().await.last().unwrap()["type"],
        "response.completed"
    );
}

#[tokio::test]
async fn too_many_tokens_end_incomplete() {
    let mut client = echo(words()).await;
    client
        .create(json!({ "input": "long", "max_output_tokens": 10 }))
        .await;
    let events = client.response().await;
    let response = &events.last().unwrap()["response"];
    assert_eq!(
        response["incomplete_details"]["reason"],
        "max_output_tokens"
    );
    assert_eq!(text(&events), "word ".repeat(8));
}

#[tokio::test]
async fn wrong_events_are_answered_and_the_connection_lives() {
    let mut client = echo(words()).await;
    for (event, code) in [
        (
            json!({ "type": "response.create", "stream_id": "" }),
            json!("invalid_stream_id"),
        ),
        (
            json!({ "type": "response.create", "stream_id": "a b" }),
            json!("invalid_stream_id"),
        ),
        (
            json!({ "type": "response.create", "stream_id": "x".repeat(257) }),
            json!("invalid_stream_id"),
        ),
        (
            json!({ "type": "response.create", "input": 7 }),
            json!("invalid_type"),
        ),
        (json!({ "type": "response.cancel" }), json!("unknown_event")),
        (json!({ "kind": "x" }), Value::Null),
        (json!([1]), Value::Null),
    ] {
        client.send(event.clone()).await;
        let answer = client.next().await;
        assert_eq!(
            (&answer["type"], &answer["error"]["code"]),
            (&json!("error"), &code),
            "{event}"
        );
    }
    client
        .socket
        .send(Message::text("{ not JSON"))
        .await
        .unwrap();
    assert_eq!(
        client.next().await["error"]["type"],
        "invalid_request_error"
    );
    client.socket.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(client.next().await["type"], "error");
    let unknown = json!({ "stream": true, "background": false, "client_metadata": { "a": "b" }, "never_heard_of": [] });
    client.create(unknown).await;
    assert_eq!(kinds(&client.response().await), FULL);
}

#[tokio::test]
async fn the_thirty_third_lane_is_refused() {
    let mut client = echo(words()).await;
    for lane in 0..33 {
        client
            .create(json!({ "stream_id": format!("lane_{lane}"), "generate": false }))
            .await;
    }
    let mut limits = 0;
    for _ in 0..33 {
        limits += usize::from(
            client.response().await.pop().unwrap()["error"]["code"]
                == "websocket_stream_limit_reached",
        );
    }
    assert_eq!(limits, 1);
    client
        .create(json!({ "stream_id": "lane_5", "generate": false }))
        .await;
    assert_eq!(
        client.response().await.pop().unwrap()["type"],
        "response.completed"
    );
}

#[tokio::test]
async fn the_pace_is_kept() {
    let mut client = echo(Options {
        rate_tokens_per_s: Some(2_000.0),
        ..words()
    })
    .await;
    let began = std::time::Instant::now();
    client.create(json!({ "input": "long" })).await;
    client.response().await;
    let seconds = began.elapsed().as_secs_f64();
    // 250 tokens at 2,000 a second; slower only if the machine is.
    assert!((0.12..2.0).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn other_paths_and_plain_gets_are_refused() {
    let server = serve(words()).await.unwrap();
    let wrong = server.url().replace("/v1/responses", "/v1/other");
    assert!(matches!(connect_async(wrong).await, Err(Error::Http(it)) if it.status() == 404));
    let queried = format!("{}?model=x", server.url());
    assert!(connect_async(queried).await.is_ok());
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections() {
    let mut client = echo(Options {
        rate_tokens_per_s: Some(50.0),
        ..words()
    })
    .await;
    client.create(json!({ "input": "long" })).await;
    assert_eq!(client.next().await["type"], "response.created");
    client._server = None;
    while let Some(Ok(_)) = client.socket.next().await {}
}

#[tokio::test]
async fn frames_are_recorded_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.jsonl");
    let mut client = echo(Options {
        record: Some(path.clone()),
        ..words()
    })
    .await;
    client.create(json!({})).await;
    let events = client.response().await;
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines.len(), events.len() + 1);
    assert_eq!(
        (&lines[0]["direction"], &lines[0]["frame"]["type"]),
        (&json!("in"), &json!("response.create"))
    );
    assert_eq!(lines.last().unwrap()["frame"], *events.last().unwrap());
}
