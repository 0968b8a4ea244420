//! Servers that are odd: what is allowed is read, however unusual it is, and what is not is told, whatever it is.
//! The failures that are in the documentation's table are in `failures_on_each_wire`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Action, Answer, ModelServer, Request, raw_frame};
use e2e::post_server::{PostServer, Reply};
use serde_json::json;

const OLD: &str = "one = 1\ntwo = 2\nthree = 'ü'\n";
const NEW: &str = "one = 11\ntwo = 2\nthree = '𝄞'\n";

fn start(url: &str) -> (Client, String) {
    let mut setup = Setup::new(ServerCommand::redline().with_model(url)).with_events();
    let limits = json!({ "idleMs": 1500, "connectMs": 2000, "retries": 1 });
    setup.initialization_options = json!({ "limits": limits });
    let client = Client::start(&setup);
    let uri = client.open("a.py", "python", OLD);
    (client, uri)
}

/// One rewrite: how it ended, and its message.
fn rewrite(client: &Client, uri: &str, instruction: &str) -> (u64, String, String) {
    let asked = client.rewrite(uri, 0..OLD.len(), instruction, "live");
    let id = asked.expect("it starts");
    let view = client.wait_for_message(0, "redline/rewriteChanged", |view| {
        let waits = ["proposed", "interrupted", "failed", "accepted", "rejected"];
        view["rewrite"] == id && waits.contains(&view["state"].as_str().unwrap_or_default())
    });
    let text = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
    (id, text(&view["state"]), text(&view["message"]))
}

/// What came out otherwise than it should, all of it told at the end.
#[derive(Default)]
struct Found(Vec<String>);

impl Drop for Found {
    fn drop(&mut self) {
        let is_right = self.0.is_empty() || thread::panicking();
        assert!(is_right, "{:#?}", self.0);
    }
}

/// A bad rewrite comes out so, with these words; with none of them it is as if nothing had been. The next one works.
fn check(found: &mut Found, what: &str, client: &Client, uri: &str, words: &str) {
    let (id, state, message) = rewrite(client, uri, "be bad");
    let is_right = match words {
        "" => state == "proposed" && client.text(uri) == NEW,
        words => state == "failed" && message.contains(words),
    };
    if !is_right {
        found.0.push(format!("{what}: {state}: {message}"));
    }
    if ["proposed", "interrupted"].contains(&state.as_str()) {
        client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        client.wait_until_over(id);
    }
    assert_eq!(client.text(uri), OLD, "{what}");
    let (id, state, message) = rewrite(client, uri, "be good");
    assert_eq!(state, "proposed", "{what}, the next: {message}");
    assert_eq!(client.text(uri), NEW, "{what}, the next");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
}

/// The events of a good answer, as data.
fn events(is_chat: bool) -> Vec<String> {
    let mut events = Vec::new();
    for piece in ["one = 1", "1\ntwo = 2\nthr", "ee = '𝄞'\n"] {
        events.push(match is_chat {
            true => json!({ "choices": [{ "index": 0, "delta": { "content": piece } }] }),
            false => json!({ "type": "response.output_text.delta", "delta": piece }),
        });
    }
    events.push(match is_chat {
        true => json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }),
        false => json!({ "type": "response.completed", "response": { "id": "r" } }),
    });
    events.iter().map(ToString::to_string).collect()
}

fn http(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\n\r\n{body}").into_bytes()
}

fn stream_of(body: &str) -> Vec<u8> {
    http(
        "200 OK\r\nContent-Type: text/event-stream\r\nConnection: close",
        body,
    )
}

fn plain(is_chat: bool) -> String {
    let events = events(is_chat);
    events.iter().map(|it| format!("data: {it}\n\n")).collect()
}

/// On both wires by POST.
fn check_post(
    found: &mut Found,
    what: &str,
    words: &str,
    bad: impl Fn(bool) -> Vec<Vec<u8>> + Copy + Send + Sync + 'static,
) {
    for is_chat in [false, true] {
        let server = PostServer::start(426, move |post| {
            let is_bad = post.text().contains("be bad");
            Reply::Bytes(match is_bad {
                true => bad(is_chat),
                false => vec![stream_of(&plain(is_chat))],
            })
        });
        let end = if is_chat {
            "chat/completions"
        } else {
            "responses"
        };
        let (client, uri) = start(&format!("http://{}/{end}", server.base()));
        let what = format!("{what}, {end}");
        check(found, &what, &client, &uri, words);
    }
}

