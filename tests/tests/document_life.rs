//! Documents that close or open again while text streams into them, that hold several rewrites, and the server's end.

use std::ops::Range;

use e2e::ServerCommand;
use e2e::lsp::{Client, Encoding, Manner, ResponseError, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use serde_json::{Value, json};

const OLD: &str = "one = 1\ntwo = 2\nthree = 3\n";
const NEW: &str = "one = 11\ntwo = 22\nthree = 33\n";

/// LSP's `RequestFailed`.
const REQUEST_FAILED: i64 = -32803;

fn start(model: &ModelServer, manner: Manner) -> Client {
    let server = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::new(server).with_events().with_manner(manner);
    setup.encodings = vec![Encoding::Utf16];
    Client::start(&setup)
}

#[track_caller]
fn check_refused(error: &ResponseError, reason: &str) {
    assert_eq!(
        (error.code, &error.data["reason"]),
        (REQUEST_FAILED, &json!(reason)),
        "{error}"
    );
    assert!(
        error.message.split_whitespace().count() > 3,
        "a sentence: {error}"
    );
}

#[track_caller]
fn check_works(client: &Client, uri: &str) {
    assert_eq!(client.text(uri), OLD);
    let id = client.rewrite(uri, 0..OLD.len(), "x", "live");
    let id = id.unwrap_or_else(|error| panic!("{error}; stderr: {}", client.stderr()));
    client.wait_for_state(id, "proposed");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    assert_eq!(client.text(uri), NEW);
}

/// A stream that stands after its first line, and the client it streams to.
fn streaming() -> (ModelServer, Gate, Client, String, u64) {
    let gate = Gate::new();
    let held = gate.clone();
    let model = ModelServer::start(move |request| match request.index {
        0 => Answer::to(request)
            .pieces(["one = 11\n"])
            .hold(&held)
            .pieces(["two = 22\nthree = 33\n"])
            .actions(),
        _ => Answer::to(request).pieces([NEW]).actions(),
    });
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let id = client
        .rewrite(&uri, 0..OLD.len(), "x", "live")
        .expect("it starts");
    client.wait_for_document(&uri, "the first line", |it| it.text.contains("one = 11\n"));
    (model, gate, client, uri, id)
}

#[test]
fn close_in_a_stream() {
    let (_model, gate, client, uri, id) = streaming();
    client.close(&uri);
    let view = client.wait_for_state(id, "stale");
    assert!(
        view["message"]
            .as_str()
            .is_some_and(|it| it.contains("closed")),
        "{view}"
    );
    gate.open();
    client.wait_for_message(0, "$/progress", |it| it["value"]["kind"] == "end");
    let late = client
        .decide("redline.accept", id)
        .expect_err("its document is gone");
    assert_eq!(late.code, REQUEST_FAILED);
    assert!(
        client
            .execute("redline.list", Value::Null)
            .expect("a list")
            .as_array()
            .unwrap()
            .is_empty()
    );
    client.open("a.py", "python", OLD);
    check_works(&client, &uri);
}

#[test]
fn open_twice_in_a_stream() {
    let (_model, gate, client, uri, id) = streaming();
    // The same document once more without a close: its text is what this says.
    client.open("a.py", "python", OLD);
    client.wait_for_state(id, "stale");
    gate.open();
    check_works(&client, &uri);
}

#[test]
fn two_rewrites_side_by_side() {
    for (first, second) in [(0..1, 2..3), (0..1, 1..3), (1..3, 0..1)] {
        let gate = Gate::new();
        let held = gate.clone();
        let model = ModelServer::start(move |request| {
            // Each line's number is written twice.
            let said = request.input_text();
            let region = said
                .split("<region>\n")
                .nth(1)
                .and_then(|it| it.split("\n</region>").next());
            let lines = region
                .expect("a region")
                .lines()
                .map(|line| format!("{line}{}\n", line.chars().last().expect("no blank line")));
            let mut answer = Answer::to(request);
            for (index, line) in lines.enumerate() {
                answer = answer.pieces(cut_in_two(&line));
                if index == 0 {
                    answer = answer.hold(&held);
                }
            }
            answer.actions()
        });
        let client = start(&model, Manner::VS_CODE);
        let uri = client.open("a.py", "python", OLD);
        // By lines, for bytes have moved once the first of them streams.
        let begin = |lines: &Range<usize>| {
            let place = |line: usize| json!({ "line": line, "character": 0 });
            let range = json!({ "start": place(lines.start), "end": place(lines.end) });
            let argument =
                json!({ "uri": uri, "range": range, "instruction": "x", "apply": "live" });
            let answer = client
                .execute("redline.rewrite", argument)
                .expect("it starts");
            answer["rewrite"].as_u64().expect("a rewrite")
        };
        let one = begin(&first);
        let other = begin(&second);
        assert_ne!(one, other);
        // Both stream at once where lanes do; else the second waits for its turn.
        gate.open();
        client.wait_for_state(one, "proposed");
        client.wait_for_state(other, "proposed");
        client
            .decide("redline.accept", one)
            .expect("it can be accepted");
        client
            .decide("redline.reject", other)
            .expect("it can be rejected");
        client.wait_until_over(one);
        client.wait_until_over(other);
        let lines = OLD.lines().enumerate().map(|(index, line)| {
            let doubled = if first.contains(&index) {
                &line[line.len() - 1..]
            } else {
                ""
            };
            format!("{line}{doubled}\n")
        });
        let expected: String = lines.collect();
        assert_eq!(client.text(&uri), expected, "{first:?} and {second:?}");
    }
}

fn cut_in_two(line: &str) -> [String; 2] {
    let (head, tail) = line.split_at(line.len() / 2);
    [head.to_owned(), tail.to_owned()]
}

#[test]
fn overlapping_rewrite_is_refused() {
    let (_model, gate, client, uri, id) = streaming();
    for range in [0..OLD.len(), 0..3, 10..12, 5..30] {
        let end = client.text(&uri).len();
        let refused = client.rewrite(&uri, range.start..range.end.min(end), "x", "live");
        let refused = refused.expect_err("there is one already");
        check_refused(&refused, "undecided");
    }
    gate.open();
    client.wait_for_state(id, "proposed");
    assert_eq!(client.text(&uri), NEW);
    let refused = client
        .rewrite(&uri, 0..NEW.len(), "x", "live")
        .expect_err("it is not decided");
    check_refused(&refused, "undecided");
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    check_works(&client, &uri);
}

#[test]
fn a_file_whose_line_breaks_were_all_deleted_gets_lines_that_end_as_they_did() {
    let model = ModelServer::start(|request| Answer::to(request).pieces(["one\nmore\n"]).actions());
    let client = start(&model, Manner::VS_CODE);
    let uri = client.open("a.txt", "plaintext", "one\r\ntwo\r\n");
    client.replace(&uri, 3..10, "");
    let id = client.rewrite(&uri, 0..3, "x", "live").expect("it starts");
    client.wait_for_state(id, "proposed");
    assert_eq!(client.text(&uri), "one\r\nmore");
}

#[test]
fn what_a_selection_means_ends_where_another_rewrite_begins() {
    let (_model, _gate, client, _uri, _id) = streaming();
    // The lines below the first are deeper: without the other rewrite, a cursor there means all three. The white
    // space before the selection in the last one would be meant, too.
    let text = "first\n    second\n    third = 3\n";
    let check = |taken: Range<usize>, asked: Range<usize>, expected: Value| {
        let uri = client.open(&format!("{}.txt", asked.start), "plaintext", text);
        client
            .rewrite(&uri, taken, "x", "preview")
            .expect("nothing is there yet");
        let argument = json!({
            "uri": uri, "range": client.range(&uri, asked), "instruction": "x", "apply": "preview",
        });
        let answer = client.execute("redline.rewrite", argument);
        assert_eq!(answer.expect("these lines are free")["region"], expected);
    };
    let region = |from: [u32; 2], to: [u32; 2]| {
        json!({
            "start": { "line": from[0], "character": from[1] },
            "end": { "line": to[0], "character": to[1] },
        })
    };
    check(6..31, 1..1, region([0, 0], [0, 5]));
    check(0..19, 21..30, region([2, 2], [2, 13]));
}

#[test]
fn a_server_that_is_told_to_end_ends() {
    let (_model, _gate, client, _uri, _id) = streaming();
    assert!(client.shutdown().success());
}

#[test]
fn a_server_whose_editor_is_gone_ends() {
    let (_model, _gate, client, _uri, _id) = streaming();
    client.hang_up();
}
