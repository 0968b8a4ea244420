//! What an editor may send by mistake or in an unlucky order: refused clearly, and the server lives.

use e2e::ServerCommand;
use e2e::lsp::{Client, Encoding, Manner, ResponseError, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use serde_json::{Value, json};

const OLD: &str = "one = 1\ntwo = 2\nthree = 3\n";
const NEW: &str = "one = 11\ntwo = 22\nthree = 33\n";

/// LSP's `RequestFailed` and `ContentModified`; JSON-RPC's own codes.
const REQUEST_FAILED: i64 = -32803;
const CONTENT_MODIFIED: i64 = -32801;
const INVALID_PARAMS: i64 = -32602;
const METHOD_NOT_FOUND: i64 = -32601;

fn start(model: &ModelServer, manner: Manner) -> Client {
    let server = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::new(server).with_events().with_manner(manner);
    setup.encodings = vec![Encoding::Utf16];
    Client::start(&setup)
}

fn change(client: &Client, uri: &str, version: i64, changes: Value) {
    let params = json!({
        "textDocument": { "uri": uri, "version": version }, "contentChanges": changes,
    });
    client.notify("textDocument/didChange", params);
}

fn at(line: u32, character: u32, text: &str) -> Value {
    let place = json!({ "line": line, "character": character });
    json!([{ "range": { "start": place, "end": place }, "text": text }])
}

#[track_caller]
fn check_out_of_step(client: &Client, uri: &str) {
    let warning = client.wait_for_message(0, "window/showMessage", |params| {
        params["message"]
            .as_str()
            .is_some_and(|it| it.contains("lost track of"))
    });
    assert!(warning["type"].as_u64() <= Some(2), "{warning}");
    let refused = client
        .rewrite(uri, 0..3, "x", "live")
        .expect_err("it is out of step");
    check_refused(&refused, "outOfStep");
    // Nothing of a document whose text is not known leaves the machine.
    assert!(refused.message.contains("open"), "{refused}");
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

/// Sends a bad change, then sees that it is refused and that a fresh open helps.
#[track_caller]
fn check_bad_change(manner: Manner, bad: impl Fn(&Client, &str, i64)) {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, manner);
    let uri = client.open("a.py", "python", OLD);
    let other = client.open("b.py", "python", OLD);
    bad(&client, &uri, i64::from(client.document(&uri).version));
    check_out_of_step(&client, &uri);
    check_works(&client, &other);
    assert_eq!(model.requests().len(), 1);
    client.close(&uri);
    client.open("a.py", "python", OLD);
    check_works(&client, &uri);
}

#[test]
fn version_gap() {
    check_bad_change(Manner::UNKNOWN, |client, uri, version| {
        change(client, uri, version + 2, at(0, 0, "x"));
    });
}

#[test]
fn version_going_back() {
    for manner in [
        Manner::UNKNOWN,
        Manner::HELIX,
        Manner::NEOVIM_AT_ONCE,
        Manner::VS_CODE,
    ] {
        check_bad_change(manner, |client, uri, version| {
            change(client, uri, version + 1, at(0, 0, "x"));
            change(client, uri, version, at(0, 0, "x"));
        });
    }
}

#[test]
fn versions_that_jump_are_right_where_editors_count_so() {
    for manner in [Manner::HELIX, Manner::NEOVIM_AT_ONCE, Manner::VS_CODE] {
        let model = ModelServer::streaming(NEW);
        let client = start(&model, manner);
        let uri = client.open("a.py", "python", OLD);
        let version = i64::from(client.document(&uri).version);
        change(&client, &uri, version + 7, at(0, 0, "x"));
        client
            .rewrite(&uri, 0..3, "x", "preview")
            .expect("it is in step");
        assert!(model.wait_for_requests(1).input_text().contains("xon"));
    }
}

#[test]
fn line_past_the_end() {
    check_bad_change(Manner::HELIX, |client, uri, version| {
        change(client, uri, version + 1, at(5, 0, "x"));
    });
}

#[test]
fn range_the_wrong_way_round() {
    check_bad_change(Manner::HELIX, |client, uri, version| {
        let bad = json!([{ "text": "x", "range": {
            "start": { "line": 1, "character": 2 }, "end": { "line": 1, "character": 1 },
        }}]);
        change(client, uri, version + 1, bad);
    });
}

#[test]
fn character_past_the_end_of_its_line_means_that_end() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    change(&client, &uri, 1, at(0, 900, "0"));
    client
        .rewrite(&uri, 0..OLD.len(), "x", "preview")
        .expect("it is in step");
    assert!(
        model
            .wait_for_requests(1)
            .input_text()
            .contains("one = 10\ntwo = 2\n")
    );
}

