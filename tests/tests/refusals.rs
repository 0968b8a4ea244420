//! What is refused before anything is sent, and what is only asked in an odd way.

use std::time::{Duration, Instant};

use e2e::lsp::{Client, Manner};
use e2e::model_server::ModelServer;
use e2e::scene::{NEW, OLD, start};
use serde_json::{Value, json};

fn id(answer: &Value) -> u64 {
    answer["rewrite"].as_u64().expect("a rewrite")
}

fn argument(client: &Client, uri: &str) -> Value {
    json!({ "uri": uri, "range": client.range(uri, 0..OLD.len()) })
}

#[test]
fn an_empty_instruction_is_refused() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let refused = |command: &str, argument: Value| {
        let error = client
            .execute(command, argument)
            .expect_err("it is refused");
        assert_eq!(error.code, -32602, "{error:?}");
        let expected = "the instruction is empty: say what is to be changed, or name a preset";
        assert_eq!(error.message, expected);
    };
    for blank in ["", " \n\t"] {
        let mut rewrite = argument(&client, &uri);
        rewrite["instruction"] = json!(blank);
        refused("redline.rewrite", rewrite);
        refused(
            "redline.ask",
            json!({ "file": "a.py", "from": 1, "to": 2, "ask": blank }),
        );
    }
    assert!(model.requests().is_empty());

    // Whoever names a preset need not say more.
    let mut rewrite = argument(&client, &uri);
    rewrite["instruction"] = json!(" ");
    rewrite["preset"] = json!("simplify");
    let started = client
        .execute("redline.rewrite", rewrite)
        .expect("it starts");
    let id = id(&started);
    client.wait_for_state(id, "proposed");
    refused(
        "redline.redirect",
        json!({ "rewrite": id, "instruction": "" }),
    );
    assert_eq!(
        client.rewrites(&uri)[0]["state"],
        "proposed",
        "it is as it was"
    );
}

#[test]
fn lines_named_backwards_are_the_same_lines() {
    let model = ModelServer::streaming("two = 22\nthree = 33\n");
    let client = start(&model, Manner::HELIX);
    client.open("a.py", "python", OLD);
    let ask = |from: u32, to: u32| {
        let argument = json!({ "file": "a.py", "from": from, "to": to, "ask": "double" });
        client.execute("redline.ask", argument)
    };
    let started = ask(3, 2).expect("it starts");
    assert_eq!(started["region"]["start"]["line"], 1);
    assert_eq!(started["region"]["end"]["line"], 3);
    client
        .decide("redline.reject", id(&started))
        .expect("it can be rejected");
    client.wait_until_over(id(&started));
    let started = ask(99, 2).expect("it starts");
    assert_eq!(started["region"]["start"]["line"], 1);
    assert_eq!(started["region"]["end"]["line"], 5);
}

/// Its tokens are not counted, which takes seconds.
#[test]
fn a_line_of_megabytes_is_refused_at_once() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let long = format!("a = [{}]\n", "1234567, ".repeat(350_000));
    let uri = client.open("a.py", "python", &long);
    // The server has taken the text in.
    client.rewrites(&uri);
    let began = Instant::now();
    let error = client
        .rewrite(&uri, 0..long.len(), "shorten it", "once")
        .expect_err("it does not fit");
    let took = began.elapsed();
    assert_eq!(error.data["reason"], "contextTooLong", "{error:?}");
    assert!(error.message.ends_with("select less"), "{error:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(model.requests().is_empty());
}
