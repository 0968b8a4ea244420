//! Every failure of `docs/model-link.md` on each wire, by servers that are not ours: what may pass heals without
//! anybody noticing, what lasts is told, nothing is lost, and the next rewrite works.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Action, Answer, ModelServer, error};
use e2e::post_server::{PostServer, Reply, Step};
use serde_json::{Value, json};

const BEFORE: &str = "# before ü\n";
const OLD: &str = "one = 1\ntwo = 2\nthree = 3\nfour = 4\n";
const AFTER: &str = "# after 𝄞\n";
const NEW: &str = "one = 11\ntwo = 2\nthree = 33\nfour = 4\n";
/// What comes of an answer before it fails.
const HEAD: [&str; 2] = ["one = 1", "1\ntwo = 2\nthr"];
/// What follows, where it is asked for from the start of the last line.
const REST: &str = "three = 33\nfour = 4\n";
/// What is complete of the head, and the old text behind it.
const CUT: &str = "one = 11\ntwo = 2\nthree = 3\nfour = 4\n";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wire {
    Socket,
    Responses,
    Chat,
}

use Wire::{Chat, Responses, Socket};

const ALL: [Wire; 3] = [Socket, Responses, Chat];
/// Where failures are events of the stream.
const EVENTS: [Wire; 2] = [Socket, Responses];
const POSTS: [Wire; 2] = [Responses, Chat];

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Bad {
    Abort,
    Close(u16),
    Silence,
    Data(&'static str),
    Binary,
    TooLarge,
    Failed(&'static str),
    Error(u16, &'static str),
    CutShort,
    /// In place of an answer, with further headers.
    Status(u16, &'static str),
}

/// How a rewrite comes out.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// As if nothing had been, if the failure passes.
    Heals,
    /// Fails with these words; nothing of it is left.
    Fails(&'static str),
    /// Its complete lines are left, with these words.
    Keeps(&'static str),
}

use Outcome::{Fails, Heals, Keeps};

/// The frame or the data of an error.
fn error_text(status: u16, code: &str) -> String {
    let inner =
        json!({ "type": "t", "code": code, "message": format!("tea {code}"), "param": null });
    json!({ "type": "error", "status": status, "error": inner }).to_string()
}

fn failed_text(code: &str) -> String {
    let error = json!({ "code": code, "message": format!("tea {code}") });
    let response = json!({ "id": "resp", "object": "response", "status": "failed", "error": error, "output": [] });
    json!({ "type": "response.failed", "response": response }).to_string()
}

/// The failure after the head, or at once.
fn on_socket(bad: Bad, answer: Answer, late: bool) -> Vec<Action> {
    let answer = match late {
        true => answer.pieces(HEAD),
        false => answer,
    };
    let action = match bad {
        Bad::Abort => Action::Kill,
        Bad::Close(code) => Action::Close(code, "tea".to_owned()),
        Bad::Silence => Action::Silence,
        Bad::Data(data) => Action::Text(data.to_owned()),
        Bad::Binary => Action::Binary(vec![1, 2, 3]),
        Bad::TooLarge => Action::Text("x".repeat(1 << 17)),
        Bad::Failed(code) => return answer.failed(code, &format!("tea {code}")).actions(),
        Bad::Error(status, code) => error(status, code, &format!("tea {code}")),
        Bad::CutShort => return answer.incomplete("max_output_tokens").actions(),
        Bad::Status(..) => panic!("no answer of a socket"),
    };
    answer.then(action).open_ended().actions()
}

fn by_post(bad: Bad, late: bool) -> Reply {
    let step = match bad {
        Bad::Abort => Step::Abort,
        Bad::Silence => Step::Silence,
        Bad::Data(data) => Step::Data(data.to_owned()),
        Bad::TooLarge => Step::Data("x".repeat(1 << 17)),
        Bad::Failed(code) => Step::Data(failed_text(code)),
        Bad::Error(status, code) => Step::Data(error_text(status, code)),
        Bad::CutShort => Step::CutShort,
        Bad::Status(status, headers) => {
            return Reply::Status(status, headers.to_owned(), error_text(status, "refused"));
        }
        Bad::Close(_) | Bad::Binary => panic!("nothing of a POST"),
    };
    let mut steps = if late { text_steps(&HEAD) } else { Vec::new() };
    steps.push(step);
    Reply::Stream(steps)
}

fn text_steps(pieces: &[&str]) -> Vec<Step> {
    pieces
        .iter()
        .map(|it| Step::Text((*it).to_owned()))
        .collect()
}

fn good_steps(text: &str) -> Reply {
    Reply::Stream([text_steps(&[text]), vec![Step::End]].concat())
}

/// A server that fails so on the first `times` requests to be bad, and answers all others; it ends when dropped.
fn serve(wire: Wire, bad: Bad, late: bool, times: usize) -> (Box<dyn Any>, String) {
    let count = Arc::new(AtomicUsize::new(0));
    let is_bad =
        move |text: &str| text.contains("be bad") && count.fetch_add(1, Ordering::Relaxed) < times;
    let good = move |text: &str| match late && text.contains("Your answer broke off") {
        true => REST,
        false => NEW,
    };
    if wire == Socket {
        let server = ModelServer::start(move |request| {
            let text = request.input_text();
            match is_bad(&text) {
                true => on_socket(bad, Answer::to(request), late),
                false => Answer::to(request).pieces([good(&text)]).actions(),
            }
        });
        let url = server.url();
        return (Box::new(server), url);
    }
    let server = PostServer::start(426, move |post| {
        let text = post.text();
        match is_bad(&text) {
            true => by_post(bad, late),
            false => good_steps(good(&text)),
        }
    });
    let end = if wire == Chat {
        "chat/completions"
    } else {
        "responses"
    };
    let url = format!("http://{}/{end}", server.base());
    (Box::new(server), url)
}

fn start(url: &str) -> (Client, String) {
    let mut setup = Setup::new(ServerCommand::redline().with_model(url)).with_events();
    let limits = json!({ "idleMs": 400, "connectMs": 2000, "retries": 2, "frameBytes": 65536 });
    setup.initialization_options = json!({ "limits": limits });
    let client = Client::start(&setup);
    let uri = client.open("a.py", "python", &[BEFORE, OLD, AFTER].concat());
    (client, uri)
}

fn rewrite(client: &Client, uri: &str, instruction: &str) -> u64 {
    let region = BEFORE.len()..BEFORE.len() + OLD.len();
    let asked = client.rewrite(uri, region, instruction, "live");
    asked.expect("it starts")
}

/// The rewrite comes out so, and the next one works.
#[track_caller]
fn check_outcome(client: &Client, uri: &str, what: &str, outcome: Outcome) {
    let id = rewrite(client, uri, "be bad");
    let whole = |middle: &str| [BEFORE, middle, AFTER].concat();
    let decide = |command: &str| {
        client.decide(command, id).expect("it can be decided");
        client.wait_until_over(id);
    };
    let view = client.wait_for_message(0, "redline/rewriteChanged", |view| {
        let waits = ["proposed", "interrupted", "failed", "rejected"];
        view["rewrite"] == id && waits.contains(&view["state"].as_str().unwrap_or_default())
    });
    let (state, words) = match outcome {
        Heals => ("proposed", ""),
        Fails(words) => ("failed", words),
        Keeps(words) => ("interrupted", words),
    };
    let message = view["message"].as_str().unwrap_or_default();
    assert!(
        view["state"] == state && message.contains(words),
        "{what}: {view:#}"
    );
    match outcome {
        Heals => {
            assert_eq!(client.text(uri), whole(NEW), "{what}");
            decide("redline.reject");
        }
        Fails(_) => {}
        Keeps(_) => {
            assert_eq!(client.text(uri), whole(CUT), "{what}");
            decide("redline.reject");
        }
    }
    assert_eq!(client.text(uri), whole(OLD), "{what}");
    let id = rewrite(client, uri, "be good");
    client.wait_for_state(id, "proposed");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    assert_eq!(client.text(uri), whole(NEW), "{what}");
}

#[track_caller]
fn check(wires: &[Wire], bad: Bad, late: bool, times: usize, outcome: Outcome) {
    for wire in wires {
        let (_server, url) = serve(*wire, bad, late, times);
        let (client, uri) = start(&url);
        let what = format!("{wire:?}: {bad:?}, late: {late}, {times} times");
        check_outcome(&client, &uri, &what, outcome);
    }
}

const ALWAYS: usize = usize::MAX;

#[test]
fn what_passes_before_the_text_heals() {
    for (wires, bad) in [
        (&ALL[..], Bad::Abort),
        (&[Socket], Bad::Close(1000)),
        (&[Socket], Bad::Close(1011)),
        (&[Socket], Bad::Close(1012)),
        (&ALL, Bad::Silence),
        (&ALL, Bad::Data("no JSON")),
        (&EVENTS, Bad::Data(r#"{"delta":"no type"}"#)),
        (&[Socket], Bad::Binary),
        (&EVENTS, Bad::Failed("server_error")),
        (&EVENTS, Bad::Error(500, "server_error")),
        (&EVENTS, Bad::Error(503, "overloaded")),
        (&EVENTS, Bad::Error(429, "rate_limit_exceeded")),
        (&EVENTS, Bad::Error(400, "previous_response_not_found")),
        (
            &[Socket],
            Bad::Error(400, "websocket_connection_limit_reached"),
        ),
        (&POSTS, Bad::Status(500, "")),
        (&POSTS, Bad::Status(503, "")),
        (&POSTS, Bad::Status(429, "Retry-After: 1\r\n")),
        (&POSTS, Bad::Status(408, "")),
    ] {
        check(wires, bad, false, 1, Heals);
    }
}

#[test]
fn what_lasts_before_the_text_is_told() {
    for (wires, bad, words) in [
        (&ALL[..], Bad::Abort, "closed the connection"),
        (&[Socket], Bad::Close(1008), "1008: tea"),
        (&ALL, Bad::Silence, "0.4 s"),
        (&ALL, Bad::Data("no JSON"), "does not speak the protocol"),
        (&ALL, Bad::TooLarge, "more than 65536 bytes"),
        (&EVENTS, Bad::Failed("server_error"), "tea server_error"),
        (
            &EVENTS,
            Bad::Failed("context_length_exceeded"),
            "tea context_length_exceeded",
        ),
        (&EVENTS, Bad::Error(500, "server_error"), "tea server_error"),
        (
            &EVENTS,
            Bad::Error(400, "invalid_prompt"),
            "tea invalid_prompt",
        ),
        (
            &EVENTS,
            Bad::Error(429, "insufficient_quota"),
            "tea insufficient_quota",
        ),
        (&POSTS, Bad::Status(400, ""), "tea refused"),
        (&POSTS, Bad::Status(401, ""), "`models.fast.key`"),
        (&POSTS, Bad::Status(403, ""), "`models.fast.key`"),
        (&POSTS, Bad::Status(404, ""), "`models.fast.url`"),
        (
            &POSTS,
            Bad::Status(429, "Retry-After: 3600\r\n"),
            "tea refused",
        ),
        (&POSTS, Bad::Status(500, ""), "tea refused"),
    ] {
        check(wires, bad, false, ALWAYS, Fails(words));
    }
}

#[test]
fn what_passes_in_the_text_heals() {
    for (wires, bad) in [
        (&ALL[..], Bad::Abort),
        (&[Socket], Bad::Close(1001)),
        (&[Socket], Bad::Close(1011)),
        (&ALL, Bad::Silence),
        (&ALL, Bad::Data("no JSON")),
        (&[Socket], Bad::Binary),
        (&EVENTS, Bad::Failed("server_error")),
        (&EVENTS, Bad::Error(500, "server_error")),
        (
            &[Socket],
            Bad::Error(400, "websocket_connection_limit_reached"),
        ),
    ] {
        check(wires, bad, true, 1, Heals);
    }
}

#[test]
fn what_lasts_in_the_text_leaves_its_complete_lines() {
    for (wires, bad, words) in [
        (&ALL[..], Bad::Abort, "closed the connection"),
        (&[Socket], Bad::Close(1008), "1008: tea"),
        (&ALL, Bad::Silence, "0.4 s"),
        (&ALL, Bad::Data("no JSON"), "does not speak the protocol"),
        (&ALL, Bad::TooLarge, "more than 65536 bytes"),
        (&EVENTS, Bad::Failed("server_error"), "tea server_error"),
        (&EVENTS, Bad::Error(500, "server_error"), "tea server_error"),
        (
            &EVENTS,
            Bad::Error(400, "invalid_prompt"),
            "tea invalid_prompt",
        ),
        (
            &EVENTS,
            Bad::Error(429, "rate_limit_exceeded"),
            "tea rate_limit_exceeded",
        ),
        (&EVENTS, Bad::CutShort, "max_output_tokens"),
        (&[Chat], Bad::CutShort, "max_output_tokens"),
    ] {
        check(wires, bad, true, ALWAYS, Keeps(words));
    }
}

#[test]
fn a_refused_upgrade_becomes_a_post() {
    for (status, most) in [
        (426, 1),
        (404, 1),
        (403, 1),
        (405, 1),
        (400, 1),
        (501, 1),
        (503, 3),
    ] {
        let server = PostServer::start(status, |_| good_steps(NEW));
        let (client, uri) = start(&format!("ws://{}/responses", server.base()));
        check_outcome(&client, &uri, &status.to_string(), Heals);
        let shown = client
            .execute("redline.status", Value::Null)
            .expect("the status");
        assert_eq!(shown["wire"], "responsesSse", "{shown:#}");
        assert!(
            shown["fallback"].to_string().contains(&status.to_string()),
            "{shown:#}"
        );
        assert_eq!(server.upgrades(), most, "{status}");
        assert_eq!(server.posts(), 2, "{status}");
    }
    for (status, words) in [(401, "`models.fast.key`"), (429, "429")] {
        let server = PostServer::start(status, |_| good_steps(NEW));
        let (client, uri) = start(&format!("ws://{}/responses", server.base()));
        let end = client.wait_until_over(rewrite(&client, &uri, "be bad"));
        let message = end["message"].as_str().unwrap_or_default();
        assert!(
            end["state"] == "failed" && message.contains(words),
            "{end:#}"
        );
        assert_eq!(server.posts(), 0, "{status}");
        assert_eq!(client.text(&uri), [BEFORE, OLD, AFTER].concat());
    }
}
