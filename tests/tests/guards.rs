//! Guards: what a rewrite would leave is looked at before it is accepted; what is shown of that, what is refused, and
//! how a person goes on from there.

use e2e::ServerCommand;
use e2e::lsp::{Client, ResponseError, Setup};
use e2e::model_server::{Answer, Gate, ModelServer, Request};
use serde_json::{Value, json};

const OLD: &str = "use std::fmt;\n\nfn one() -> u8 {\n    1\n}\n\nfn two() -> u8 {\n    2\n}\n";
const LEFT_OUT: &str = "use std::fmt;\n\nfn one() -> u8 {\n    11\n}\n\n// ... rest of the code\n";
const SOUND: &str = "use std::fmt;\n\nfn one() -> u8 {\n    11\n}\n\nfn two() -> u8 {\n    2\n}\n";

fn client(model: &ModelServer, settings: Value) -> Client {
    let server = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::new(server).with_events();
    setup.settings = json!({ "redline": settings });
    setup.initialization_options = settings;
    Client::start(&setup)
}

fn begin(client: &Client, uri: &str, more: Value) -> u64 {
    let range = client.range(uri, 0..client.text(uri).len());
    let mut argument = json!({ "uri": uri, "range": range, "instruction": "shorten it" });
    for (key, value) in more.as_object().into_iter().flatten() {
        argument[key] = value.clone();
    }
    let started = client.execute("redline.rewrite", argument);
    started.expect("it starts")["rewrite"]
        .as_u64()
        .expect("an id")
}

/// Waits until the guards of a proposal have said something that fits.
fn wait_for_guards(client: &Client, id: u64, fits: impl Fn(&Value) -> bool) -> Value {
    let fits = |params: &Value| {
        let guards = params["guards"].as_array();
        params["rewrite"] == id
            && guards.is_some_and(|it| !it.is_empty())
            && fits(&params["guards"])
    };
    client.wait_for_message(0, "redline/rewriteChanged", fits)
}

fn verdict<'a>(guards: &'a Value, guard: &str) -> &'a str {
    let all = guards.as_array().into_iter().flatten();
    let mut this = all.filter(|it| it["guard"] == guard);
    this.next()
        .and_then(|it| it["verdict"].as_str())
        .unwrap_or_default()
}

fn reason(error: &ResponseError) -> &str {
    error.data["reason"].as_str().unwrap_or_default()
}

fn accept(client: &Client, id: u64, more: Value) -> Result<Value, ResponseError> {
    let mut argument = json!({ "rewrite": id });
    for (key, value) in more.as_object().into_iter().flatten() {
        argument[key] = value.clone();
    }
    client.execute("redline.accept", argument)
}

fn titles(client: &Client, uri: &str) -> Vec<String> {
    let actions = client.code_actions(uri, 0..1);
    let titles = actions.iter().filter_map(|it| it["title"].as_str());
    titles.map(str::to_owned).collect()
}

#[test]
fn code_left_out_is_shown_and_not_accepted() {
    for apply in ["live", "once", "preview"] {
        let model = ModelServer::streaming(LEFT_OUT);
        let client = client(&model, json!({}));
        let uri = client.open("a.rs", "rust", OLD);
        let id = begin(&client, &uri, json!({ "apply": apply }));
        client.wait_for_state(id, "proposed");
        // Nobody has to wait for the guards: an accept does.
        let error = accept(&client, id, json!({})).expect_err("it is refused");
        assert_eq!(reason(&error), "guard", "{error:?}");
        assert_eq!(
            error.message,
            "the guard `elision` blocks this rewrite: line 7 stands for code that was left out: \
             `// ... rest of the code`; reject or redirect it, or accept it with `force: true`"
        );
        let hunk = accept(&client, id, json!({ "hunk": 0 })).expect_err("nor is a part of it");
        assert_eq!(reason(&hunk), "guard");
        let shown = if apply == "preview" { OLD } else { LEFT_OUT };
        assert_eq!(
            client.text(&uri),
            shown,
            "the proposal is there all the same"
        );

        let told = wait_for_guards(&client, id, |_| true);
        assert_eq!(verdict(&told["guards"], "elision"), "block");
        assert_eq!(verdict(&told["guards"], "signature"), "warn");
        assert_eq!(verdict(&told["guards"], "imports"), "passed");
        assert_eq!(verdict(&told["guards"], "syntax"), "passed");
        assert_eq!(client.rewrites(&uri)[0]["guards"], told["guards"]);

        let published = client.wait_for_message(0, "textDocument/publishDiagnostics", |it| {
            it["diagnostics"].to_string().contains("\"elision\"")
        });
        let diagnostics = published["diagnostics"].as_array().expect("a list");
        let warning = diagnostics
            .iter()
            .find(|it| it["code"] == "elision")
            .expect("one");
        assert_eq!(
            (&warning["source"], &warning["severity"]),
            (&json!("redline"), &json!(2))
        );
        let line = if apply == "preview" { 0 } else { 6 };
        assert_eq!(warning["range"]["start"]["line"], line);

        let offered = titles(&client, &uri);
        let anyway = "Redline: Accept the rewrite in spite of the guard `elision`";
        assert!(offered.iter().any(|it| it == anyway), "{offered:?}");
        assert!(!offered.iter().any(|it| it == "Redline: Accept the rewrite"));
        let actions = client.code_actions(&uri, 0..1);
        let action = actions.iter().find(|it| it["title"] == anyway).expect("it");
        let argument = action["command"]["arguments"][0].clone();
        client
            .execute("redline.accept", argument)
            .expect("it is accepted");
        client.wait_until_over(id);
        assert_eq!(client.text(&uri), LEFT_OUT);
    }
}

