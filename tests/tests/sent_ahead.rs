//! What is sent before anything is asked for, and how little is left to send then.
//! How the link does it is tested in `crates/model-client`.

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Answer, ModelServer, Received};
use e2e::scene::{AFTER, BEFORE, NEW, OLD, OTHER, text};
use serde_json::{Value, json};

fn model() -> ModelServer {
    ModelServer::start(|request| {
        let said = match request.input_text().contains("otherwise") {
            true => OTHER,
            false => NEW,
        };
        Answer::to(request).pieces([said]).actions()
    })
}

fn client(model: &ModelServer, settings: Value) -> Client {
    let server = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::new(server).with_events();
    setup.initialization_options = settings;
    let client = Client::start(&setup);
    // What is sent ahead needs a connection, and leaves another for what is asked.
    model.wait_for_connections(2);
    client
}

fn region() -> std::ops::Range<usize> {
    BEFORE.len()..BEFORE.len() + OLD.len()
}

/// The conversation's new part, as it came.
fn input(frame: &Received) -> String {
    frame.event["input"].to_string()
}

fn last_request(model: &ModelServer) -> Received {
    let received = model.received();
    let mut creates = received
        .into_iter()
        .rev()
        .filter(|it| it.event["type"] == "response.create" && it.event["generate"] != false);
    creates.next().expect("a request")
}

fn warm_ups(model: &ModelServer) -> usize {
    let received = model.received();
    received
        .iter()
        .filter(|it| it.event["generate"] == false)
        .count()
}

#[track_caller]
fn rewrite(client: &Client, uri: &str) -> Value {
    let id = client
        .rewrite(uri, region(), "change it", "once")
        .expect("it starts");
    client.wait_for_state(id, "proposed")
}

