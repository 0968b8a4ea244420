//! More rewrites than may run at the same time: who waits knows the place, and can leave.

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Answer, Gate, ModelServer};
use serde_json::{Value, json};

const OLD: &str = "one = 1\n";
const NEW: &str = "one = 11\n";

#[test]
fn who_waits_knows_the_place_and_can_leave() {
    let gate = Gate::new();
    let stand = gate.clone();
    let model =
        ModelServer::start(move |request| Answer::to(request).hold(&stand).pieces([NEW]).actions());
    let mut setup = Setup::new(ServerCommand::redline().with_model(&model.url())).with_events();
    setup.initialization_options = json!({ "limits": { "parallel": 1 } });
    let client = Client::start(&setup);
    let begin = |name: &str| {
        let uri = client.open(name, "python", OLD);
        let id = client.rewrite(&uri, 0..OLD.len(), "x", "once");
        (uri, id.expect("it starts"))
    };
    let wait_for_place = |id: u64, place: Value| {
        client.wait_for_message(0, "redline/rewriteChanged", |view| {
            view["rewrite"] == id && view["queued"] == place
        });
    };
    let (_, first) = begin("a.py");
    gate.wait_until_reached();
    let (_, second) = begin("b.py");
    let (uri, third) = begin("c.py");
    wait_for_place(second, json!(1));
    wait_for_place(third, json!(2));
    let token = json!(format!("redline/rewrite/{third}"));
    client.wait_for_message(0, "$/progress", |params| {
        let message = params["value"]["message"].as_str().unwrap_or_default();
        params["token"] == token && message.contains("number 2 in the queue")
    });
    let status = client
        .execute("redline.status", Value::Null)
        .expect("a status");
    let expected = json!([{ "rewrite": second, "place": 1 }, { "rewrite": third, "place": 2 }]);
    assert_eq!(status["waiting"], expected, "{status:#}");
    // Whoever leaves lets the others move up.
    client
        .decide("redline.reject", second)
        .expect("it can be rejected");
    client.wait_until_over(second);
    wait_for_place(third, json!(1));
    gate.open();
    client.wait_for_state(first, "proposed");
    let view = client.wait_for_state(third, "proposed");
    assert!(view.get("queued").is_none(), "{view:#}");
    assert_eq!(client.text(&uri), NEW);
    assert_eq!(
        model.requests().len(),
        2,
        "the one that left was never sent"
    );
    let status = client
        .execute("redline.status", Value::Null)
        .expect("a status");
    assert_eq!(status["waiting"], json!([]));
}
