//! Chat completions: the body that is sent and the chunks that come.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use model_protocol::{
    ChatDecoder, DecodeError, Message, Request, Role, StreamEvent, TokenLimit, Usage,
};
use serde_json::{Value, json};

fn request() -> Request {
    Request {
        model: "m".to_owned(),
        instructions: "be brief".to_owned(),
        input: vec![
            Message::user("hi"),
            Message {
                role: Role::Assistant,
                text: "ho".into(),
            },
            Message {
                role: Role::Developer,
                text: "go on".into(),
            },
        ],
        previous_response_id: Some("r".to_owned()),
        stream_id: Some("lane".to_owned()),
        generate: Some(false),
        ..Request::default()
    }
}

#[track_caller]
fn check_body(request: &Request, limit: TokenLimit, expected: Value) {
    let body: Value = serde_json::from_str(&request.chat_body(limit)).unwrap();
    assert_eq!(body, expected);
}

#[test]
fn the_body_has_only_what_the_wire_knows() {
    let messages = json!([
        { "role": "system", "content": "be brief" },
        { "role": "user", "content": "hi" },
        { "role": "assistant", "content": "ho" },
        { "role": "system", "content": "go on" },
    ]);
    let usage = json!({ "include_usage": true });
    check_body(
        &request(),
        TokenLimit::MaxTokens,
        json!({ "model": "m", "stream": true, "stream_options": usage, "messages": messages }),
    );
    let full = Request {
        max_output_tokens: Some(9),
        reasoning_effort: Some("low".to_owned()),
        service_tier: Some("priority".to_owned()),
        store: true,
        prediction: Some("old\n".to_owned()),
        extra: json!({ "stream": false, "top_p": 0.5, "stream_options": null })
            .as_object()
            .unwrap()
            .clone(),
        ..request()
    };
    check_body(
        &full,
        TokenLimit::MaxCompletionTokens,
        json!({
            "model": "m", "stream": true, "messages": messages, "max_completion_tokens": 9,
            "reasoning_effort": "low", "service_tier": "priority", "store": true,
            "prediction": { "type": "content", "content": "old\n" }, "top_p": 0.5, "stream_options": null,
        }),
    );
}

/// Feeds the chunks and then ends the stream.
fn read(chunks: &[&str]) -> Vec<StreamEvent> {
    read_to(chunks, false)
}

/// The same, where the server says that it is done.
fn read_to(chunks: &[&str], is_done: bool) -> Vec<StreamEvent> {
    let mut decoder = ChatDecoder::default();
    let events = chunks.iter().map(|it| decoder.decode(it).unwrap());
    let mut events: Vec<_> = events.filter(|it| *it != StreamEvent::Ignored).collect();
    events.extend(decoder.finish(is_done));
    events
}

fn delta(text: &str) -> StreamEvent {
    StreamEvent::Delta {
        text: text.to_owned(),
    }
}

fn created(id: &str) -> StreamEvent {
    StreamEvent::Created {
        response_id: id.to_owned(),
    }
}

const USAGE: &str = r#"{"id":"c","choices":[],"usage":{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens":2}}"#;

#[test]
fn a_completion_is_its_pieces_and_one_end() {
    let events = read(&[
        r#"{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a\n\"é"},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]}"#,
        USAGE,
    ]);
    let usage = Some(Usage {
        input: 7,
        cached: 3,
        output: 2,
    });
    let end = StreamEvent::Completed {
        response_id: "c".to_owned(),
        usage,
    };
    assert_eq!(events, [created("c"), delta("a\n\"é"), delta("b"), end]);
}

#[test]
fn the_reason_of_the_end_is_told() {
    for (reason, told) in [
        ("length", "max_output_tokens"),
        ("content_filter", "content_filter"),
    ] {
        let chunk = format!(
            r#"{{"id":"c","choices":[{{"delta":{{"content":"x"}},"finish_reason":"{reason}"}}]}}"#
        );
        let end = StreamEvent::Incomplete {
            reason: told.to_owned(),
            usage: None,
        };
        assert_eq!(read(&[&chunk]), [delta("x"), end]);
    }
}

#[test]
fn a_stream_without_an_end_has_none() {
    assert_eq!(
        read(&[r#"{"id":"c","choices":[{"delta":{"content":"x"}}]}"#]),
        [delta("x")]
    );
    assert_eq!(read(&[]), []);
}

#[test]
fn done_is_an_end_without_a_reason_too() {
    let events = read_to(
        &[r#"{"id":"c","choices":[{"delta":{"content":"x"}}]}"#],
        true,
    );
    let end = StreamEvent::Completed {
        response_id: "c".to_owned(),
        usage: None,
    };
    assert_eq!(events, [delta("x"), end]);
    assert_eq!(read_to(&[], true), [], "nothing was answered");
}

#[test]
fn errors_in_mid_stream_are_failures() {
    for chunk in [
        r#"{"error":{"message":"too hot","type":"server_error","code":500}}"#,
        r#"{"object":"error","message":"too hot","type":"BadRequestError","code":400}"#,
        r#"{"error":"too hot"}"#,
    ] {
        let events = read(&[chunk]);
        assert!(
            matches!(&events[..], [StreamEvent::Failed(error)] if error.message == "too hot"),
            "{chunk}: {events:?}"
        );
    }
}

#[test]
fn refusals_are_told_apart() {
    let events = read(&[r#"{"id":"c","choices":[{"delta":{"refusal":"no"}}]}"#]);
    assert_eq!(
        events,
        [StreamEvent::Refusal {
            text: "no".to_owned()
        }]
    );
}

#[test]
fn what_is_no_chunk_is_an_error_without_its_text() {
    for (data, expected) in [
        ("[1]", DecodeError::Malformed { column: 1 }),
        ("secret", DecodeError::Malformed { column: 1 }),
        (
            r#"{"choices":[{"delta":{"content":7}}]}"#,
            DecodeError::Field {
                event: "chat.completion.chunk",
                field: "content",
            },
        ),
    ] {
        assert_eq!(ChatDecoder::default().decode(data), Err(expected));
    }
}
