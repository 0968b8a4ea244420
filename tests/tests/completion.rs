//! Suggestions at the cursor: when the model is asked, what it is shown, and what comes of the answer.

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use serde_json::{Value, json};

const TEXT: &str =
    "def area(width, height):\n    return width * height\n\ndef half\n\nprint(area(1, 2))\n";

/// Behind `def half`.
const AT: usize = 60;

const REST: &str = "(width):\n    return width / 2";

fn setup(server: ServerCommand, completion: Value) -> Setup {
    let mut setup = Setup::new(server).with_events();
    setup.capabilities["textDocument"]["inlineCompletion"] = json!({});
    setup.initialization_options = json!({ "completion": completion });
    setup
}

/// A client for whose Python files that model is asked without delay.
fn start(model: &ModelServer) -> Client {
    let server = ServerCommand::redline().with_model(&model.url());
    Client::start(&setup(
        server,
        json!({ "languages": ["python"], "delayMs": 0 }),
    ))
}

fn question(client: &Client, uri: &str, at: usize) -> Value {
    json!({
        "textDocument": { "uri": uri },
        "position": client.range(uri, at..at)["start"],
        "context": { "triggerKind": 2 },
    })
}

fn send(client: &Client, uri: &str, at: usize) -> u64 {
    let question = question(client, uri, at);
    client.send_request("textDocument/inlineCompletion", question)
}

#[track_caller]
fn texts(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().expect("a list");
    items
        .iter()
        .filter_map(|item| item["insertText"].as_str())
        .collect()
}

#[track_caller]
fn ask(client: &Client, uri: &str, at: usize) -> Value {
    let id = send(client, uri, at);
    client.wait_for_answer(id).expect("an answer")
}

/// Types as a person does, at the end of what was typed before.
fn type_at(client: &Client, uri: &str, at: usize, text: &str) -> usize {
    client.replace(uri, at..at, text);
    at + text.len()
}

#[test]
fn offered_to_clients_that_ask_for_it() {
    assert_eq!(&TEXT[AT - 8..AT], "def half");
    let model = ModelServer::streaming(REST);
    let client = start(&model);
    let offered = &client.initialize_result()["capabilities"]["inlineCompletionProvider"];
    assert_eq!(*offered, true);
    let off = ServerCommand::redline().with_model(&model.url());
    let client = Client::start(&setup(off, json!({})));
    let offered = &client.initialize_result()["capabilities"]["inlineCompletionProvider"];
    assert!(offered.is_null(), "{offered}");
    let plain = Setup::new(ServerCommand::redline().with_model(&model.url()));
    let client = Client::start(&plain);
    let offered = &client.initialize_result()["capabilities"]["inlineCompletionProvider"];
    assert!(offered.is_null(), "{offered}");
}

#[test]
fn offered_for_the_languages_in_force() {
    let server = ServerCommand::redline();
    let mut setup = setup(server, json!({ "languages": ["python", "rust"] }));
    setup.capabilities["textDocument"]["inlineCompletion"]["dynamicRegistration"] = true.into();
    let client = Client::start(&setup);
    let offered = &client.initialize_result()["capabilities"]["inlineCompletionProvider"];
    assert!(offered.is_null(), "once is enough: {offered}");
    let about =
        |params: &Value, list: &str| params[list][0]["method"] == "textDocument/inlineCompletion";
    let told = client.wait_for_message(0, "client/registerCapability", |params| {
        about(params, "registrations")
    });
    assert_eq!(
        told["registrations"][0]["registerOptions"]["documentSelector"],
        json!([{ "language": "python" }, { "language": "rust" }])
    );
    let change = |languages: Value| {
        let settings = json!({ "redline": { "completion": { "languages": languages } } });
        let mark = client.mark();
        client.notify(
            "workspace/didChangeConfiguration",
            json!({ "settings": settings }),
        );
        mark
    };
    let mark = change(json!(["rust"]));
    client.wait_for_message(mark, "client/unregisterCapability", |params| {
        about(params, "unregisterations")
    });
    let told = client.wait_for_message(mark, "client/registerCapability", |params| {
        about(params, "registrations")
    });
    assert_eq!(
        told["registrations"][0]["registerOptions"]["documentSelector"],
        json!([{ "language": "rust" }])
    );
    let mark = change(json!([]));
    client.wait_for_message(mark, "client/unregisterCapability", |params| {
        about(params, "unregisterations")
    });
}

