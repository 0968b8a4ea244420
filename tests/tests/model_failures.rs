//! A model that fails in every way: a clear message says why, complete lines that have come can be decided on,
//! without any the document is byte for byte as before (with what the user typed since), and the next rewrite works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::ServerCommand;
use e2e::lsp::{Client, Manner, Setup};
use e2e::model_server::{Action, Answer, Gate, ModelServer, Opening, Request, error, raw_frame};
use serde_json::{Value, json};

const BEFORE: &str = "# before ü\n";
const OLD: &str = "one = 1\ntwo = 2\nthree = 3\nfour = 4\n";
const AFTER: &str = "# after 𝄞\n";
const NEW: &str = "one = 11\ntwo = 2\nthree = 33\nfour = 4\n";
/// What is complete of an answer that breaks off, and the old text behind it.
const CUT: &str = "one = 11\ntwo = 2\nthree = 3\nfour = 4\n";
/// What is typed at the start of the document while the model fails.
const TYPED: &str = "# me: é\n";

fn start(url: &str) -> Client {
    start_with(url, 700)
}

fn start_with(url: &str, idle_ms: u64) -> Client {
    let mut setup = Setup::new(ServerCommand::redline().with_model(url))
        .with_events()
        .with_manner(Manner::VS_CODE);
    let limits = json!({ "idleMs": idle_ms, "connectMs": 700, "retries": 1 });
    setup.initialization_options = json!({ "limits": limits });
    Client::start(&setup)
}

fn open(client: &Client, name: &str) -> String {
    let uri = client.open(name, "python", &[BEFORE, OLD, AFTER].concat());
    let region = BEFORE.len()..BEFORE.len() + OLD.len();
    client.watch(&uri, vec![region]);
    uri
}

/// The region, wherever it is now.
fn region(client: &Client, uri: &str) -> std::ops::Range<usize> {
    client.document(uri).watched[0].clone()
}

/// Waits for a failure and looks at all that a person sees of it; answers the message.
#[track_caller]
fn check_failed(client: &Client, uri: &str, id: u64, before: &str) -> String {
    let end = client.wait_until_over(id);
    assert_eq!(end["state"], "failed", "{end:#}");
    let message = end["message"].as_str().unwrap_or_default().to_owned();
    assert!(
        message.len() > 10 && message.ends_with('.'),
        "a sentence: {message:?}"
    );
    let shown = client.wait_for_message(0, "window/showMessage", |params| {
        params["message"]
            .as_str()
            .is_some_and(|shown| shown.contains(&message))
    });
    assert_eq!(shown["type"], 1, "{shown}");
    let expected = [before, BEFORE, OLD, AFTER].concat();
    assert_eq!(client.text(uri), expected, "after {message:?}");
    check_progress(client, id);
    message
}

/// The progress of a rewrite that is over has begun once and ended once.
#[track_caller]
fn check_progress(client: &Client, id: u64) {
    let token = json!(format!("redline/rewrite/{id}"));
    let is_end = |params: &Value| params["token"] == token && params["value"]["kind"] == "end";
    client.wait_for_message(0, "$/progress", is_end);
    // Whatever else there were would stand in front of this answer.
    client
        .execute("redline.status", Value::Null)
        .expect("the status");
    let count = |kind: &str| {
        let all = client.messages_since(0).into_iter();
        let ours = all.filter(|it| it.method == "$/progress" && it.params["token"] == token);
        ours.filter(|it| it.params["value"]["kind"] == kind).count()
    };
    assert_eq!((count("begin"), count("end")), (1, 1));
}

#[track_caller]
fn check_works(client: &Client, uri: &str, before: &str) {
    let id = client
        .rewrite(uri, region(client, uri), "be good", "live")
        .expect("it starts");
    client.wait_for_state(id, "proposed");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    let end = client.wait_until_over(id);
    assert_eq!(end["state"], "accepted");
    assert_eq!(client.text(uri), [before, BEFORE, NEW, AFTER].concat());
    check_progress(client, id);
}