#[test]
fn rejecting_what_a_guard_blocks_lets_the_rest_be_accepted() {
    let model = ModelServer::streaming(LEFT_OUT);
    let client = client(&model, json!({ "guards": { "signature": "block" } }));
    let uri = client.open("a.rs", "rust", OLD);
    let id = begin(&client, &uri, json!({ "apply": "once" }));
    let view = client.wait_for_state(id, "proposed");
    let hunks = view["hunks"].as_array().expect("hunks");
    assert_eq!(hunks.len(), 2);
    accept(&client, id, json!({ "hunk": 0 })).expect_err("not as long as a guard blocks");
    client
        .decide_hunk("redline.reject", id, 1)
        .expect("it can be rejected");
    accept(&client, id, json!({ "hunk": 0 })).expect("now nothing blocks");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), SOUND);
}

#[test]
fn a_fault_that_is_typed_away_blocks_no_longer() {
    let model = ModelServer::streaming(LEFT_OUT);
    let client = client(&model, json!({ "guards": { "signature": "off" } }));
    let uri = client.open("a.rs", "rust", OLD);
    let id = begin(&client, &uri, json!({ "apply": "once" }));
    wait_for_guards(&client, id, |guards| verdict(guards, "elision") == "block");
    let line = "// ... rest of the code\n";
    let at = LEFT_OUT.find(line).expect("it");
    client.replace(&uri, at..at + line.len(), "fn two() -> u8 {\n    2\n}\n");
    // It is looked at again when typing rests.
    let told = wait_for_guards(&client, id, |guards| verdict(guards, "elision") == "passed");
    assert_eq!(verdict(&told["guards"], "signature"), "", "it is off");
    accept(&client, id, json!({})).expect("nothing blocks");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), SOUND);
}

/// An accept right behind a letter is judged by the text with that letter. What the user types is no fault of the
/// rewrite; what is taken from the model's text may be.
#[test]
fn an_accept_behind_typing_is_judged_by_what_stands_then() {
    let model = ModelServer::streaming(&SOUND.replace("11", "(11)"));
    let client = client(&model, json!({ "guards": { "syntax": "block" } }));
    let uri = client.open("a.rs", "rust", OLD);
    let id = begin(&client, &uri, json!({ "apply": "once" }));
    wait_for_guards(&client, id, |guards| verdict(guards, "syntax") == "passed");
    let at = client.text(&uri).find("11)").expect("it");
    client.replace(&uri, at + 2..at + 3, "");
    let error = accept(&client, id, json!({})).expect_err("a bracket is missing");
    assert_eq!(reason(&error), "guard");
    client.replace(&uri, at - 1..at, "");
    accept(&client, id, json!({})).expect("nothing blocks");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), SOUND);
}

#[test]
fn an_accept_while_it_streams_does_not_go_past_a_guard() {
    for (answer, force, state) in [
        (LEFT_OUT, false, "proposed"),
        (LEFT_OUT, true, "accepted"),
        (SOUND, false, "accepted"),
    ] {
        let gate = Gate::new();
        let held = gate.clone();
        let model = ModelServer::start(move |request: &Request| {
            let answer: &'static str = answer;
            let (head, tail) = answer.split_at(30);
            Answer::to(request)
                .pieces([head])
                .hold(&held)
                .pieces([tail])
                .actions()
        });
        let client = client(&model, json!({}));
        let uri = client.open("a.rs", "rust", OLD);
        let id = begin(&client, &uri, json!({ "apply": "once" }));
        client.wait_for_state(id, "streaming");
        accept(&client, id, json!({ "force": force })).expect("a wish");
        gate.open();
        if state == "accepted" {
            assert_eq!(client.wait_until_over(id)["state"], "accepted");
            assert_eq!(client.text(&uri), answer);
            continue;
        }
        let shown = client.wait_for_message(0, "window/showMessage", |it| {
            it["message"]
                .as_str()
                .is_some_and(|it| it.contains("not accepted"))
        });
        let shown = shown["message"].as_str().unwrap_or_default();
        assert!(
            shown.starts_with("Redline: not accepted, because the guard `elision`"),
            "{shown}"
        );
        assert_eq!(client.rewrites(&uri)[0]["state"], "proposed");
        client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        client.wait_until_over(id);
        assert_eq!(client.text(&uri), OLD);
    }
}