#[test]
fn whole_text_brings_a_lost_document_back() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    change(&client, &uri, 1, at(9, 0, "x"));
    check_out_of_step(&client, &uri);
    client.replace(&uri, 0..0, "");
    change(&client, &uri, 2, json!([{ "text": OLD }]));
    let id = client
        .rewrite(&uri, 0..OLD.len(), "x", "preview")
        .expect("it is in step");
    client.wait_for_state(id, "proposed");
}

#[test]
fn save_with_the_text_brings_a_lost_document_back() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::UNKNOWN);
    let save = &client.initialize_result()["capabilities"]["textDocumentSync"]["save"];
    assert_eq!(save["includeText"], true);
    let uri = client.open("a.py", "python", OLD);
    // The gap is in what is reported: a change that the editor has made and never tells.
    change(
        &client,
        &uri,
        i64::from(client.document(&uri).version) + 2,
        at(9, 0, "x"),
    );
    check_out_of_step(&client, &uri);
    client.save(&uri);
    let id = client
        .rewrite(&uri, 0..OLD.len(), "x", "preview")
        .expect("it is in step again");
    assert!(
        model
            .wait_for_requests(1)
            .input_text()
            .contains(OLD.trim_end())
    );
    client.wait_for_state(id, "proposed");
}

#[test]
fn losing_step_in_a_stream_ends_it_and_sends_no_edit() {
    let gate = Gate::new();
    let held = gate.clone();
    let model = ModelServer::start(move |request| {
        Answer::to(request)
            .pieces(["one = 11\n"])
            .hold(&held)
            .pieces(["two = 22\nthree = 3\n"])
            .actions()
    });
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let id = client
        .rewrite(&uri, 0..OLD.len(), "x", "live")
        .expect("it starts");
    client.wait_for_document(&uri, "the first line", |it| it.text.contains("one = 11\n"));
    let version = i64::from(client.document(&uri).version);
    change(&client, &uri, version + 1, at(99, 0, "x"));
    let view = client.wait_for_state(id, "stale");
    assert!(
        view["message"]
            .as_str()
            .is_some_and(|it| it.contains("open it again")),
        "{view}"
    );
    gate.open();
    check_out_of_step(&client, &uri);
    assert_eq!(client.text(&uri), "one = 11\ntwo = 2\nthree = 3\n");
    assert_eq!(client.document(&uri).applied.len(), 1);
    client.wait_for_message(0, "$/progress", |it| it["value"]["kind"] == "end");
}

#[test]
fn change_of_a_document_that_was_never_opened() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let other = client.uri("never.py");
    change(&client, &other, 1, at(0, 0, "x"));
    client.wait_for_message(0, "window/showMessage", |params| {
        params["message"]
            .as_str()
            .is_some_and(|it| it.contains("never opened"))
    });
    let argument = json!({ "uri": other, "range": at(0, 0, "")[0]["range"], "instruction": "x" });
    let refused = client
        .execute("redline.rewrite", argument)
        .expect_err("it is not open");
    assert!(refused.message.contains("not open"), "{refused}");
    let uri = client.open("a.py", "python", OLD);
    check_works(&client, &uri);
}

#[test]
fn close_and_save_of_a_document_that_was_never_opened() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let identifier = json!({ "uri": client.uri("never.py") });
    client.notify(
        "textDocument/didClose",
        json!({ "textDocument": identifier }),
    );
    client.notify(
        "textDocument/didSave",
        json!({ "textDocument": identifier, "text": "x" }),
    );
    let uri = client.open("a.py", "python", OLD);
    check_works(&client, &uri);
}

#[test]
fn invalid_json() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    for body in [
        &b"{\"jsonrpc\":\"2.0\",\"id\":"[..],
        b"",
        b"[]",
        b"7",
        b"{}",
        b"\"\xff\"",
        b"{\"jsonrpc\":\"2.0\"}",
    ] {
        client.send_body(body);
    }
    let uri = client.open("a.py", "python", OLD);
    check_works(&client, &uri);
}

