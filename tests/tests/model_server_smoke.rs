//! The model server of these tests, asked by a plain WebSocket client: a failure here is not Redline's.

use std::net::TcpStream;

use e2e::model_server::{Action, Answer, Gate, ModelServer, Opening, cut, error, raw_frame};
use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

fn connect(server: &ModelServer) -> Socket {
    tungstenite::connect(server.url())
        .expect("the server takes the connection")
        .0
}

fn ask(socket: &mut Socket, event: Value) {
    socket
        .send(Message::text(event.to_string()))
        .expect("the server reads");
}

fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.read().expect("the server writes") {
            return serde_json::from_str(&text).expect("an event is JSON");
        }
    }
}

/// The events up to the end of a response.
fn answer(socket: &mut Socket) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event = next(socket);
        let kind = event["type"]
            .as_str()
            .expect("an event has a type")
            .to_owned();
        events.push(event);
        if matches!(
            kind.as_str(),
            "response.completed" | "response.incomplete" | "response.failed" | "error"
        ) {
            return events;
        }
    }
}

fn streamed(events: &[Value]) -> String {
    let deltas = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta");
    deltas.filter_map(|event| event["delta"].as_str()).collect()
}

#[test]
fn a_cut_text_arrives_whole_and_in_order() {
    let text = "fn è() {\r\n    \"𝄞 e\u{301}\"\r\n}\n".repeat(20);
    let sent = text.clone();
    let server = ModelServer::start(move |request| {
        let mut rng = fastrand::Rng::with_seed(7);
        Answer::to(request)
            .pieces(cut(&sent, 5, &mut rng))
            .actions()
    });
    let mut socket = connect(&server);
    ask(
        &mut socket,
        json!({ "type": "response.create", "model": "m", "input": "write è" }),
    );
    let events = answer(&mut socket);
    assert_eq!(streamed(&events), text);
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{event}");
    }
    let end = &events[events.len() - 1];
    assert_eq!(end["response"]["output"][0]["content"][0]["text"], text);
    assert_eq!(end["response"]["id"], "resp_00000000");
    assert_eq!(server.wait_for_requests(1).input_text(), "write è");
}

#[test]
fn a_warm_up_never_reaches_the_script() {
    let server = ModelServer::streaming("text");
    let mut socket = connect(&server);
    ask(
        &mut socket,
        json!({ "type": "response.create", "generate": false, "input": [] }),
    );
    let events = answer(&mut socket);
    assert_eq!(events.len(), 3);
    assert_eq!(events[2]["response"]["output"], json!([]));
    assert!(server.requests().is_empty());
    assert_eq!(server.received().len(), 1);
}

#[test]
fn lanes_run_side_by_side() {
    let gate = Gate::new();
    let held = gate.clone();
    let server = ModelServer::start(move |request| {
        let answer = Answer::to(request).pieces(["a"]);
        let answer = if request.index == 0 {
            answer.hold(&held)
        } else {
            answer
        };
        answer.actions()
    });
    let mut socket = connect(&server);
    ask(
        &mut socket,
        json!({ "type": "response.create", "input": "1", "stream_id": "one" }),
    );
    gate.wait_until_reached();
    ask(
        &mut socket,
        json!({ "type": "response.create", "input": "2", "stream_id": "two" }),
    );
    let events = answer(&mut socket);
    assert_eq!(events[events.len() - 1]["stream_id"], "two");
    gate.open();
    let events = answer(&mut socket);
    assert_eq!(events[events.len() - 1]["stream_id"], "one");
}

#[test]
fn an_interrupt_ends_the_response_and_not_the_connection() {
    let gate = Gate::new();
    let held = gate.clone();
    let server = ModelServer::start(move |request| match request.index {
        0 => Answer::to(request)
            .pieces(["a"])
            .hold(&held)
            .pieces(["b"])
            .actions(),
        _ => Answer::to(request).pieces(["c"]).actions(),
    });
    let mut socket = connect(&server);
    ask(
        &mut socket,
        json!({ "type": "response.create", "input": "1" }),
    );
    let id = next(&mut socket)["response"]["id"].clone();
    gate.wait_until_reached();
    ask(
        &mut socket,
        json!({ "type": "response.interrupt", "response_id": id }),
    );
    let events = answer(&mut socket);
    assert_eq!(streamed(&events), "a");
    let end = &events[events.len() - 1];
    assert_eq!(
        end["response"]["incomplete_details"]["reason"],
        "interrupted"
    );
    ask(
        &mut socket,
        json!({ "type": "response.create", "input": "2" }),
    );
    assert_eq!(streamed(&answer(&mut socket)), "c");
}

#[test]
fn faults_arrive_as_they_are_scripted() {
    let server = ModelServer::start(|request| match request.index {
        0 => vec![error(429, "rate_limit_exceeded", "slow down")],
        1 => Answer::to(request)
            .pieces(["a"])
            .failed("server_error", "oh")
            .actions(),
        2 => vec![Action::Close(1011, "bye".to_owned())],
        _ => vec![Action::Raw(raw_frame(1, true, b"\"\xff\""))],
    });
    let mut socket = connect(&server);
    let create = || json!({ "type": "response.create", "input": "x" });
    ask(&mut socket, create());
    assert_eq!(
        answer(&mut socket)[0]["error"]["code"],
        "rate_limit_exceeded"
    );
    ask(&mut socket, create());
    let events = answer(&mut socket);
    assert_eq!(
        events[events.len() - 1]["response"]["error"]["message"],
        "oh"
    );
    ask(&mut socket, create());
    let close = socket.read().expect("a close frame");
    assert!(matches!(close, Message::Close(Some(frame)) if u16::from(frame.code) == 1011));
    server.wait_for_open(1);
    drop(socket);
    server.wait_for_open(0);

    let mut socket = connect(&server);
    ask(&mut socket, create());
    let refused = socket.read();
    assert!(
        matches!(refused, Err(tungstenite::Error::Utf8(_))),
        "{refused:?}"
    );
}

#[test]
fn the_doorkeeper_refuses_by_number() {
    let refuse = |number| match number {
        0 => Opening::Refuse(426, "no".to_owned()),
        _ => Opening::Accept,
    };
    let server = ModelServer::start_with(refuse, false, |_| Vec::new());
    match tungstenite::connect(server.url()) {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 426),
        other => panic!("{other:?}"),
    }
    connect(&server);
    assert_eq!(server.handshakes().len(), 2);
    assert_eq!(server.handshakes()[1].path, "/v1/responses");
}
