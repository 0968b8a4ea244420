//! From one event's JSON text to a [`StreamEvent`].
//!
//! Not here: framing (WebSocket messages are whole events; `sse` cuts the other wire) and what to
//! do about an error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::{ServerError, StreamEvent, Usage};
use crate::quota::Quota;
use crate::text::Delivered;

/// Why an event could not be read. Carries no text of the event, which may be the user's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a JSON object.
    #[error("the server sent something that is not a JSON object (column {column})")]
    Malformed { column: usize },
    /// `type` is missing or not a string.
    #[error("the server sent an event whose type is missing or not a text")]
    Type,
    /// A field that this type of event cannot do without is missing or of a wrong type.
    #[error("the server sent `{event}` with a missing or wrong `{field}`")]
    Field {
        event: &'static str,
        field: &'static str,
    },
}

/// One event, split into its fields but not yet read: enough to know whose it is.
#[derive(Debug)]
pub struct Event<'a> {
    kind: Cow<'a, str>,
    stream_id: Option<Cow<'a, str>>,
    raw: Raw<'a>,
    all: &'a str,
}

impl<'a> Event<'a> {
    /// Cost: one pass over the text, without allocating.
    pub fn parse(text: &'a str) -> Result<Event<'a>, DecodeError> {
        let raw = parse(text)?;
        let kind = match raw.kind {
            Some(kind) => string(kind).ok_or(DecodeError::Type)?,
            // Several servers report a failure in mid-stream as a bare error object.
            None if raw.error.is_some_and(|it| it.get() != "null") => Cow::Borrowed("error"),
            None => return Err(DecodeError::Type),
        };
        let stream_id = raw.stream_id.and_then(string);
        Ok(Event {
            kind,
            stream_id,
            raw,
            all: text,
        })
    }

    /// The event's type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The lane that it belongs to, where the server says so.
    pub fn stream_id(&self) -> Option<&str> {
        self.stream_id.as_deref()
    }

    /// The response that an event about a response names beside its fields.
    pub fn response_id(&self) -> Option<Cow<'a, str>> {
        self.raw.response_id.and_then(string)
    }

    /// What an `error` or `….failed` event says.
    pub fn error(&self) -> ServerError {
        ServerError::from_event(&serde_json::from_str(self.all).unwrap_or_default())
    }

    /// Whether it ends an item that is not of the answer: reasoning, a call of a tool, a remark. Such a response
    /// says more than its text.
    pub fn ends_other_item(&self) -> bool {
        if self.kind != "response.output_item.done" {
            return false;
        }
        let item = value(self.raw.item);
        item["type"].as_str().is_some_and(|kind| kind != "message") || is_aside(&item)
    }

    /// What the event says about limits, if it is one of those that do.
    pub fn quota(&self) -> Option<Quota> {
        match &*self.kind {
            "codex.rate_limits" | "error" => {
                Quota::from_event(&serde_json::from_str(self.all).ok()?)
            }
            _ => None,
        }
    }
}

/// Reads the events of one response in order.
///
/// Cost of a text delta: one pass over the event without allocating anything but the piece itself.
#[derive(Debug, Default)]
pub struct Decoder {
    stream_id: Option<String>,
    answer: Delivered,
    refusal: Delivered,
    /// The running item is a remark beside the answer.
    aside: bool,
    finished: bool,
}

/// Every field stays raw: an unknown type of event may use the same names for other shapes, and a
/// known one is read only where it is needed.
#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    stream_id: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    part: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    response_id: Option<&'a RawValue>,
}

impl Decoder {
    /// A decoder of the response on this lane; `None` is the default lane.
    pub fn new(stream_id: Option<String>) -> Decoder {
        Decoder {
            stream_id,
            ..Decoder::default()
        }
    }

    /// Whether the terminal event was seen; everything after it is ignored.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Reads one event; those of other lanes are ignored. After an error the response can no longer
    /// be trusted.
    pub fn decode(&mut self, event: &str) -> Result<StreamEvent, DecodeError> {
        let event = Event::parse(event)?;
        // An event without a lane is taken as ours: some servers do not echo it.
        let is_ours = event
            .stream_id()
            .is_none_or(|it| self.stream_id.as_deref() == Some(it));
        if is_ours {
            self.read(&event)
        } else {
            Ok(StreamEvent::Ignored)
        }
    }

    /// Reads an event that is known to belong to this response.
    pub fn read(&mut self, event: &Event<'_>) -> Result<StreamEvent, DecodeError> {
        if self.finished {
            return Ok(StreamEvent::Ignored);
        }
        let decoded = self.event(&event.kind, &event.raw, event.all)?;
        self.finished = decoded.is_terminal();
        Ok(decoded)
    }

