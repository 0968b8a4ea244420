//! The events of one response in the schema's full form, numbered, with the lane's name.
//!
//! Not here: which events come when (`generate`).

use serde::Serialize;
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::answer::Content;
use crate::create::{Create, Refused};

/// What goes to the transport.
#[derive(Debug)]
pub(crate) enum Frame {
    Event {
        kind: &'static str,
        json: String,
    },
    /// Text as it is, whatever it is.
    Text(String),
    Binary(Vec<u8>),
    /// One text message in two fragments, valid or not.
    Fragments(Vec<u8>, Vec<u8>),
    Close(u16),
    Drop,
}

/// Writes events of one response.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) response_id: String,
    pub(crate) item_id: String,
    head: Map<String, Value>,
    stream_id: Option<String>,
    sequence: u64,
    content: Content,
}

#[derive(Serialize)]
struct Delta<'a> {
    r#type: &'static str,
    item_id: &'a str,
    output_index: u32,
    content_index: u32,
    delta: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
    sequence_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_id: Option<&'a str>,
}

/// Tokens for the `usage` object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) input: u64,
    pub(crate) cached: u64,
    pub(crate) output: u64,
}

impl Events {
    pub(crate) fn new(create: &Create, content: Content) -> Events {
        let response_id = id("resp");
        Events {
            head: head(&response_id, create),
            response_id,
            item_id: id("msg"),
            stream_id: create.stream_id.clone(),
            sequence: 0,
            content,
        }
    }

    fn event(&mut self, kind: &'static str, mut body: Value) -> Frame {
        body["type"] = json!(kind);
        body["sequence_number"] = json!(self.sequence);
        if let Some(stream_id) = &self.stream_id {
            body["stream_id"] = json!(stream_id);
        }
        self.sequence += 1;
        Frame::Event {
            kind,
            json: body.to_string(),
        }
    }

    /// `response.created`, `.in_progress` and the terminal ones.
    pub(crate) fn response(&mut self, kind: &'static str, changes: Value) -> Frame {
        let mut response = self.head.clone();
        if let Value::Object(changes) = changes {
            response.extend(changes);
        }
        self.event(kind, json!({ "response": response }))
    }

    pub(crate) fn item(&mut self, kind: &'static str, status: &str, text: Option<&str>) -> Frame {
        let item = self.item_object(status, text);
        self.event(kind, json!({ "output_index": 0, "item": item }))
    }

    pub(crate) fn item_object(&self, status: &str, text: Option<&str>) -> Value {
        let content: Vec<Value> = text.map(|it| self.part_object(it)).into_iter().collect();
        json!({ "id": self.item_id, "type": "message", "status": status, "role": "assistant", "content": content })
    }

    fn part_object(&self, text: &str) -> Value {
        match self.content {
            Content::Text => {
                json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
            }
            Content::Refusal => json!({ "type": "refusal", "refusal": text }),
        }
    }

    pub(crate) fn part(&mut self, kind: &'static str, text: &str) -> Frame {
        let part = self.part_object(text);
        let item_id = self.item_id.clone();
        self.event(
            kind,
            json!({ "item_id": item_id, "output_index": 0, "content_index": 0, "part": part }),
        )
    }

    pub(crate) fn delta(&mut self, text: &str) -> Frame {
        let (kind, logprobs) = match self.content {
            Content::Text => ("response.output_text.delta", Some([])),
            Content::Refusal => ("response.refusal.delta", None),
        };
        let delta = Delta {
            r#type: kind,
            item_id: &self.item_id,
            output_index: 0,
            content_index: 0,
            delta: text,
            logprobs,
            sequence_number: self.sequence,
            stream_id: self.stream_id.as_deref(),
        };
        // Strings and numbers always serialize.
        let json = serde_json::to_string(&delta).unwrap_or_default();
        self.sequence += 1;
        Frame::Event { kind, json }
    }

    pub(crate) fn text_done(&mut self, text: &str) -> Frame {
        let item_id = self.item_id.clone();
        let place = json!({ "item_id": item_id, "output_index": 0, "content_index": 0 });
        match self.content {
            Content::Text => {
                let mut body = place;
                body["text"] = json!(text);
                body["logprobs"] = json!([]);
                self.event("response.output_text.done", body)
            }
            Content::Refusal => {
                let mut body = place;
                body["refusal"] = json!(text);
                self.event("response.refusal.done", body)
            }
        }
    }

    pub(crate) fn interrupt_accepted(&mut self) -> Frame {
        let id = self.response_id.clone();
        self.event("response.interrupt.accepted", json!({ "response_id": id }))
    }

