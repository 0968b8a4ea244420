//! Golden streams: the transcripts and error shapes of the wire, and the dialects of smaller
//! servers, each through one decoder.

use model_protocol::{DecodeError, Decoder, StreamEvent};

const LANE: &str = "edit.1";

/// Decodes lines as one response and writes what came out of it, one word per event.
fn decoded(stream_id: Option<&str>, events: &str) -> String {
    let mut decoder = Decoder::new(stream_id.map(str::to_owned));
    let mut out = Vec::new();
    for line in events.lines().map(str::trim).filter(|it| !it.is_empty()) {
        match decoder.decode(line) {
            Ok(StreamEvent::Ignored) => {}
            Ok(StreamEvent::Created { response_id }) => out.push(format!("created {response_id}")),
            Ok(StreamEvent::Delta { text }) => out.push(format!("+{text}")),
            Ok(StreamEvent::Refusal { text }) => out.push(format!("!{text}")),
            Ok(StreamEvent::Completed { response_id, usage }) => out.push(format!(
                "completed {response_id} {}",
                usage.map_or("-".to_owned(), |it| format!(
                    "{}/{}/{}",
                    it.input, it.cached, it.output
                ))
            )),
            Ok(StreamEvent::Incomplete { reason, .. }) => out.push(format!("incomplete {reason}")),
            Ok(StreamEvent::Failed(error)) => out.push(format!(
                "failed {:?} {} {} retry={} {}",
                error.status,
                error.code.as_deref().unwrap_or("-"),
                error.kind.as_deref().unwrap_or("-"),
                error.retryable(),
                error.message
            )),
            Err(error) => out.push(format!("error: {error}")),
        }
    }
    out.join("\n")
}

#[track_caller]
fn check(events: &str, expected: &[&str]) {
    assert_eq!(decoded(None, events), expected.join("\n"));
}