#[test]
fn what_came_of_an_interrupted_answer_is_looked_at_too() {
    let gate = Gate::new();
    let held = gate.clone();
    let model = ModelServer::start(move |request: &Request| {
        let head = "use std::fmt;\n// ... existing code ...\nfn";
        Answer::to(request).pieces([head]).hold(&held).actions()
    });
    let client = client(&model, json!({}));
    let uri = client.open("a.rs", "rust", OLD);
    let id = begin(&client, &uri, json!({ "apply": "live" }));
    client.wait_for_document(&uri, "the line", |it| it.text.contains("existing code"));
    client.decide("redline.interrupt", id).expect("it stops");
    client.wait_for_state(id, "interrupted");
    let error = accept(&client, id, json!({})).expect_err("it is refused");
    assert_eq!(reason(&error), "guard");
    gate.open();
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), OLD);
}

/// Settings, presets and the request itself say what a fault leads to; the request can only be stricter.
#[test]
fn what_a_fault_leads_to_is_set() {
    let own = json!({ "presets": [
        { "name": "lax", "instruction": "Go.", "guards": { "elision": "warn" } },
        { "name": "strict", "instruction": "Go.", "guards": { "signature": "block" } },
    ], "guards": { "imports": "off" } });
    for (more, elision, signature) in [
        (json!({}), "block", "warn"),
        (
            json!({ "guards": { "signature": "block" } }),
            "block",
            "block",
        ),
        (
            json!({ "guards": { "elision": "off", "imports": "off" } }),
            "block",
            "warn",
        ),
        (
            json!({ "preset": "lax", "instruction": null }),
            "warn",
            "warn",
        ),
        (json!({ "instruction": "/lax" }), "warn", "warn"),
        (
            json!({ "preset": "strict", "instruction": null }),
            "block",
            "block",
        ),
        (
            json!({ "preset": "lax", "instruction": null, "guards": { "elision": "block" } }),
            "block",
            "warn",
        ),
    ] {
        let model = ModelServer::streaming(LEFT_OUT);
        let client = client(&model, own.clone());
        let uri = client.open("a.rs", "rust", OLD);
        let id = begin(&client, &uri, more.clone());
        let told = wait_for_guards(&client, id, |_| true);
        let guards = &told["guards"];
        assert_eq!(verdict(guards, "elision"), elision, "{more}");
        assert_eq!(verdict(guards, "signature"), signature, "{more}");
        assert_eq!(verdict(guards, "imports"), "", "{more}");
        let accepted = accept(&client, id, json!({}));
        let blocks = [elision, signature].contains(&"block");
        assert_eq!(accepted.is_err(), blocks, "{more}");
    }
}

/// What a rewrite was asked with holds for its redirect and its retry.
#[test]
fn what_follows_on_a_rewrite_has_its_guards() {
    let model = ModelServer::streaming(LEFT_OUT);
    let client = client(&model, json!({ "guards": { "elision": "off" } }));
    let uri = client.open("a.rs", "rust", OLD);
    let id = begin(&client, &uri, json!({ "guards": { "signature": "block" } }));
    client.wait_for_state(id, "proposed");
    let argument = json!({ "rewrite": id, "instruction": "otherwise" });
    let next = client
        .execute("redline.redirect", argument)
        .expect("it starts");
    let next = next["rewrite"].as_u64().expect("an id");
    client.wait_for_state(next, "proposed");
    accept(&client, next, json!({})).expect_err("it is refused");
    client
        .decide("redline.reject", next)
        .expect("it can be rejected");
    client.wait_until_over(next);
    let again = client
        .execute("redline.retry", json!({ "rewrite": next }))
        .expect("it starts");
    let again = again["rewrite"].as_u64().expect("an id");
    client.wait_for_state(again, "proposed");
    accept(&client, again, json!({})).expect_err("it is refused");
}

#[test]
fn a_guard_that_there_is_not_is_said() {
    let model = ModelServer::streaming(SOUND);
    let client = client(&model, json!({}));
    let uri = client.open("a.rs", "rust", OLD);
    for guards in [json!({ "sintax": "block" }), json!({ "syntax": "refuse" })] {
        let range = client.range(&uri, 0..OLD.len());
        let argument = json!({ "uri": uri, "range": range, "instruction": "go", "guards": guards });
        let error = client
            .execute("redline.rewrite", argument)
            .expect_err("it is refused");
        assert_eq!(error.code, -32602, "{error:?}");
    }
}