/// A failure before any text came.
#[track_caller]
fn check_at_once(bad: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static) -> String {
    let model = ModelServer::start(
        move |request| match request.input_text().contains("be bad") {
            true => bad(request),
            false => Answer::to(request).pieces([NEW]).actions(),
        },
    );
    let client = start(&model.url());
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "be bad", "live")
        .expect("it starts");
    let message = check_failed(&client, &uri, id, "");
    check_works(&client, &uri, "");
    message
}

/// A failure in mid-stream: `bad` follows the first lines, which are on the screen by then, and some typing.
/// The complete lines stay for a decision; answers the message.
#[track_caller]
fn check_midway(bad: impl Fn(Answer) -> Vec<Action> + Send + Sync + 'static) -> String {
    check_midway_then(bad, "redline.reject", OLD)
}

/// As [`check_midway`], with the decision and what the region comes to by it.
#[track_caller]
fn check_midway_then(
    bad: impl Fn(Answer) -> Vec<Action> + Send + Sync + 'static,
    decision: &str,
    decided: &str,
) -> String {
    let gate = Gate::new();
    let held = gate.clone();
    let model = ModelServer::start(
        move |request| match request.input_text().contains("be bad") {
            true => bad(Answer::to(request)
                .pieces(["one = 1", "1\ntwo = 2\nthr"])
                .hold(&held)),
            false => Answer::to(request).pieces([NEW]).actions(),
        },
    );
    let client = start(&model.url());
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "be bad", "live")
        .expect("it starts");
    client.wait_for_document(&uri, "the first line came", |it| {
        it.text.contains("one = 11\n")
    });
    client.replace(&uri, 0..0, TYPED);
    gate.open();
    let view = client.wait_for_state(id, "interrupted");
    let message = view["message"].as_str().unwrap_or_default().to_owned();
    assert!(
        message.starts_with("The model stopped before its end (")
            && message.ends_with("); the complete lines are kept for your decision."),
        "{message:?}"
    );
    let shown = client.wait_for_message(0, "window/showMessage", |params| {
        params["message"]
            .as_str()
            .is_some_and(|shown| shown.contains(&message))
    });
    assert_eq!(shown["type"], 2, "{shown}");
    assert_eq!(client.text(&uri), [TYPED, BEFORE, CUT, AFTER].concat());
    client.decide(decision, id).expect("it can be decided");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), [TYPED, BEFORE, decided, AFTER].concat());
    check_progress(&client, id);
    check_works(&client, &uri, TYPED);
    message
}

/// The same before a line is complete: nothing is left of it.
#[track_caller]
fn check_in_the_first_line(bad: impl Fn(Answer) -> Vec<Action> + Send + Sync + 'static) -> String {
    check_at_once(move |request| bad(Answer::to(request).pieces(["one", " = 1"])))
}

fn then(action: Action) -> impl Fn(Answer) -> Vec<Action> + Send + Sync + 'static {
    move |answer| answer.then(action.clone()).open_ended().actions()
}

fn delta(text: &str) -> String {
    let event = json!({
        "type": "response.output_text.delta", "item_id": "msg_0", "output_index": 0, "content_index": 0,
        "delta": text, "sequence_number": 9, "logprobs": [],
    });
    event.to_string()
}

#[test]
fn killed_connection() {
    let message = check_midway(then(Action::Kill));
    assert!(message.contains("127.0.0.1"), "{message}");
}

#[test]
fn what_came_before_the_connection_was_lost_can_be_accepted() {
    check_midway_then(then(Action::Kill), "redline.accept", CUT);
}

#[test]
fn less_than_a_line_is_taken_back() {
    let message = check_in_the_first_line(then(Action::Kill));
    assert!(message.contains("127.0.0.1"), "{message}");
    check_in_the_first_line(then(Action::Close(1008, "no".to_owned())));
    let message = check_in_the_first_line(|answer| {
        let answer = answer.failed("server_error", "the tea is cold");
        answer.actions()
    });
    assert!(message.contains("the tea is cold"), "{message}");
}

#[test]
fn lines_that_changed_nothing_leave_nothing_to_decide() {
    let model = ModelServer::start(|request| {
        let answer = Answer::to(request).pieces(["one = 1\ntwo = 2\nthr"]);
        answer.then(Action::Kill).open_ended().actions()
    });
    let client = start(&model.url());
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "live")
        .expect("it starts");
    let end = client.wait_until_over(id);
    assert_eq!(end["state"], "rejected", "{end:#}");
    client.wait_for_message(0, "window/showMessage", |params| {
        let message = params["message"].as_str().unwrap_or_default();
        params["type"] == 1
            && message.contains("127.0.0.1")
            && message.contains("nothing had changed")
    });
    assert_eq!(client.text(&uri), [BEFORE, OLD, AFTER].concat());
    check_progress(&client, id);
}