#[test]
fn an_opened_file_is_sent_ahead_and_not_again() {
    let model = model();
    let client = client(&model, json!({}));
    let marker = "# only in the file\n".repeat(40);
    let uri = client.open("a.py", "python", &(text(OLD) + "\n\n\n\n" + &marker));
    let ahead = model.wait_for_warm_ups(1);
    assert!(input(&ahead).contains("only in the file"), "{ahead:?}");
    let view = rewrite(&client, &uri);
    let asked = last_request(&model);
    assert!(asked.event["previous_response_id"].is_string(), "{asked:?}");
    assert_eq!(asked.connection, ahead.connection);
    assert!(!input(&asked).contains("only in the file"), "{asked:?}");
    assert!(input(&asked).contains("change it"));
    for field in [
        "model",
        "instructions",
        "store",
        "max_output_tokens",
        "reasoning",
        "extra",
    ] {
        assert_eq!(asked.event[field], ahead.event[field], "{field}");
    }
    let bytes = &view["bytes"];
    assert!(bytes["saved"].as_u64() > Some(700), "{view}");
    assert!(
        bytes["sent"].as_u64() > Some(200) && bytes["received"].as_u64() > Some(200),
        "{view}"
    );
    let status = client
        .execute("redline.status", Value::Null)
        .expect("an answer");
    assert_eq!(status["bytesSaved"], bytes["saved"]);
    assert_eq!(status["ahead"]["sends"], true);
    assert_eq!(
        (&status["ahead"]["count"], &status["ahead"]["used"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn what_was_typed_since_is_sent_with_everything() {
    let model = model();
    let client = client(&model, json!({}));
    let uri = client.open("a.py", "python", &text(OLD));
    model.wait_for_warm_ups(1);
    let end = text(OLD).len();
    client.replace(&uri, end - AFTER.len()..end, "# typed\n");
    client.flush(&uri);
    rewrite(&client, &uri);
    let asked = last_request(&model);
    assert!(
        asked.event.get("previous_response_id").is_none(),
        "{asked:?}"
    );
    assert!(input(&asked).contains("# typed") && input(&asked).contains("<file>"));
    // The next selection brings it up to date.
    let id = client.rewrites(&uri)[0]["rewrite"].as_u64().expect("an id");
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    client.code_actions(&uri, region());
    let ahead = model.wait_for_warm_ups(2);
    assert!(input(&ahead).contains("# typed"));
    rewrite(&client, &uri);
    assert!(last_request(&model).event["previous_response_id"].is_string());
}

#[test]
fn what_was_typed_is_sent_ahead_when_typing_rests() {
    let model = model();
    let client = client(&model, json!({}));
    let uri = client.open("a.py", "python", &text(OLD));
    model.wait_for_warm_ups(1);
    let end = text(OLD).len();
    for (at, key) in "# typed".chars().enumerate() {
        client.replace(&uri, end + at..end + at, &key.to_string());
        client.flush(&uri);
    }
    let ahead = model.wait_for_warm_ups(2);
    assert!(input(&ahead).contains("# typed"), "{ahead:?}");
    rewrite(&client, &uri);
    let asked = last_request(&model);
    assert!(asked.event["previous_response_id"].is_string(), "{asked:?}");
    // No key was worth sending the file for it alone.
    assert_eq!(warm_ups(&model), 2);
}

#[test]
fn of_a_large_file_the_part_around_the_selection_is_sent_ahead() {
    let model = model();
    let client = client(&model, json!({ "context": { "bytes": 4_000 } }));
    let far = "# far away\n".repeat(2_000);
    let uri = client.open("a.py", "python", &(text(OLD) + &far));
    client.code_actions(&uri, region());
    let ahead = model.wait_for_warm_ups(1);
    assert!(input(&ahead).contains("one = 1") && input(&ahead).len() < 6_000);
    rewrite(&client, &uri);
    assert!(last_request(&model).event["previous_response_id"].is_string());
}

#[test]
fn a_redirect_goes_on_with_the_conversation() {
    let model = model();
    let client = client(&model, json!({}));
    let uri = client.open("a.py", "python", &text(OLD));
    model.wait_for_warm_ups(1);
    let view = rewrite(&client, &uri);
    let first = last_request(&model);
    let argument = json!({ "rewrite": view["rewrite"], "instruction": "do otherwise" });
    let started = client
        .execute("redline.redirect", argument)
        .expect("it starts");
    let id = started["rewrite"].as_u64().expect("an id");
    client.wait_for_state(id, "proposed");
    let second = last_request(&model);
    let parent = |it: &Received| it.event["previous_response_id"].clone();
    assert!(
        parent(&second).is_string() && parent(&second) != parent(&first),
        "{second:?}"
    );
    assert_eq!(second.event["input"].as_array().map(Vec::len), Some(1));
    assert!(client.text(&uri).contains("two = 22"));
}

#[test]
fn ignored_files_stay_here() {
    let model = model();
    let client = client(&model, json!({ "privacy": { "ignore": ["secret/"] } }));
    for name in [".env", "secret/a.py"] {
        let uri = client.open(name, "python", &text(OLD));
        for _ in 0..5 {
            client.code_actions(&uri, region());
        }
        let refused = client.rewrite(&uri, region(), "change it", "once");
        let error = refused.expect_err("it is refused");
        assert_eq!(error.data["reason"], "ignored", "{error:?}");
    }
    let uri = client.open("a.py", "python", &text(OLD));
    client.code_actions(&uri, region());
    let ahead = model.wait_for_warm_ups(1);
    assert!(input(&ahead).contains("File: a.py"), "{ahead:?}");
    for frame in model.received() {
        assert!(!input(&frame).contains(".env") && !input(&frame).contains("secret"));
    }
}

#[test]
fn the_settings_turn_it_off() {
    for setting in [json!({ "prewarm": false }), json!({ "metered": true })] {
        let model = model();
        let client = client(&model, json!({ "models": { "fast": setting } }));
        let uri = client.open("a.py", "python", &text(OLD));
        for _ in 0..5 {
            client.code_actions(&uri, region());
        }
        rewrite(&client, &uri);
        let asked = last_request(&model);
        assert!(input(&asked).contains("<file>"), "{asked:?}");
        let status = client
            .execute("redline.status", Value::Null)
            .expect("an answer");
        assert_eq!(
            (warm_ups(&model), &status["ahead"]["sends"]),
            (0, &json!(false))
        );
    }
}

#[test]
fn a_server_that_lost_the_response_is_told_everything_at_once() {
    let model = ModelServer::start(|request| {
        if request.body["previous_response_id"].is_string() {
            let message = "Previous response not found.";
            return vec![e2e::model_server::error(
                400,
                "previous_response_not_found",
                message,
            )];
        }
        Answer::to(request).pieces([NEW]).actions()
    });
    let client = client(&model, json!({}));
    let uri = client.open("a.py", "python", &text(OLD));
    model.wait_for_warm_ups(1);
    rewrite(&client, &uri);
    let requests = model.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].input_text().contains("<file>"));
    assert_eq!(requests[0].connection, requests[1].connection);
}

#[test]
fn what_does_not_fit_the_model_is_not_sent() {
    let model = model();
    let settings = json!({
        "models": { "fast": { "contextWindow": 4_096, "maxOutputTokens": 1_000 } },
        "context": { "bytes": 60_000 },
    });
    let client = client(&model, settings);
    // Of about four bytes each: they fit, although their bytes do not.
    let uri = client.open(
        "a.py",
        "python",
        &(text(OLD) + &"# some words\n".repeat(600)),
    );
    rewrite(&client, &uri);
    let uri = client.open(
        "b.py",
        "python",
        &(text(OLD) + &"# some words\n".repeat(3_000)),
    );
    let refused = client.rewrite(&uri, region(), "change it", "once");
    let error = refused.expect_err("its surroundings are too long");
    assert_eq!(error.data["reason"], "contextTooLong", "{error:?}");
    assert!(error.message.contains("lower `context.bytes`"), "{error:?}");
    let long = "x = 1234567\n".repeat(400);
    let uri = client.open("c.py", "python", &long);
    let refused = client.rewrite(&uri, 0..long.len(), "change it", "once");
    let error = refused.expect_err("its answer is too long");
    assert!(error.message.contains("select less"), "{error:?}");
    assert_eq!(model.requests().len(), 1);
}
