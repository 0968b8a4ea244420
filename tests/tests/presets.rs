//! `[[presets]]`: the model that a preset names is the one that is asked, from the first request to a redirect.

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use serde_json::{Value, json};

const OLD: &str = "one = 1\ntwo = 2\n";
const SECRET: &str = "key = 'sk-proj-Zx81Qm2LrT90aa'\n";

fn setup(fast: &str, slow: &str) -> Setup {
    let mut setup = Setup::new(ServerCommand::redline()).with_events();
    setup.initialization_options = json!({
        "models": {
            "fast": { "url": fast, "model": "quick-one" },
            "slow": { "url": slow, "model": "slow-one" },
        },
        "presets": [
            { "name": "ponder", "instruction": "Think about it.", "model": "slow" },
            { "name": "go", "instruction": "Go on." },
        ],
    });
    setup
}

/// What the requests of a server name as their model.
fn models(server: &ModelServer) -> Vec<String> {
    let name = |body: &Value| body["model"].as_str().unwrap_or_default().to_owned();
    server.requests().iter().map(|it| name(&it.body)).collect()
}

fn rewrite(client: &Client, uri: &str, what: Value) -> u64 {
    let end = json!({ "line": 2, "character": 0 });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": end });
    let mut argument = json!({ "uri": uri, "range": range, "apply": "once" });
    for (key, value) in what.as_object().into_iter().flatten() {
        argument[key] = value.clone();
    }
    let started = client
        .execute("redline.rewrite", argument)
        .expect("it starts");
    started["rewrite"].as_u64().expect("a number")
}

#[test]
fn preset_is_asked_of_the_model_that_it_names() {
    let fast = ModelServer::streaming("one = 11\n");
    let slow = ModelServer::streaming("one = 111\n");
    let client = Client::start(&setup(&fast.url(), &slow.url()));
    for (what, text, asked) in [
        (json!({ "preset": "ponder" }), "one = 111\n", &slow),
        (json!({ "instruction": "/ponder" }), "one = 111\n", &slow),
        (json!({ "preset": "go" }), "one = 11\n", &fast),
        (json!({ "instruction": "anything" }), "one = 11\n", &fast),
    ] {
        let before = asked.requests().len();
        let uri = client.open(&format!("{what}.py"), "python", OLD);
        let id = rewrite(&client, &uri, what);
        client.wait_for_state(id, "proposed");
        assert_eq!(client.text(&uri), text);
        assert_eq!(asked.requests().len(), before + 1);
    }
    assert_eq!(models(&fast), ["quick-one"; 2]);
    assert_eq!(models(&slow), ["slow-one"; 2]);
}

#[test]
fn what_follows_on_a_preset_goes_to_its_model_too() {
    let gate = Gate::new();
    let held = gate.clone();
    let fast = ModelServer::streaming("never\n");
    let slow =
        ModelServer::start(
            move |request| match request.input_text().contains("differently") {
                true => Answer::to(request).pieces(["one = 7\n"]).actions(),
                false => Answer::to(request)
                    .pieces(["one = 5\n"])
                    .hold(&held)
                    .pieces(["two = 5\n"])
                    .actions(),
            },
        );
    let client = Client::start(&setup(&fast.url(), &slow.url()));
    let uri = client.open("a.py", "python", OLD);
    let id = rewrite(&client, &uri, json!({ "preset": "ponder" }));
    gate.wait_until_reached();
    let argument = json!({ "rewrite": id, "instruction": "differently" });
    let next = client
        .execute("redline.redirect", argument)
        .expect("it is redirected");
    let next = next["rewrite"].as_u64().expect("a number");
    client.wait_for_state(next, "proposed");
    assert_eq!(client.text(&uri), "one = 7\n");
    gate.open();
    let again = client
        .execute("redline.retry", json!({ "rewrite": next }))
        .expect("it is asked again");
    let again = again["rewrite"].as_u64().expect("a number");
    client.wait_for_state(again, "proposed");
    assert!(fast.requests().is_empty());
    assert_eq!(slow.requests().len(), 3);
}

#[test]
fn secrets_are_masked_for_a_preset_also_where_the_usual_model_is_built_in() {
    let slow = ModelServer::streaming("one = 111\n");
    let mut setup = setup("embedded", &slow.url());
    setup.initialization_options["models"]["fast"] = json!({ "url": "embedded" });
    let client = Client::start(&setup);
    let uri = client.open("a.py", "python", &format!("{OLD}{SECRET}"));
    let id = rewrite(&client, &uri, json!({ "preset": "ponder" }));
    client.wait_for_state(id, "proposed");
    let sent = slow.requests();
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].body.to_string().contains("Zx81Qm2LrT90aa"));
    assert!(sent[0].input_text().contains("key = '"));
}