#[test]
fn unknown_methods_and_wrong_parameters() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let unknown = client
        .request("redline/nonsense", json!({}))
        .expect_err("there is no such method");
    assert_eq!(unknown.code, METHOD_NOT_FOUND, "{unknown}");
    client.notify("redline/nonsense", json!({ "a": [1] }));
    client.notify("$/nonsense", Value::Null);
    client.notify("textDocument/didChange", json!({ "textDocument": 7 }));
    client.notify("textDocument/didOpen", json!([]));
    let wrong = client.request("textDocument/codeAction", json!({ "textDocument": uri }));
    assert_eq!(wrong.expect_err("wrong parameters").code, INVALID_PARAMS);
    for (command, argument) in [
        ("redline.nonsense", json!({})),
        ("redline.rewrite", Value::Null),
        ("redline.rewrite", json!({ "uri": uri })),
        (
            "redline.rewrite",
            json!({ "uri": uri, "range": at(0, 0, "")[0]["range"] }),
        ),
        (
            "redline.rewrite",
            json!({ "uri": "no uri at all", "range": 3, "instruction": "x" }),
        ),
        (
            "redline.rewrite",
            json!({ "uri": uri, "range": at(0, 0, "")[0]["range"], "preset": "nonsense" }),
        ),
        (
            "redline.rewrite",
            json!({
                "uri": uri, "range": at(0, 0, "")[0]["range"], "instruction": "x", "apply": "sometimes",
            }),
        ),
        ("redline.accept", json!({})),
        ("redline.accept", json!({ "rewrite": "one" })),
        (
            "redline.ask",
            json!({ "file": "a.py", "from": -1, "to": 2, "ask": "x" }),
        ),
    ] {
        let error = client.execute(command, argument.clone());
        let error = error.expect_err(&format!("{command} {argument} is wrong"));
        assert_eq!(error.code, INVALID_PARAMS, "{command} {argument}: {error}");
        assert!(
            error.message.split_whitespace().count() > 2,
            "{command} {argument}: {error}"
        );
    }
    for command in [
        "redline.accept",
        "redline.reject",
        "redline.interrupt",
        "redline.retry",
    ] {
        let error = client
            .decide(command, 99)
            .expect_err("there is no such rewrite");
        check_refused(&error, "unknown");
    }
    // `arguments` left out altogether.
    let bare = client.request(
        "workspace/executeCommand",
        json!({ "command": "redline.status" }),
    );
    assert!(bare.expect("the status needs none")["connection"].is_string());
    check_works(&client, &uri);
}

#[test]
fn range_of_a_request_past_the_end() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let range =
        json!({ "start": { "line": 90, "character": 1 }, "end": { "line": 99, "character": 0 } });
    let params = json!({
        "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] },
    });
    client
        .request("textDocument/codeAction", params)
        .expect("an answer, whatever it is");
    check_works(&client, &uri);
}

#[test]
fn old_version_of_a_request() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let argument = json!({
        "uri": uri, "range": client.range(&uri, 0..OLD.len()), "instruction": "x",
        "version": client.document(&uri).version,
    });
    client.replace(&uri, 0..0, "x");
    let refused = client
        .execute("redline.rewrite", argument)
        .expect_err("the text moved on");
    assert_eq!(refused.code, CONTENT_MODIFIED, "{refused}");
}

#[test]
fn messages_before_initialize() {
    let model = ModelServer::streaming(NEW);
    let setup = Setup::new(ServerCommand::redline().with_model(&model.url()));
    let client = Client::start_raw(&setup);
    let early = client.request(
        "workspace/executeCommand",
        json!({ "command": "redline.status" }),
    );
    assert_eq!(early.expect_err("not yet").code, -32002);
    client.open("a.py", "python", OLD);
    let answer = client.request("initialize", json!({ "capabilities": {} }));
    assert!(answer.expect("it initializes")["capabilities"].is_object());
}

#[test]
fn region_that_is_too_large() {
    let model = ModelServer::streaming(NEW);
    let mut setup = Setup::new(ServerCommand::redline().with_model(&model.url())).with_events();
    setup.initialization_options = json!({ "limits": { "regionLines": 3 } });
    let client = Client::start(&setup);
    let text = "x = 1\n".repeat(9);
    let uri = client.open("a.py", "python", &text);
    let refused = client
        .rewrite(&uri, 0..text.len(), "x", "live")
        .expect_err("too large");
    check_refused(&refused, "tooLarge");
    assert!(refused.message.contains("limits.region_lines"), "{refused}");
}

#[test]
fn a_change_that_cannot_be_read_is_not_passed_over() {
    let place = json!({ "line": 0, "character": 0 });
    let change = json!([{ "range": { "start": place, "end": place }, "text": "mine\n" }]);
    let nowhere = json!({ "line": -1, "character": 0 });
    let bad_change = json!([{ "range": { "start": nowhere, "end": nowhere }, "text": "mine\n" }]);
    for (version, changes) in [
        (Value::Null, &change),
        (json!(1_u64 << 40), &change),
        (json!("2"), &change),
        (json!(2), &bad_change),
        (json!(2), &Value::Null),
    ] {
        let model = ModelServer::streaming(NEW);
        let client = start(&model, Manner::HELIX);
        let uri = client.open("a.txt", "plaintext", OLD);
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        client.notify("textDocument/didChange", params);
        check_out_of_step(&client, &uri);
    }
}
