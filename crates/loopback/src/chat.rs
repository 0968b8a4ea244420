//! Chat completions: a request in their words, and the events of a response in theirs.
//!
//! Not here: the answer itself, which is that of Responses, and HTTP (`sse`).

use serde_json::{Map, Value, json};

use crate::create::{Create, Refused};
use crate::events::{self, Frame};

/// Reads the body of a chat completion as a request for a response.
pub(crate) fn create(mut fields: Map<String, Value>) -> Result<Create, Refused> {
    let Some(messages) = fields.remove("messages").filter(Value::is_array) else {
        return Err(Refused::invalid(
            Some("invalid_type"),
            Some("messages"),
            "'messages' must be a list.",
        ));
    };
    let limit = fields
        .remove("max_completion_tokens")
        .or_else(|| fields.remove("max_tokens"));
    let store = fields.get("store") == Some(&Value::Bool(true));
    let wanted = [
        ("input", messages),
        ("store", json!(store)),
        ("max_output_tokens", limit.unwrap_or(Value::Null)),
    ];
    fields.extend(wanted.map(|(name, value)| (name.to_owned(), value)));
    for name in ["previous_response_id", "prompt_cache_options"] {
        fields.remove(name);
    }
    Create::read(fields)
}

/// Puts the events of one response into chunks.
#[derive(Debug)]
pub(crate) struct Wording {
    id: String,
    model: Value,
    created: f64,
    includes_usage: bool,
}

impl Wording {
    pub(crate) fn new(create: &Create) -> Wording {
        Wording {
            id: format!("chatcmpl-{:016x}", fastrand::u64(..)),
            model: create
                .fields
                .get("model")
                .cloned()
                .unwrap_or_else(|| json!("redline-rules")),
            created: events::now(),
            includes_usage: create
                .fields
                .get("stream_options")
                .is_some_and(|it| it["include_usage"] == true),
        }
    }

    /// The same thing said in chunks; what is not an event of the response passes as it is.
    pub(crate) fn frames(&self, frame: Frame) -> Vec<Frame> {
        let Frame::Event { kind, json } = frame else {
            return vec![frame];
        };
        let event: Value = serde_json::from_str(&json).unwrap_or_default();
        match kind {
            "response.created" => vec![self.delta(json!({ "role": "assistant", "content": "" }))],
            "response.output_text.delta" => vec![self.delta(json!({ "content": event["delta"] }))],
            "response.refusal.delta" => vec![self.delta(json!({ "refusal": event["delta"] }))],
            "response.completed" => self.end("stop", &event),
            "response.incomplete" => self.end("length", &event),
            "response.failed" => vec![data(json!({ "error": event["response"]["error"] }))],
            "error" => {
                let mut error = event["error"].clone();
                error["status"] = event["status"].clone();
                vec![data(json!({ "error": error, "headers": event["headers"] }))]
            }
            _ => Vec::new(),
        }
    }

    fn delta(&self, delta: Value) -> Frame {
        self.chunk(
            json!([{ "index": 0, "delta": delta, "finish_reason": null }]),
            Value::Null,
        )
    }

    fn end(&self, reason: &str, event: &Value) -> Vec<Frame> {
        let last = json!([{ "index": 0, "delta": {}, "finish_reason": reason }]);
        let mut frames = vec![self.chunk(last, Value::Null)];
        if self.includes_usage {
            let usage = &event["response"]["usage"];
            frames.push(self.chunk(
                json!([]),
                json!({
                    "prompt_tokens": usage["input_tokens"],
                    "completion_tokens": usage["output_tokens"],
                    "total_tokens": usage["total_tokens"],
                    "prompt_tokens_details": { "cached_tokens": usage["input_tokens_details"]["cached_tokens"] },
                }),
            ));
        }
        frames.push(Frame::Text("[DONE]".to_owned()));
        frames
    }

    fn chunk(&self, choices: Value, usage: Value) -> Frame {
        data(json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created as u64,
            "model": self.model,
            "choices": choices,
            "usage": usage,
        }))
    }
}

fn data(value: Value) -> Frame {
    Frame::Text(value.to_string())
}