    pub(crate) fn item_interrupted(&mut self) -> Frame {
        let (id, item) = (self.response_id.clone(), self.item_id.clone());
        self.event(
            "response.output_item.interrupted",
            json!({ "response_id": id, "item_id": item, "output_index": 0 }),
        )
    }
}

pub(crate) fn usage(spent: Spent) -> Value {
    json!({
        "input_tokens": spent.input,
        "input_tokens_details": { "cached_tokens": spent.cached, "cache_write_tokens": 0 },
        "output_tokens": spent.output,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": spent.input + spent.output,
    })
}

/// An `error` event; it is not part of any response's numbering.
pub(crate) fn error(refused: &Refused, stream_id: Option<&str>) -> Frame {
    let mut body = json!({ "type": "error", "status": refused.status, "error": refused.error() });
    if let Some(stream_id) = stream_id {
        body["stream_id"] = json!(stream_id);
    }
    Frame::Event {
        kind: "error",
        json: body.to_string(),
    }
}

/// An `error` event that asks to be left alone for a while.
pub(crate) fn busy(ms: u64, stream_id: Option<&str>) -> Frame {
    let mut body = json!({
        "type": "error",
        "status": 429,
        "error": { "type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "A fault that was asked for.", "param": null },
        "headers": { "retry-after-ms": ms.to_string(), "x-ratelimit-remaining-requests": "0" },
    });
    if let Some(stream_id) = stream_id {
        body["stream_id"] = json!(stream_id);
    }
    Frame::Event {
        kind: "error",
        json: body.to_string(),
    }
}

pub(crate) fn interrupt_failed(response_id: &str, is_understood: bool) -> Frame {
    let refused = if is_understood {
        Refused::invalid(
            Some("response_not_found"),
            Some("response_id"),
            format!("No response with id '{response_id}' is running on this connection."),
        )
    } else {
        Refused::invalid(
            Some("interrupt_not_supported"),
            Some("response_id"),
            "This model cannot be interrupted.",
        )
    };
    let kind = "response.interrupt.failed";
    let body = json!({ "type": kind, "response_id": response_id, "sequence_number": 0, "error": refused.error() });
    Frame::Event {
        kind,
        json: body.to_string(),
    }
}

pub(crate) fn steer_failed(event: &Map<String, Value>) -> Frame {
    let kind = "response.steer.failed";
    let body = json!({
        "type": kind,
        "sequence_number": 0,
        "error": {
            "type": "invalid_request_error",
            "code": "steering_not_supported",
            "message": "The embedded engine answers at once and cannot be steered.",
        },
        "steer": {
            "input": event.get("input").cloned().unwrap_or_else(|| json!("")),
            "previous_response_id": event.get("previous_response_id").and_then(Value::as_str).unwrap_or(""),
        },
    });
    Frame::Event {
        kind,
        json: body.to_string(),
    }
}

pub(crate) fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |it| it.as_secs_f64())
        .floor()
}

fn id(prefix: &str) -> String {
    format!("{prefix}_{:032x}", fastrand::u128(..))
}

fn head(response_id: &str, create: &Create) -> Map<String, Value> {
    let field = |name: &str, usual: Value| match create.fields.get(name) {
        None | Some(Value::Null) => usual,
        Some(value) => value.clone(),
    };
    let tier = match create.fields.get("service_tier").and_then(Value::as_str) {
        Some("fast" | "priority") => "priority",
        Some(tier @ ("flex" | "scale" | "ultrafast")) => tier,
        _ => "default",
    };
    let head = json!({
        "id": response_id,
        "object": "response",
        "created_at": now(),
        "status": "in_progress",
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": field("instructions", Value::Null),
        "max_output_tokens": field("max_output_tokens", Value::Null),
        "max_tool_calls": null,
        "metadata": field("metadata", json!({})),
        "model": field("model", json!("redline-rules")),
        "output": [],
        "parallel_tool_calls": field("parallel_tool_calls", json!(true)),
        "previous_response_id": field("previous_response_id", Value::Null),
        "prompt_cache_key": field("prompt_cache_key", Value::Null),
        "reasoning": field("reasoning", json!({ "effort": null, "summary": null })),
        "safety_identifier": null,
        "service_tier": tier,
        "store": create.store,
        "temperature": field("temperature", json!(1.0)),
        "text": field("text", json!({ "format": { "type": "text" }, "verbosity": "medium" })),
        "tool_choice": field("tool_choice", json!("auto")),
        "tools": field("tools", json!([])),
        "top_logprobs": 0,
        "top_p": field("top_p", json!(1.0)),
        "truncation": field("truncation", json!("disabled")),
        "usage": null,
        "user": null,
    });
    match head {
        Value::Object(head) => head,
        _ => Map::new(),
    }
}