#[test]
fn closed_connection_tells_the_reason() {
    let message = check_midway(then(Action::Close(1011, "out of tea".to_owned())));
    assert!(message.contains("out of tea"), "{message}");
}

#[test]
fn garbage() {
    check_midway(then(Action::Text("no JSON at all".to_owned())));
    check_midway(then(Action::Text("[1, 2]".to_owned())));
    check_midway(then(Action::Text(String::new())));
}

#[test]
fn type_or_text_of_a_wrong_kind() {
    check_midway(then(Action::Text(r#"{"type":7,"delta":"x"}"#.to_owned())));
    check_midway(then(Action::Text(
        r#"{"type":"response.output_text.delta","delta":7}"#.to_owned(),
    )));
    check_midway(then(Action::Text(r#"{"delta":"x"}"#.to_owned())));
}

#[test]
fn frame_of_50_megabytes() {
    let message = check_midway(then(Action::Text(delta(&"x".repeat(50 << 20)))));
    assert!(message.contains("bytes"), "{message}");
}

#[test]
fn endless_text() {
    let model = ModelServer::start(|request| {
        let answer = Answer::to(request);
        answer
            .pieces((0..40).map(|_| "y = 1\n".repeat(50_000)))
            .actions()
    });
    let client = start_with(&model.url(), 30_000);
    let uri = open(&client, "a.py");
    // Shown at the end only: millions of lines are too many for an editor made of plain strings.
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "once")
        .expect("it starts");
    let message = check_failed(&client, &uri, id, "");
    assert!(message.contains("more text"), "{message}");
}

#[test]
fn frame_that_no_library_sends() {
    check_midway(then(Action::Raw(raw_frame(3, true, b"x"))));
    check_midway(then(Action::Raw(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())));
}

#[test]
fn invalid_utf8() {
    check_midway(then(Action::Raw(raw_frame(
        1,
        true,
        b"{\"type\":\"\xff\"}",
    ))));
}

#[test]
fn invalid_utf8_over_two_frames() {
    let head = raw_frame(
        1,
        false,
        b"{\"type\":\"response.output_text.delta\",\"delta\":\"\xf0\x9f",
    );
    let tail = raw_frame(0, true, b"(\"}");
    check_midway(move |answer| {
        let answer = answer
            .then(Action::Raw(head.clone()))
            .then(Action::Raw(tail.clone()));
        answer.open_ended().actions()
    });
}

#[test]
fn error_event_tells_its_message() {
    let message = check_midway(then(error(500, "server_error", "the tea is cold")));
    assert!(message.contains("the tea is cold"), "{message}");
    let message = check_at_once(|_| vec![error(429, "rate_limit_exceeded", "too much tea")]);
    assert!(message.contains("too much tea"), "{message}");
    let message = check_at_once(|_| vec![error(400, "invalid_request", "no such tea")]);
    assert!(message.contains("no such tea"), "{message}");
}

#[test]
fn failed_response_tells_its_message() {
    let message = check_midway(|answer| answer.failed("server_error", "the tea is cold").actions());
    assert!(message.contains("the tea is cold"), "{message}");
}

#[test]
fn refusal_in_the_text() {
    let words = "I'm sorry, but I can't help with that.";
    let message = check_at_once(move |request| Answer::to(request).pieces([words]).actions());
    assert!(message.contains(words.trim_end_matches('.')), "{message}");
}

#[test]
fn refusal_as_an_event() {
    let message = check_at_once(|request| {
        let refusal = json!({
            "type": "response.refusal.delta", "item_id": "msg_?", "output_index": 0, "content_index": 0,
            "delta": "This I will not do.", "sequence_number": 4,
        });
        Answer::to(request).then(Action::Event(refusal)).actions()
    });
    assert!(message.contains("This I will not do"), "{message}");
}

#[test]
fn prose_instead_of_code() {
    check_at_once(|request| {
        let words = "Here is what I would do with this. First I would look at each line. Then I would stop.";
        Answer::to(request).pieces([words]).actions()
    });
}

#[test]
fn empty_answer() {
    check_at_once(|request| Answer::to(request).actions());
    check_at_once(|request| Answer::to(request).pieces(["\n", "  \n"]).actions());
}

#[test]
fn silence() {
    let message = check_midway(then(Action::Silence));
    assert!(message.contains("0.7 s"), "{message}");
    check_at_once(|_| vec![Action::Silence]);
}

/// The first connections are opened as `opening` says, and all later ones are taken.
#[track_caller]
fn check_opening(opening: Opening) -> String {
    let works = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&works);
    let model = ModelServer::start_with(
        move |_| match works.load(Ordering::Relaxed) {
            true => Opening::Accept,
            false => opening.clone(),
        },
        true,
        |request| Answer::to(request).pieces([NEW]).actions(),
    );
    let client = start(&model.url());
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "be bad", "live")
        .expect("it starts");
    let message = check_failed(&client, &uri, id, "");
    switch.store(true, Ordering::Relaxed);
    check_works(&client, &uri, "");
    message
}

#[test]
fn refused_upgrade_tells_the_status() {
    let message = check_opening(Opening::Refuse(401, "no tea for you".to_owned()));
    assert!(
        message.contains("401") && message.contains("key"),
        "{message}"
    );
    let message = check_opening(Opening::Refuse(426, "no sockets here".to_owned()));
    assert!(message.contains("426"), "{message}");
    let message = check_opening(Opening::Refuse(503, "later".to_owned()));
    assert!(message.contains("503"), "{message}");
}

#[test]
fn upgrade_that_is_never_answered() {
    check_opening(Opening::Hang);
}

#[test]
fn nobody_listens() {
    let url = ModelServer::streaming("x").url();
    let client = start(&url);
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "live")
        .expect("it starts");
    let message = check_failed(&client, &uri, id, "");
    assert!(message.contains("127.0.0.1"), "{message}");
}

#[test]
fn incomplete_answer_leaves_its_complete_lines_to_decide() {
    for (command, middle) in [
        (
            "redline.accept",
            "one = 11\ntwo = 22\nthree = 3\nfour = 4\n",
        ),
        ("redline.reject", OLD),
    ] {
        let model = ModelServer::start(|request| {
            let answer = Answer::to(request).pieces(["one = 11\ntwo = 2", "2\nthree = 33 an"]);
            answer.incomplete("max_output_tokens").actions()
        });
        let client = start(&model.url());
        let uri = open(&client, "a.py");
        let id = client
            .rewrite(&uri, region(&client, &uri), "x", "live")
            .expect("it starts");
        let view = client.wait_for_state(id, "interrupted");
        let message = view["message"].as_str().unwrap_or_default();
        assert!(message.contains("max_output_tokens"), "{view:#}");
        client.decide(command, id).expect("it can be decided");
        client.wait_until_over(id);
        assert_eq!(
            client.text(&uri),
            [BEFORE, middle, AFTER].concat(),
            "{command}"
        );
        check_progress(&client, id);
    }
}

#[test]
fn character_cut_by_frames_is_whole_again() {
    let model = ModelServer::start(|request| {
        let event = delta("é 🦀 = 1\n").into_bytes();
        let crab = event
            .windows(4)
            .position(|it| it == "🦀".as_bytes())
            .expect("a crab")
            + 2;
        let (head, tail) = event.split_at(crab);
        Answer::to(request)
            .then(Action::Raw(raw_frame(1, false, head)))
            .then(Action::Raw(raw_frame(9, true, b"a ping may stand between")))
            .then(Action::Raw(raw_frame(0, true, tail)))
            .pieces(["two = 2\n"])
            .then(Action::Text(
                json!({ "type": "codex.news", "delta": [7] }).to_string(),
            ))
            .actions()
    });
    let client = start(&model.url());
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "once")
        .expect("it starts");
    client.wait_for_state(id, "proposed");
    assert_eq!(
        client.text(&uri),
        [BEFORE, "é 🦀 = 1\ntwo = 2\n", AFTER].concat()
    );
}

#[test]
fn once_shows_nothing_of_a_stream_that_fails() {
    let gate = Gate::new();
    let held = gate.clone();
    let model = ModelServer::start(move |request| {
        let answer = Answer::to(request).pieces(["one = 1"]).hold(&held);
        answer.then(Action::Kill).open_ended().actions()
    });
    let client = start(&model.url());
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "once")
        .expect("it starts");
    gate.wait_until_reached();
    client.replace(&uri, 0..0, TYPED);
    gate.open();
    check_failed(&client, &uri, id, TYPED);
    assert!(client.document(&uri).applied.is_empty());
}

