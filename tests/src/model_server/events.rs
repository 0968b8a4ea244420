//! The events of one answer, in the full and strict form that the official schema asks for, and pieces of bad
//! ones. Pure: text and a request in, actions out.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Action, Gate, Request};

/// An answer to one request, to be told before it is sent.
#[derive(Clone, Debug)]
pub struct Answer {
    model: Value,
    steps: Vec<Step>,
    ending: Ending,
}

#[derive(Clone, Debug)]
enum Step {
    Delta(String),
    Other(Action),
}

#[derive(Clone, Debug)]
enum Ending {
    Completed,
    /// `response.incomplete` with a reason.
    Incomplete(String),
    /// `response.failed` with a code and a message.
    Failed(String, String),
    /// What has been told so far and nothing after it.
    Open,
}

impl Answer {
    /// An empty answer; its parts follow.
    pub fn to(request: &Request) -> Answer {
        Answer {
            model: request.body["model"].clone(),
            steps: Vec::new(),
            ending: Ending::Completed,
        }
    }

    /// One delta for each piece.
    #[must_use]
    pub fn pieces<T: Into<String>>(mut self, pieces: impl IntoIterator<Item = T>) -> Answer {
        let deltas = pieces.into_iter().map(|piece| Step::Delta(piece.into()));
        self.steps.extend(deltas);
        self
    }

    /// One delta for each piece, with a pause before each.
    #[must_use]
    pub fn paced<T: Into<String>>(
        mut self,
        pause: Duration,
        pieces: impl IntoIterator<Item = T>,
    ) -> Answer {
        for piece in pieces {
            self.steps.push(Step::Other(Action::Wait(pause)));
            self.steps.push(Step::Delta(piece.into()));
        }
        self
    }

    /// Stands still here until the test opens the gate.
    #[must_use]
    pub fn hold(self, gate: &Gate) -> Answer {
        self.then(Action::Hold(gate.clone()))
    }

    /// Anything else in the middle: garbage, an error event, the end of the connection.
    #[must_use]
    pub fn then(mut self, action: Action) -> Answer {
        self.steps.push(Step::Other(action));
        self
    }

    /// Ends as cut off by a limit such as `max_output_tokens`.
    #[must_use]
    pub fn incomplete(mut self, reason: &str) -> Answer {
        self.ending = Ending::Incomplete(reason.to_owned());
        self
    }

    /// Ends with `response.failed`.
    #[must_use]
    pub fn failed(mut self, code: &str, message: &str) -> Answer {
        self.ending = Ending::Failed(code.to_owned(), message.to_owned());
        self
    }

    /// Has no end: no event follows the last step.
    #[must_use]
    pub fn open_ended(mut self) -> Answer {
        self.ending = Ending::Open;
        self
    }

    /// The whole answer as actions.
    pub fn actions(self) -> Vec<Action> {
        // Filled in when it is sent; the placeholder ids are unique per response then.
        let (response, item) = ("resp_?", "msg_?");
        let mut actions = Vec::new();
        let mut number = 0;
        let mut event = |actions: &mut Vec<Action>, mut event: Value| {
            event["sequence_number"] = number.into();
            number += 1;
            actions.push(Action::Event(event));
        };
        let start = response_object(response, &self.model, "in_progress", Vec::new(), 0);
        event(
            &mut actions,
            json!({ "type": "response.created", "response": start }),
        );
        event(
            &mut actions,
            json!({ "type": "response.in_progress", "response": start }),
        );
        event(
            &mut actions,
            json!({
                "type": "response.output_item.added", "output_index": 0,
                "item": message_item(item, "in_progress", None),
            }),
        );
        event(
            &mut actions,
            json!({
                "type": "response.content_part.added", "item_id": item, "output_index": 0,
                "content_index": 0, "part": text_part(""),
            }),
        );
        let mut text = String::new();
        for step in self.steps {
            match step {
                Step::Delta(delta) => {
                    text += &delta;
                    event(
                        &mut actions,
                        json!({
                            "type": "response.output_text.delta", "item_id": item, "output_index": 0,
                            "content_index": 0, "delta": delta, "logprobs": [],
                        }),
                    );
                }
                Step::Other(action) => actions.push(action),
            }
        }
        let status = match &self.ending {
            Ending::Open => return actions,
            Ending::Completed => "completed",
            Ending::Incomplete(_) => "incomplete",
            Ending::Failed(..) => "failed",
        };
        let message = message_item(
            item,
            if status == "completed" {
                status
            } else {
                "incomplete"
            },
            Some(&text),
        );
        if status != "failed" {
            event(
                &mut actions,
                json!({
                    "type": "response.output_text.done", "item_id": item, "output_index": 0,
                    "content_index": 0, "text": text, "logprobs": [],
                }),
            );
            event(
                &mut actions,
                json!({
                    "type": "response.content_part.done", "item_id": item, "output_index": 0,
                    "content_index": 0, "part": text_part(&text),
                }),
            );
            event(
                &mut actions,
                json!({
                    "type": "response.output_item.done", "output_index": 0, "item": message,
                }),
            );
        }
        let mut end = response_object(
            response,
            &self.model,
            status,
            vec![message],
            text.len() / 4 + 1,
        );
        match self.ending {
            Ending::Incomplete(reason) => end["incomplete_details"] = json!({ "reason": reason }),
            Ending::Failed(code, message) => {
                end["error"] = json!({ "code": code, "message": message })
            }
            Ending::Completed | Ending::Open => {}
        }
        event(
            &mut actions,
            json!({ "type": format!("response.{status}"), "response": end }),
        );
        actions
    }
}