#[test]
fn several_lines_come_over_the_warm_link() {
    let model = ModelServer::streaming(&format!("```python\n{REST}\n\nprint(area(1, 2))\n```\n"));
    let client = start(&model);
    let uri = client.open("a.py", "python", TEXT);
    let answer = ask(&client, &uri, AT);
    assert_eq!(texts(&answer), [REST]);
    let place = client.range(&uri, AT..AT);
    assert_eq!(answer["items"][0]["range"], place);
    let request = model.wait_for_requests(1);
    let said = request.input_text();
    let sections = format!(
        "<prefix>\n{}\n</prefix>\n<suffix>\n{}\n</suffix>",
        &TEXT[..AT],
        &TEXT[AT..]
    );
    assert!(said.contains(&sections), "{said}");
    assert!(said.contains("File: a.py\nLanguage: python\n"), "{said}");
}

#[test]
fn off_where_the_settings_name_no_language() {
    let model = ModelServer::streaming(REST);
    let server = || ServerCommand::redline().with_model(&model.url());
    let client = Client::start(&setup(server(), json!({})));
    let uri = client.open("a.py", "python", TEXT);
    assert!(texts(&ask(&client, &uri, AT)).is_empty());
    let client = Client::start(&setup(server(), json!({ "languages": ["rust"] })));
    let uri = client.open("a.py", "python", TEXT);
    assert!(texts(&ask(&client, &uri, AT)).is_empty());
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn no_more_is_sent_than_the_settings_say() {
    let model = ModelServer::streaming(REST);
    let server = ServerCommand::redline().with_model(&model.url());
    let completion = json!({ "languages": ["python"], "delayMs": 0, "bytes": 500 });
    let client = Client::start(&setup(server, completion));
    let lines: String = (0..2_000).map(|n| format!("value_{n} = {n}\n")).collect();
    let uri = client.open("a.py", "python", &lines);
    let at = lines.find("1000 = 1000").expect("a line") + "1000 = 1000".len();
    ask(&client, &uri, at);
    let said = model.wait_for_requests(1).input_text();
    assert!(said.len() < 700, "{} bytes", said.len());
    assert!(
        said.contains("value_999 = 999\nvalue_1000 = 1000\n</prefix>\n<suffix>\n\nvalue_1001"),
        "{said}"
    );
}

#[test]
fn a_person_who_types_on_is_not_asked_about_in_between() {
    let model = ModelServer::streaming(REST);
    let server = ServerCommand::redline().with_model(&model.url());
    let completion = json!({ "languages": ["python"], "delayMs": 300 });
    let client = Client::start(&setup(server, completion));
    let uri = client.open("a.py", "python", TEXT);
    let mut at = AT;
    let mut waiting = vec![send(&client, &uri, at)];
    for key in ["_", "o", "f"] {
        at = type_at(&client, &uri, at, key);
        waiting.push(send(&client, &uri, at));
    }
    let last = waiting.pop().expect("the last");
    for id in waiting {
        let answer = client.wait_for_answer(id).expect("an answer");
        assert!(texts(&answer).is_empty(), "{answer}");
    }
    let answer = client.wait_for_answer(last).expect("an answer");
    assert_eq!(texts(&answer), [REST]);
    assert_eq!(model.requests().len(), 1);
    let said = model.wait_for_requests(1).input_text();
    assert!(said.contains("def half_of\n</prefix>"), "{said}");
}

/// A model that stands before its answer, and the question that waits for it.
fn held() -> (ModelServer, Gate, Client, String, u64) {
    let gate = Gate::new();
    let held = gate.clone();
    let model = ModelServer::start(move |request| {
        let answer = Answer::to(request);
        let answer = if request.index == 0 {
            answer.hold(&held)
        } else {
            answer
        };
        answer.pieces([REST]).actions()
    });
    let client = start(&model);
    let uri = client.open("a.py", "python", TEXT);
    let id = send(&client, &uri, AT);
    gate.wait_until_reached();
    (model, gate, client, uri, id)
}

#[test]
fn typing_ends_a_question_and_the_next_is_answered() {
    let (model, gate, client, uri, id) = held();
    let at = type_at(&client, &uri, AT, "_of");
    let answer = client.wait_for_answer(id).expect("an answer");
    assert!(texts(&answer).is_empty(), "{answer}");
    assert_eq!(texts(&ask(&client, &uri, at)), [REST]);
    gate.open();
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn the_editor_can_cancel_a_question() {
    let (model, gate, client, uri, id) = held();
    client.cancel(id);
    let refused = client.wait_for_answer(id).expect_err("it is cancelled");
    assert_eq!(refused.code, -32800, "{refused}");
    gate.open();
    // Its late answer is for nobody.
    assert_eq!(texts(&ask(&client, &uri, AT)), [REST]);
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn an_answer_is_good_as_long_as_it_is_what_is_typed() {
    let model = ModelServer::streaming(REST);
    let client = start(&model);
    let uri = client.open("a.py", "python", TEXT);
    assert_eq!(texts(&ask(&client, &uri, AT)), [REST]);
    let mut at = AT;
    for key in REST[..20].chars() {
        at = type_at(&client, &uri, at, &key.to_string());
        assert_eq!(texts(&ask(&client, &uri, at)), [&REST[at - AT..]]);
    }
    // Backspace, and the same again.
    client.replace(&uri, at - 3..at, "");
    assert_eq!(texts(&ask(&client, &uri, at - 3)), [&REST[at - 3 - AT..]]);
    assert_eq!(model.requests().len(), 1);
    let at = type_at(&client, &uri, at - 3, "other");
    ask(&client, &uri, at);
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn nothing_is_asked_in_the_middle_of_a_line() {
    let model = ModelServer::streaming("1, 2)");
    let client = start(&model);
    let uri = client.open("a.py", "python", "area(1 + )\n");
    assert!(texts(&ask(&client, &uri, 3)).is_empty());
    assert_eq!(model.requests().len(), 0);
    // What editors close by themselves may stand behind the cursor.
    assert_eq!(texts(&ask(&client, &uri, 9)), ["1, 2"]);
}

#[test]
fn ignored_files_are_never_sent() {
    let model = ModelServer::streaming(REST);
    let client = start(&model);
    for name in [".env", "deep/.env.local", "keys/a.pem"] {
        let uri = client.open(name, "python", TEXT);
        assert!(texts(&ask(&client, &uri, AT)).is_empty(), "{name}");
    }
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn nothing_is_asked_where_a_rewrite_is_open() {
    let model = ModelServer::start(|request| {
        let is_rewrite = request.input_text().contains("<region>");
        let said = if is_rewrite { "def third\n" } else { REST };
        Answer::to(request).pieces([said]).actions()
    });
    let client = start(&model);
    let uri = client.open("a.py", "python", TEXT);
    let id = client
        .rewrite(&uri, AT - 8..AT, "rename it", "once")
        .expect("it starts");
    client.wait_for_state(id, "proposed");
    let at = AT + 1;
    assert!(texts(&ask(&client, &uri, at)).is_empty());
    assert_eq!(model.requests().len(), 1);
    let elsewhere = client.text(&uri).len() - 1;
    assert_eq!(texts(&ask(&client, &uri, elsewhere)), [REST]);
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    assert_eq!(texts(&ask(&client, &uri, at)), [REST]);
}

#[test]
fn a_failing_model_is_no_news() {
    let model =
        ModelServer::start(|request| Answer::to(request).failed("invalid_prompt", "no").actions());
    let client = start(&model);
    let uri = client.open("a.py", "python", TEXT);
    let mark = client.mark();
    assert!(texts(&ask(&client, &uri, AT)).is_empty());
    client
        .execute("redline.status", Value::Null)
        .expect("a status");
    let shown = client.messages_since(mark);
    assert!(
        !shown
            .iter()
            .any(|it| it.method == "window/showMessage" && it.params["type"] == 1),
        "{shown:?}"
    );
}

#[test]
fn half_an_answer_stands_in_whole_lines() {
    let model = ModelServer::start(|request| {
        Answer::to(request)
            .pieces(["(width):\n    return wid"])
            .incomplete("max_output_tokens")
            .actions()
    });
    let client = start(&model);
    let uri = client.open("a.py", "python", TEXT);
    assert_eq!(texts(&ask(&client, &uri, AT)), ["(width):"]);
}

#[test]
fn the_embedded_engine_goes_on_as_an_earlier_line_did() {
    let completion = json!({ "languages": ["python"] });
    let client = Client::start(&setup(ServerCommand::redline(), completion));
    let text = "def area(width):\n    return width\n\ndef ar";
    let uri = client.open("a.py", "python", text);
    let answer = ask(&client, &uri, text.len());
    assert_eq!(texts(&answer), ["ea(width):\n    return width"]);
}