#[test]
fn once_shows_the_complete_lines_of_a_stream_that_fails() {
    let model = ModelServer::start(move |request| {
        let answer = Answer::to(request).pieces(["one = 11\ntwo = 2\nthr"]);
        answer.then(Action::Kill).open_ended().actions()
    });
    let client = start(&model.url());
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "once")
        .expect("it starts");
    client.wait_for_state(id, "interrupted");
    assert_eq!(client.text(&uri), [BEFORE, CUT, AFTER].concat());
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), [BEFORE, OLD, AFTER].concat());
}

#[test]
fn other_limits_in_the_settings_count_for_what_runs_already() {
    let model = ModelServer::start(|request| {
        let answer = Answer::to(request).pieces(["one = 11\ntwo = 2\nthr"]);
        match request.input_text().contains("be good") {
            true => Answer::to(request).pieces([NEW]).actions(),
            false => answer.then(Action::Silence).open_ended().actions(),
        }
    });
    let mut setup = Setup::new(ServerCommand::redline())
        .with_events()
        .with_manner(Manner::VS_CODE);
    let settings = |limits: Value, store: bool| {
        let fast = json!({ "url": model.url(), "model": "m" });
        let privacy = json!({ "store": store });
        json!({ "models": { "fast": fast }, "limits": limits, "privacy": privacy })
    };
    let patient = json!({ "idleMs": 3_600_000, "retries": 0 });
    setup.initialization_options = settings(patient, false);
    let client = Client::start(&setup);
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "live")
        .expect("it starts");
    client.wait_for_document(&uri, "the first line came", |it| {
        it.text.contains("one = 11\n")
    });
    let change = |limits: Value, store: bool| {
        let settings = json!({ "settings": { "redline": settings(limits, store) } });
        client.notify("workspace/didChangeConfiguration", settings);
    };
    change(json!({ "idleMs": 300, "retries": 0 }), true);
    let end = client.wait_for_state(id, "interrupted");
    let message = end["message"].as_str().unwrap_or_default();
    assert!(message.contains("0.3 s"), "{end:#}");
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    // The rest of the settings that go into a request counts too, and the link is the same.
    check_works(&client, &uri, "");
    let requests = model.requests();
    let stores = |at: usize| requests[at].body["store"].as_bool();
    assert_eq!(stores(0), Some(false));
    assert_eq!(stores(requests.len() - 1), Some(true));
}

#[test]
fn another_model_in_the_settings_ends_what_the_old_one_runs() {
    let old = ModelServer::start(|request| {
        let answer = Answer::to(request).pieces(["one = 11\ntwo = 2\nthr"]);
        answer.then(Action::Silence).open_ended().actions()
    });
    let new = ModelServer::streaming(NEW);
    let mut setup = Setup::new(ServerCommand::redline())
        .with_events()
        .with_manner(Manner::VS_CODE);
    let model = |url: &str| json!({ "models": { "fast": { "url": url, "model": "m" } } });
    setup.initialization_options = model(&old.url());
    let client = Client::start(&setup);
    let uri = open(&client, "a.py");
    let id = client
        .rewrite(&uri, region(&client, &uri), "x", "live")
        .expect("it starts");
    client.wait_for_document(&uri, "the first line came", |it| {
        it.text.contains("one = 11\n")
    });
    let settings = json!({ "settings": { "redline": model(&new.url()) } });
    client.notify("workspace/didChangeConfiguration", settings);
    client.wait_for_state(id, "interrupted");
    assert_eq!(client.text(&uri), [BEFORE, CUT, AFTER].concat());
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    check_works(&client, &uri, "");
}