    fn event(&mut self, kind: &str, raw: &Raw<'_>, all: &str) -> Result<StreamEvent, DecodeError> {
        Ok(match kind {
            "response.output_text.delta" => {
                let text = need(raw.delta, "response.output_text.delta", "delta")?;
                self.answer.push(&text);
                self.delta(text.into_owned())
            }
            "response.output_text.done" => {
                let text = need(raw.text, "response.output_text.done", "text")?;
                let owed = self.answer.end_part(&text);
                self.delta(owed)
            }
            "response.refusal.delta" => {
                let text = need(raw.delta, "response.refusal.delta", "delta")?;
                self.refusal.push(&text);
                refusal(text.into_owned())
            }
            "response.refusal.done" => {
                let text = need(raw.refusal, "response.refusal.done", "refusal")?;
                refusal(self.refusal.end_part(&text))
            }
            "response.output_item.added" => {
                self.answer.begin_item();
                self.refusal.begin_item();
                self.aside = is_aside(&value(raw.item));
                StreamEvent::Ignored
            }
            "response.content_part.added" => {
                self.answer.begin_part();
                self.refusal.begin_part();
                StreamEvent::Ignored
            }
            "response.content_part.done" => self.part_done(&value(raw.part)),
            "response.output_item.done" => self.item_done(&value(raw.item)),
            "response.created" => StreamEvent::Created {
                response_id: response_id(&value(raw.response)),
            },
            "response.completed" => {
                let response = value(raw.response);
                StreamEvent::Completed {
                    response_id: response_id(&response),
                    usage: usage(&response),
                }
            }
            "response.incomplete" | "response.cancelled" => {
                let response = value(raw.response);
                let reason = response["incomplete_details"]["reason"].as_str();
                let fallback = kind.trim_start_matches("response.");
                StreamEvent::Incomplete {
                    reason: reason.unwrap_or(fallback).to_owned(),
                    usage: usage(&response),
                }
            }
            "response.failed" => StreamEvent::Failed(ServerError::from_event(&value(raw.response))),
            "error" => StreamEvent::Failed(ServerError::from_event(
                &serde_json::from_str(all).unwrap_or_default(),
            )),
            _ => StreamEvent::Ignored,
        })
    }

    fn part_done(&mut self, part: &Value) -> StreamEvent {
        match part["type"].as_str() {
            Some("output_text") => {
                let owed = self.answer.end_part(part["text"].as_str().unwrap_or(""));
                self.delta(owed)
            }
            Some("refusal") => refusal(
                self.refusal
                    .end_part(part["refusal"].as_str().unwrap_or("")),
            ),
            _ => StreamEvent::Ignored,
        }
    }

    fn item_done(&mut self, item: &Value) -> StreamEvent {
        if item["type"].as_str().is_some_and(|kind| kind != "message") {
            return StreamEvent::Ignored;
        }
        self.aside |= is_aside(item);
        let text = self.answer.end_item(&parts(item, "output_text", "text"));
        let refused = self.refusal.end_item(&parts(item, "refusal", "refusal"));
        let answer = self.delta(text);
        self.aside = false;
        if answer == StreamEvent::Ignored {
            refusal(refused)
        } else {
            answer
        }
    }

    fn delta(&self, text: String) -> StreamEvent {
        if text.is_empty() || self.aside {
            StreamEvent::Ignored
        } else {
            StreamEvent::Delta { text }
        }
    }
}

fn parse(event: &str) -> Result<Raw<'_>, DecodeError> {
    // Without this look a JSON array would be read field by field.
    if !event.trim_start().starts_with('{') {
        return Err(DecodeError::Malformed { column: 1 });
    }
    serde_json::from_str(event).map_err(|error| DecodeError::Malformed {
        column: error.column(),
    })
}

/// A remark that accompanies the work ("I will now …") is a message too, but not the answer.
fn is_aside(item: &Value) -> bool {
    item["phase"].as_str() == Some("commentary")
}

fn parts(item: &Value, kind: &str, field: &str) -> String {
    let parts = item["content"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    parts
        .iter()
        .filter(|part| part["type"].as_str() == Some(kind))
        .filter_map(|part| part[field].as_str())
        .collect()
}

fn refusal(text: String) -> StreamEvent {
    if text.is_empty() {
        StreamEvent::Ignored
    } else {
        StreamEvent::Refusal { text }
    }
}

fn response_id(response: &Value) -> String {
    response["id"].as_str().unwrap_or("").to_owned()
}

fn usage(response: &Value) -> Option<Usage> {
    let usage = response["usage"].as_object()?;
    let count = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or(0);
    let details = usage
        .get("input_tokens_details")
        .and_then(|it| it.get("cached_tokens"));
    Some(Usage {
        input: count(usage.get("input_tokens")),
        cached: count(details),
        output: count(usage.get("output_tokens")),
    })
}

fn need<'a>(
    raw: Option<&'a RawValue>,
    event: &'static str,
    field: &'static str,
) -> Result<Cow<'a, str>, DecodeError> {
    raw.and_then(string)
        .ok_or(DecodeError::Field { event, field })
}

fn value(raw: Option<&RawValue>) -> Value {
    raw.and_then(|it| serde_json::from_str(it.get()).ok())
        .unwrap_or_default()
}

/// The text of a JSON string, borrowed where it holds no escapes.
pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if quoted.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(quoted))
    }
}
