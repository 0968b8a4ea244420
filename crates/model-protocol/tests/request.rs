//! The exact bytes of requests on both wires.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use model_protocol::{Message, Request, Role};
use serde_json::{Value, json};

fn request() -> Request {
    Request {
        model: "m".to_owned(),
        instructions: "rewrite code".to_owned(),
        input: vec![
            Message::user("write \"add\""),
            Message {
                role: Role::Assistant,
                text: "fn".into(),
            },
        ],
        ..Request::default()
    }
}

#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
}

#[test]
fn a_plain_request_sends_only_what_is_set() {
    let input = json!([
        { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "write \"add\"" }] },
        { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "fn" }] },
    ]);
    check(
        &request().websocket_frame(),
        json!({ "type": "response.create", "model": "m", "instructions": "rewrite code", "input": input, "store": false }),
    );
    check(
        &request().sse_body(),
        json!({ "stream": true, "model": "m", "instructions": "rewrite code", "input": input, "store": false }),
    );
}

#[test]
fn lanes_and_warm_up_stay_off_the_post() {
    let request = Request {
        input: Vec::new(),
        previous_response_id: Some("resp_1".to_owned()),
        max_output_tokens: Some(512),
        reasoning_effort: Some("none".to_owned()),
        service_tier: Some("priority".to_owned()),
        stream_id: Some("edit.1".to_owned()),
        generate: Some(false),
        ..request()
    };
    let mut expected = json!({
        "type": "response.create", "model": "m", "instructions": "rewrite code", "input": [],
        "previous_response_id": "resp_1", "store": false, "max_output_tokens": 512,
        "reasoning": { "effort": "none" }, "service_tier": "priority",
        "stream_id": "edit.1", "generate": false,
    });
    check(&request.websocket_frame(), expected.clone());
    let fields = expected.as_object_mut().unwrap();
    for name in ["type", "stream_id", "generate"] {
        fields.remove(name);
    }
    fields.insert("stream".to_owned(), json!(true));
    check(&request.sse_body(), expected);
}

#[test]
fn extra_fields_win_except_over_the_framing() {
    let extra = json!({ "model": "other", "type": "evil", "stream": false, "text": { "verbosity": "low" } });
    let request = Request {
        input: Vec::new(),
        extra: extra.as_object().unwrap().clone(),
        ..request()
    };
    check(
        &request.websocket_frame(),
        json!({
            "type": "response.create", "model": "other", "instructions": "rewrite code", "input": [],
            "store": false, "text": { "verbosity": "low" },
        }),
    );
}