/// The answer to a warm-up: no output.
pub(super) fn warm_up(model: &Value) -> Vec<Value> {
    let object = |status| response_object("resp_?", model, status, Vec::new(), 0);
    vec![
        json!({ "type": "response.created", "response": object("in_progress"), "sequence_number": 0 }),
        json!({ "type": "response.in_progress", "response": object("in_progress"), "sequence_number": 1 }),
        json!({ "type": "response.completed", "response": object("completed"), "sequence_number": 2 }),
    ]
}

/// What ends a response that the client has interrupted, from `number` on.
pub(super) fn interrupted(id: &str, number: u64) -> Vec<Value> {
    let mut end = response_object(id, &json!("test"), "incomplete", Vec::new(), 1);
    end["incomplete_details"] = json!({ "reason": "interrupted" });
    vec![
        json!({ "type": "response.interrupt.accepted", "response_id": id, "sequence_number": number }),
        json!({ "type": "response.incomplete", "response": end, "sequence_number": number + 1 }),
    ]
}

/// An `error` event with the fields that the service sends.
pub fn error(status: u16, code: &str, message: &str) -> Action {
    let kind = match status {
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    Action::Event(json!({
        "type": "error", "status": status,
        "error": { "type": kind, "code": code, "message": message, "param": null },
    }))
}

fn response_object(
    id: &str,
    model: &Value,
    status: &str,
    output: Vec<Value>,
    output_tokens: usize,
) -> Value {
    let mut object = json!({
        "id": id, "object": "response", "created_at": 1_790_000_000, "status": status,
        "model": model.as_str().unwrap_or("test"), "output": output,
        "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "store": false,
        "error": null, "incomplete_details": null,
    });
    if status != "in_progress" {
        object["usage"] = json!({
            "input_tokens": 10,
            "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
            "output_tokens": output_tokens,
            "output_tokens_details": { "reasoning_tokens": 0 },
            "total_tokens": 10 + output_tokens,
        });
    }
    object
}

fn message_item(id: &str, status: &str, text: Option<&str>) -> Value {
    let content: Vec<_> = text.map(text_part).into_iter().collect();
    json!({
        "id": id, "type": "message", "status": status, "role": "assistant", "content": content,
    })
}

fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

/// Cuts a text at random places between characters; pieces have 1 to `longest` characters, and some cuts fall
/// inside words, between `\r` and `\n`, and inside groups of characters that a person sees as one.
pub fn cut(text: &str, longest: usize, rng: &mut fastrand::Rng) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.chars().peekable();
    while rest.peek().is_some() {
        let length = rng.usize(1..=longest);
        pieces.push(rest.by_ref().take(length).collect());
    }
    pieces
}

/// A server's WebSocket frame with any opcode and payload, also one that no library would send:
/// invalid UTF-8 in a text frame (opcode 1), a reserved opcode, a control frame that is too long.
pub fn raw_frame(opcode: u8, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![opcode | if is_final { 0x80 } else { 0 }];
    match payload.len() {
        short @ 0..=125 => frame.push(short as u8),
        middle @ 126..=0xffff => {
            frame.push(126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}