#[test]
fn a_warm_up_is_created_and_completed_without_text() {
    check(
        r#"
        {"type":"response.created","response":{"id":"resp_00000001","object":"response","status":"in_progress","output":[]},"sequence_number":0}
        {"type":"response.in_progress","response":{"id":"resp_00000001"},"sequence_number":1}
        {"type":"response.completed","response":{"id":"resp_00000001","status":"completed","output":[],"usage":{"input_tokens":11,"input_tokens_details":{"cache_write_tokens":0,"cached_tokens":3},"output_tokens":0,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":11}},"sequence_number":2}
        "#,
        &["created resp_00000001", "completed resp_00000001 11/3/0"],
    );
}

const FULL: &str = r#"
    {"type":"response.created","response":{"id":"resp_2"},"sequence_number":0,"stream_id":"edit.1"}
    {"type":"response.in_progress","response":{"id":"resp_2"},"sequence_number":1,"stream_id":"edit.1"}
    {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_3","type":"message","status":"in_progress","role":"assistant","content":[]},"sequence_number":2,"stream_id":"edit.1"}
    {"type":"response.content_part.added","item_id":"msg_3","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]},"sequence_number":3,"stream_id":"edit.1"}
    {"type":"response.output_text.delta","item_id":"msg_3","output_index":0,"content_index":0,"delta":"fn ","logprobs":[],"obfuscation":"xxxxx","sequence_number":4,"stream_id":"edit.1"}
    {"type":"response.output_text.delta","item_id":"msg_3","output_index":0,"content_index":0,"delta":"\"\u00e9\\\n","logprobs":[],"sequence_number":5,"stream_id":"edit.1"}
    {"type":"response.output_text.done","item_id":"msg_3","output_index":0,"content_index":0,"text":"fn \"é\\\n","logprobs":[],"sequence_number":6,"stream_id":"edit.1"}
    {"type":"response.content_part.done","item_id":"msg_3","output_index":0,"content_index":0,"part":{"type":"output_text","text":"fn \"é\\\n","annotations":[],"logprobs":[]},"sequence_number":7,"stream_id":"edit.1"}
    {"type":"response.output_item.done","output_index":0,"item":{"id":"msg_3","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"fn \"é\\\n"}]},"sequence_number":8,"stream_id":"edit.1"}
    {"type":"response.completed","response":{"id":"resp_2","output":[{"type":"message","content":[{"type":"output_text","text":"fn \"é\\\n"}]}]},"sequence_number":9,"stream_id":"edit.1"}
    "#;

#[test]
fn a_full_stream_hands_its_text_on_once() {
    assert_eq!(
        decoded(Some(LANE), FULL),
        "created resp_2\n+fn \n+\"é\\\n\ncompleted resp_2 -"
    );
}

#[test]
fn events_of_another_lane_are_ignored() {
    check(FULL, &[]);
    assert_eq!(decoded(Some("edit.2"), FULL), "");
}

#[test]
fn a_server_that_does_not_echo_the_lane_is_understood() {
    let silent = FULL.replace(r#","stream_id":"edit.1""#, "");
    assert_eq!(decoded(Some(LANE), &silent), decoded(Some(LANE), FULL));
}

#[test]
fn any_one_of_the_closing_events_is_enough() {
    let text = "created resp_2\n+fn \"é\\\n\ncompleted resp_2 -";
    for kept in ["output_text.done", "content_part.done", "output_item.done"] {
        let reduced: Vec<&str> = FULL
            .lines()
            .filter(|line| !line.contains("output_text.delta"))
            .filter(|line| !line.contains(".done\"") || line.contains(kept))
            .collect();
        assert_eq!(
            decoded(Some(LANE), &reduced.join("\n")),
            text,
            "only {kept}"
        );
    }
}

#[test]
fn lost_last_deltas_are_filled_in_from_the_closing_text() {
    check(
        r#"
        {"type":"response.output_text.delta","delta":"ab"}
        {"type":"response.output_text.done","text":"abcd"}
        {"type":"response.content_part.done","part":{"type":"output_text","text":"abcd"}}
        {"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"abcd"}]}}
        "#,
        &["+ab", "+cd"],
    );
}

#[test]
fn a_closing_text_that_contradicts_the_deltas_is_left_out() {
    check(
        r#"
        {"type":"response.output_text.delta","delta":"ab\n"}
        {"type":"response.output_text.done","text":"ab"}
        {"type":"response.output_item.done","item":{"content":[{"type":"output_text","text":"ab"}]}}
        "#,
        &["+ab\n"],
    );
}

#[test]
fn the_minimal_stream_without_deltas_is_enough() {
    check(
        r#"
        {"type":"response.created","response":{"id":"r"}}
        {"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"whole"}]}}
        {"type":"response.completed","response":{"id":"r"}}
        "#,
        &["created r", "+whole", "completed r -"],
    );
}

#[test]
fn several_parts_and_items_are_each_handed_on_once() {
    check(
        r#"
        {"type":"response.content_part.added","part":{"type":"output_text","text":""}}
        {"type":"response.output_text.delta","delta":"a"}
        {"type":"response.output_text.done","text":"a"}
        {"type":"response.content_part.done","part":{"type":"output_text","text":"a"}}
        {"type":"response.content_part.added","part":{"type":"output_text","text":""}}
        {"type":"response.output_text.delta","delta":"a"}
        {"type":"response.output_text.done","text":"ab"}
        {"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"a"},{"type":"output_text","text":"ab"}]}}
        {"type":"response.output_text.done","text":"c"}
        {"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"c"}]}}
        "#,
        &["+a", "+a", "+b", "+c"],
    );
}

#[test]
fn reasoning_and_remarks_are_not_the_answer() {
    check(
        r#"
        {"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}
        {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"thinking"}
        {"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"thinking"}
        {"type":"response.content_part.done","output_index":0,"part":{"type":"reasoning_text","text":"thinking"}}
        {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","content":[{"type":"reasoning_text","text":"thinking"}]}}
        {"type":"response.output_item.added","output_index":1,"item":{"type":"message","phase":"commentary","content":[]}}
        {"type":"response.output_text.delta","output_index":1,"delta":"I will now rename it."}
        {"type":"response.output_item.done","output_index":1,"item":{"type":"message","phase":"commentary","content":[{"type":"output_text","text":"I will now rename it."}]}}
        {"type":"response.output_item.added","output_index":2,"item":{"type":"message","phase":"final_answer","content":[]}}
        {"type":"response.output_text.delta","output_index":2,"delta":"x"}
        "#,
        &["+x"],
    );
}

#[test]
fn a_refusal_is_told_apart_and_handed_on_once() {
    check(
        r#"
        {"type":"response.refusal.delta","delta":"I "}
        {"type":"response.refusal.delta","delta":"cannot"}
        {"type":"response.refusal.done","refusal":"I cannot."}
        {"type":"response.content_part.done","part":{"type":"refusal","refusal":"I cannot."}}
        {"type":"response.output_item.done","item":{"type":"message","content":[{"type":"refusal","refusal":"I cannot."}]}}
        "#,
        &["!I ", "!cannot", "!."],
    );
}

#[test]
fn unknown_types_are_ignored_whatever_their_fields_hold() {
    check(
        r#"
        {"type":"codex.rate_limits","delta":{"a":1},"text":[1],"item":7,"response":"x","error":null}
        {"type":"response.audio.delta","delta":"AAAA"}
        {"type":"response.function_call_arguments.delta","delta":"{}"}
        "#,
        &[],
    );
}

#[test]
fn an_interrupted_response_ends_incomplete() {
    check(
        r#"
        {"type":"response.interrupt.accepted","response_id":"resp_4","sequence_number":7}
        {"type":"response.output_item.interrupted","response_id":"resp_4","item_id":"msg_5","output_index":0,"sequence_number":8}
        {"type":"response.incomplete","response":{"id":"resp_4","status":"incomplete","incomplete_details":{"reason":"interrupted"},"output":[]},"sequence_number":9}
        {"type":"response.output_text.delta","delta":"late"}
        "#,
        &["incomplete interrupted"],
    );
}

#[test]
fn every_error_shape_is_read() {
    for (event, expected) in [
        (
            r#"{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"previous_response_not_found","message":"Previous response with id 'resp_abc' not found.","param":"previous_response_id"}}"#,
            "failed Some(400) previous_response_not_found invalid_request_error retry=true Previous response with id 'resp_abc' not found.",
        ),
        (
            r#"{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"websocket_connection_limit_reached","message":"Responses websocket connection limit reached (60 minutes)."}}"#,
            "failed Some(400) websocket_connection_limit_reached invalid_request_error retry=true Responses websocket connection limit reached (60 minutes).",
        ),
        (
            r#"{"type":"error","status_code":429,"headers":{"x":"1"},"error":{"type":"usage_limit_reached","message":"Enough."}}"#,
            "failed Some(429) - usage_limit_reached retry=false Enough.",
        ),
        (
            r#"{"type":"error","code":"server_error","message":"Oops","param":null,"sequence_number":3}"#,
            "failed None server_error - retry=true Oops",
        ),
        (
            r#"{"type":"error","error":{"type":"server_error","message":"Bad gateway"}}"#,
            "failed None - server_error retry=true Bad gateway",
        ),
        (
            r#"{"error":{"code":500,"message":"slot unavailable","type":"server_error"}}"#,
            "failed None 500 server_error retry=true slot unavailable",
        ),
        (
            r#"{"type":"error","error":"nope"}"#,
            "failed None - - retry=false nope",
        ),
        (
            r#"{"type":"error"}"#,
            "failed None - - retry=false the server gave no reason",
        ),
        (
            r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down."}}}"#,
            "failed None rate_limit_exceeded - retry=true Slow down.",
        ),
        (
            r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":null}}"#,
            "failed None - - retry=false the server gave no reason",
        ),
    ] {
        check(event, &[expected]);
    }
}

#[test]
fn an_error_of_another_lane_is_not_ours() {
    check(
        r#"{"type":"error","status":400,"stream_id":"agent_33","error":{"message":"limit"}}"#,
        &[],
    );
}

#[test]
fn broken_events_are_errors_and_never_panics() {
    for (event, expected) in [
        ("", DecodeError::Malformed { column: 1 }),
        ("[1,2]", DecodeError::Malformed { column: 1 }),
        ("null", DecodeError::Malformed { column: 1 }),
        (r#"{"type":"#, DecodeError::Malformed { column: 8 }),
        (r#"{"type":7}"#, DecodeError::Type),
        (r#"{"type":null}"#, DecodeError::Type),
        (r#"{"delta":"x"}"#, DecodeError::Type),
        (
            r#"{"type":"response.output_text.delta"}"#,
            DecodeError::Field {
                event: "response.output_text.delta",
                field: "delta",
            },
        ),
        (
            r#"{"type":"response.output_text.delta","delta":["x"]}"#,
            DecodeError::Field {
                event: "response.output_text.delta",
                field: "delta",
            },
        ),
        (
            r#"{"type":"response.output_text.delta","delta":"\ud800"}"#,
            DecodeError::Field {
                event: "response.output_text.delta",
                field: "delta",
            },
        ),
    ] {
        assert_eq!(Decoder::new(None).decode(event), Err(expected), "{event}");
    }
}

#[test]
fn any_cut_or_mutation_of_a_stream_is_survived() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(7);
    let count = std::env::var("ITERATIONS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(20_000);
    let mut random = fastrand::Rng::with_seed(seed);
    let lines: Vec<&str> = FULL
        .lines()
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    let mut decoder = Decoder::new(Some(LANE.to_owned()));
    for step in 0..count {
        let mut bytes = lines[random.usize(..lines.len())].as_bytes().to_vec();
        for _ in 0..random.usize(0..4) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        bytes.truncate(random.usize(1..=bytes.len()));
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(StreamEvent::Delta { text }) = decoder.decode(&text) {
            assert!(!text.is_empty(), "empty delta, seed {seed} step {step}");
        }
        if decoder.is_finished() {
            decoder = Decoder::new(Some(LANE.to_owned()));
        }
    }
}