#[test]
fn every_form_of_an_event_stream_is_read() {
    let mut found = Found::default();
    check_post(&mut found, "CRLF", "", |chat| {
        vec![stream_of(&plain(chat).replace('\n', "\r\n"))]
    });
    check_post(&mut found, "CR", "", |chat| {
        vec![stream_of(&plain(chat).replace('\n', "\r"))]
    });
    check_post(&mut found, "no blank behind the colon", "", |chat| {
        vec![stream_of(&plain(chat).replace("data: ", "data:"))]
    });
    check_post(&mut found, "other fields and comments", "", |chat| {
        let body = plain(chat).replace(
            "data:",
            ": ping\nid: 7\nretry: 10\nevent: message\nodd\ndata:",
        );
        vec![stream_of(&format!("\u{feff}: hello\n\n{body}"))]
    });
    check_post(&mut found, "no blank line at the end", "", |chat| {
        vec![stream_of(plain(chat).trim_end())]
    });
    check_post(&mut found, "[DONE]", "", |chat| {
        vec![stream_of(&(plain(chat) + "data: [DONE]\n\n"))]
    });
    check_post(&mut found, "[DONE] in place of a reason", "", |chat| {
        let mut events = events(chat);
        if chat {
            events.pop();
        }
        let data = events.iter().map(|it| format!("data: {it}\n\n"));
        vec![stream_of(&(data.collect::<String>() + "data: [DONE]\n"))]
    });
    check_post(&mut found, "data over several lines", "", |chat| {
        vec![stream_of(
            &plain(chat).replace("data: {", "data: {\ndata: "),
        )]
    });
    check_post(&mut found, "byte by byte", "", |chat| {
        let mut pieces = vec![stream_of("")];
        pieces.extend(plain(chat).bytes().map(|it| vec![it]));
        pieces
    });
    check_post(&mut found, "another spelling of the type", "", |chat| {
        let head = "200 OK\r\ncontent-type: Text/Event-Stream; charset=utf-8\r\nConnection: close";
        vec![http(head, &plain(chat))]
    });
    check_post(&mut found, "no type at all", "", |chat| {
        vec![http("200 OK\r\nConnection: close", &plain(chat))]
    });
    check_post(&mut found, "a length", "", |chat| {
        let body = plain(chat);
        let head = format!(
            "200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {}",
            body.len()
        );
        vec![http(&head, &body)]
    });
    check_post(&mut found, "an early hint", "", |chat| {
        let mut hint = http("103 Early Hints", "");
        hint.extend(stream_of(&plain(chat)));
        vec![hint]
    });
    check_post(
        &mut found,
        "chunks that end inside characters",
        "",
        |chat| {
            let head = "200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked";
            let mut bytes = http(head, "");
            for chunk in plain(chat).as_bytes().chunks(3) {
                bytes.extend(format!("{:x};odd=1\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\nTrailer: odd\r\n\r\n");
            vec![bytes]
        },
    );
}

#[test]
fn every_form_of_a_refusal_is_told() {
    let mut found = Found::default();
    check_post(&mut found, "moved", "points elsewhere", |_| {
        vec![http(
            "302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0",
            "",
        )]
    });
    check_post(&mut found, "a page", "<h1>Down</h1>", |_| {
        let page = "<html><h1>Down</h1></html>";
        let head = format!(
            "503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: {}",
            page.len()
        );
        vec![http(&head, page)]
    });
    check_post(
        &mut found,
        "a page in place of a stream",
        "HTTP status 200",
        |_| {
            vec![http(
                "200 OK\r\nContent-Type: text/html\r\nContent-Length: 9",
                "<p>hi</p>",
            )]
        },
    );
    check_post(
        &mut found,
        "an answer that is no stream",
        "HTTP status 200",
        |_| {
            vec![http(
                "200 OK\r\nContent-Type: application/json\r\nContent-Length: 2",
                "{}",
            )]
        },
    );
    check_post(&mut found, "nothing", "HTTP status 204", |_| {
        vec![http("204 No Content", "")]
    });
    check_post(&mut found, "a date that is far", "slow down", |_| {
        let body = r#"{"error":{"message":"slow down"}}"#;
        let head = format!(
            "429 No\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 11:00:00 GMT\r\nContent-Length: {}",
            body.len()
        );
        vec![http(&head, body)]
    });
    check_post(&mut found, "an error without a word", "500", |_| {
        vec![http("500 No\r\nContent-Length: 0", "")]
    });
    check_post(
        &mut found,
        "a body that is packed",
        "does not speak the protocol",
        |chat| {
            let mut bytes = http(
                "200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nConnection: close",
                "",
            );
            bytes.extend([
                0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xfe, 0xfd, b'\n', b'\n',
            ]);
            bytes.extend(plain(chat).into_bytes());
            vec![bytes]
        },
    );
    check_post(&mut found, "no HTTP", "closed the connection", |_| {
        vec![b"220 mail ready\r\n".to_vec()]
    });
    check_post(
        &mut found,
        "an endless header",
        "closed the connection",
        |_| {
            let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
            bytes.extend(b"X: ".iter().chain(&vec![b'y'; 1 << 21]));
            vec![bytes]
        },
    );
    check_post(
        &mut found,
        "a body shorter than its length",
        "closed the connection",
        |_| {
            vec![http(
                "200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999",
                "data: {",
            )]
        },
    );
    check_post(&mut found, "half a character", "not UTF-8", |_| {
        let mut bytes = stream_of("data: {\"x\":\"");
        bytes.extend([0xf0, 0x9d, b'"', b'}', b'\n', b'\n']);
        vec![bytes]
    });
    check_post(&mut found, "an error in the stream", "tea", |_| {
        vec![stream_of(
            "data: {\"type\":\"error\",\"error\":{\"message\":\"tea\",\"type\":\"server_error\"}}\n\n",
        )]
    });
    check_post(&mut found, "only comments", "closed the connection", |_| {
        vec![stream_of(": ping\n\n: ping\n\n")]
    });
}

#[test]
fn a_date_that_is_near_is_waited_for() {
    let mut found = Found::default();
    for is_chat in [false, true] {
        let count = AtomicUsize::new(0);
        let server = PostServer::start(426, move |post| {
            let is_first =
                post.text().contains("be bad") && count.fetch_add(1, Ordering::Relaxed) == 0;
            Reply::Bytes(vec![match is_first {
                true => http(
                    "429 No\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 10:00:01 GMT\r\nContent-Length: 0",
                    "",
                ),
                false => stream_of(&plain(is_chat)),
            }])
        });
        let end = if is_chat {
            "chat/completions"
        } else {
            "responses"
        };
        let (client, uri) = start(&format!("http://{}/{end}", server.base()));
        let begun = std::time::Instant::now();
        check(&mut found, "a near date", &client, &uri, "");
        assert!(begun.elapsed().as_millis() >= 900, "{:?}", begun.elapsed());
    }
}

/// On the WebSocket, in the middle of an answer or in place of it.
fn check_socket(
    found: &mut Found,
    what: &str,
    words: &str,
    times: usize,
    bad: impl Fn(Answer) -> Vec<Action> + Send + Sync + 'static,
) {
    let count = Arc::new(AtomicUsize::new(0));
    let server = ModelServer::start(move |request: &Request| {
        let is_bad = request.input_text().contains("be bad");
        match is_bad && count.fetch_add(1, Ordering::Relaxed) < times {
            true => bad(Answer::to(request)),
            false => Answer::to(request).pieces([NEW]).actions(),
        }
    });
    let (client, uri) = start(&server.url());
    check(found, what, &client, &uri, words);
}

fn text(event: &str) -> Action {
    Action::Text(event.to_owned())
}

const ALWAYS: usize = usize::MAX;

#[test]
fn every_form_of_an_answer_over_the_socket_is_read() {
    let mut found = Found::default();
    check_socket(
        &mut found,
        "events that nobody knows",
        "",
        ALWAYS,
        |answer| {
            answer
                .then(text(r#"{"type":"codex.rate_limits","rate_limits":null}"#))
                .then(text(r#"{"type":"response.mystery.delta","delta":"no"}"#))
                .then(text(r#"{"type":"codex.keepalive"}"#))
                .pieces([NEW])
                .actions()
        },
    );
    check_socket(&mut found, "another lane's events", "", ALWAYS, |answer| {
        answer
            .pieces(["one = 1"])
            .then(text(
                r#"{"type":"response.output_text.delta","stream_id":"nobody","delta":"no"}"#,
            ))
            .then(text(
                r#"{"type":"response.completed","stream_id":"nobody","response":{"id":"x"}}"#,
            ))
            .then(text(
                r#"{"type":"error","stream_id":"nobody","status":500,"error":{"message":"no"}}"#,
            ))
            .pieces(["1\ntwo = 2\nthree = '𝄞'\n"])
            .actions()
    });
    check_socket(&mut found, "pings", "", ALWAYS, |answer| {
        answer
            .pieces(["one = 1"])
            .then(Action::Raw(raw_frame(9, true, b"are you there")))
            .then(Action::Raw(raw_frame(10, true, b"")))
            .pieces(["1\ntwo = 2\nthree = '𝄞'\n"])
            .actions()
    });
    check_socket(
        &mut found,
        "no terminal event but a message that is done",
        "sent no further piece",
        ALWAYS,
        |answer| {
            answer
                .then(text(r#"{"type":"response.output_text.done","text":"x"}"#))
                .open_ended()
                .actions()
        },
    );
}

#[test]
fn every_close_is_told_and_passes() {
    let mut found = Found::default();
    for code in [
        1000, 1001, 1002, 1003, 1007, 1009, 1010, 1011, 1012, 1013, 3000, 4000,
    ] {
        let close = move |answer: Answer| {
            let action = Action::Close(code, "tea".to_owned());
            answer.then(action).open_ended().actions()
        };
        check_socket(&mut found, &format!("close {code}, once"), "", 1, close);
        check_socket(
            &mut found,
            &format!("close {code}"),
            &format!("{code}: tea"),
            ALWAYS,
            close,
        );
    }
}

#[test]
fn every_frame_that_is_none_is_told() {
    let mut found = Found::default();
    let raw = |fin: bool, opcode: u8, bytes: &'static [u8]| {
        move |answer: Answer| {
            let action = Action::Raw(raw_frame(opcode, fin, bytes));
            answer.then(action).open_ended().actions()
        }
    };
    check_socket(
        &mut found,
        "a close without a code",
        "closed the connection",
        ALWAYS,
        raw(true, 8, b""),
    );
    check_socket(
        &mut found,
        "a close with half a code",
        "protocol",
        ALWAYS,
        raw(true, 8, b"\x03"),
    );
    check_socket(
        &mut found,
        "a reserved opcode",
        "protocol",
        ALWAYS,
        raw(true, 3, b"hi"),
    );
    check_socket(
        &mut found,
        "a continuation of nothing",
        "protocol",
        ALWAYS,
        raw(true, 0, b"hi"),
    );
    check_socket(
        &mut found,
        "no UTF-8",
        "protocol",
        ALWAYS,
        raw(true, 1, b"{\"type\":\"\xff\"}"),
    );
    check_socket(
        &mut found,
        "a message that never ends",
        "sent no further piece",
        ALWAYS,
        raw(false, 1, b"{\"type\":"),
    );
    check_socket(&mut found, "reserved bits", "protocol", ALWAYS, |answer| {
        let mut frame = raw_frame(1, true, b"{}");
        frame[0] |= 0x40;
        answer.then(Action::Raw(frame)).open_ended().actions()
    });
    check_socket(
        &mut found,
        "a frame that says it is huge",
        "is refused",
        ALWAYS,
        |answer| {
            let frame = [&[0x81, 127][..], &(1_u64 << 40).to_be_bytes()].concat();
            answer.then(Action::Raw(frame)).open_ended().actions()
        },
    );
    let event =
        |event: &'static str| move |answer: Answer| answer.then(text(event)).open_ended().actions();
    for (what, words, frame) in [
        (
            "an error without code and status",
            "tea",
            r#"{"type":"error","error":{"message":"tea"}}"#,
        ),
        (
            "a flat error",
            "tea",
            r#"{"type":"error","code":"server_error","message":"tea","param":null}"#,
        ),
        (
            "an error as a text",
            "tea",
            r#"{"type":"error","error":"tea"}"#,
        ),
        (
            "an error with nothing",
            "gave no reason",
            r#"{"type":"error"}"#,
        ),
        (
            "another name of the status",
            "tea",
            r#"{"type":"error","status_code":400,"error":{"message":"tea"}}"#,
        ),
        (
            "a status as a text",
            "tea",
            r#"{"type":"error","status":"400","error":{"message":"tea"}}"#,
        ),
        (
            "a failure without an error",
            "gave no reason",
            r#"{"type":"response.failed","response":{"id":"r","status":"failed"}}"#,
        ),
        (
            "a failure with a text",
            "tea",
            r#"{"type":"response.failed","response":{"id":"r","error":{"code":"server_error","message":"tea"}}}"#,
        ),
        (
            "filtered",
            "content_filter",
            r#"{"type":"response.incomplete","response":{"id":"r","incomplete_details":{"reason":"content_filter"}}}"#,
        ),
        (
            "incomplete, and no reason",
            "first line",
            r#"{"type":"response.incomplete","response":{"id":"r"}}"#,
        ),
        (
            "cancelled",
            "cancelled",
            r#"{"type":"response.cancelled","response":{"id":"r","status":"cancelled"}}"#,
        ),
    ] {
        check_socket(&mut found, what, words, ALWAYS, event(frame));
    }
}
