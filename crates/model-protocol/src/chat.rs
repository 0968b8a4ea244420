//! The older wire: a request as the body of a chat completion, and the chunks of its stream.
//!
//! Not here: Responses (`request`, `decode`) and the framing (`sse`).

use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::decode::{DecodeError, string};
use crate::event::{ServerError, StreamEvent, Usage};
use crate::request::{Fields, Message, Request, Role};

/// How a server of chat completions calls the bound of generated tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLimit {
    /// `max_tokens`, which nearly all servers know.
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI's newer models insist on.
    MaxCompletionTokens,
}

impl Request {
    /// The body of a streaming chat completion. What that wire has no place for is left out:
    /// `previous_response_id`, lanes and warm-up. Cost: one pass over the texts.
    pub fn chat_body(&self, limit: TokenLimit) -> String {
        // Writing strings and JSON values into memory has no way to fail.
        serde_json::to_string(&Body {
            request: self,
            limit,
        })
        .unwrap_or_default()
    }
}

struct Body<'a> {
    request: &'a Request,
    limit: TokenLimit,
}

const RESERVED: [&str; 5] = [
    "type",
    "stream",
    "stream_id",
    "generate",
    "previous_response_id",
];

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Body { request, limit } = *self;
        let mut fields = Fields {
            map: serializer.serialize_map(None)?,
            extra: &request.extra,
        };
        fields.map.serialize_entry("stream", &true)?;
        fields.put("stream_options", Some(&json!({ "include_usage": true })))?;
        fields.put("model", Some(&request.model))?;
        let messages: Vec<Value> = messages(request);
        fields.put("messages", Some(&messages))?;
        let name = match limit {
            TokenLimit::MaxTokens => "max_tokens",
            TokenLimit::MaxCompletionTokens => "max_completion_tokens",
        };
        fields.put(name, request.max_output_tokens.as_ref())?;
        fields.put("reasoning_effort", request.reasoning_effort.as_ref())?;
        fields.put("service_tier", request.service_tier.as_ref())?;
        // The default is `false` here, and small servers do not know the field.
        fields.put("store", Some(&true).filter(|_| request.store))?;
        let prediction = request
            .prediction
            .as_ref()
            .map(|text| json!({ "type": "content", "content": text }));
        fields.put("prediction", prediction.as_ref())?;
        for (name, value) in &request.extra {
            if !RESERVED.contains(&name.as_str()) {
                fields.map.serialize_entry(name, value)?;
            }
        }
        fields.map.end()
    }
}

fn messages(request: &Request) -> Vec<Value> {
    let standing = (!request.instructions.is_empty())
        .then(|| json!({ "role": "system", "content": request.instructions }));
    let said = request.input.iter().map(|Message { role, text }| {
        let role = match role {
            Role::User => "user",
            Role::Assistant => "assistant",
            // Templates of small models know no developer.
            Role::Developer | Role::System => "system",
        };
        json!({ "role": role, "content": &**text })
    });
    standing.into_iter().chain(said).collect()
}

/// Reads the chunks of one chat completion in order.
#[derive(Debug, Default)]
pub struct ChatDecoder {
    id: String,
    has_begun: bool,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
}

impl ChatDecoder {
    /// Reads the data of one server-sent event. After an error the answer can no longer be trusted.
    pub fn decode(&mut self, data: &str) -> Result<StreamEvent, DecodeError> {
        // Without this look a JSON array would be read field by field.
        if !data.trim_start().starts_with('{') {
            return Err(DecodeError::Malformed { column: 1 });
        }
        let chunk: Chunk<'_> =
            serde_json::from_str(data).map_err(|error| DecodeError::Malformed {
                column: error.column(),
            })?;
        let is_error = present(chunk.error).is_some()
            || chunk.object.and_then(string).as_deref() == Some("error");
        if is_error {
            let event: Value = serde_json::from_str(data).unwrap_or_default();
            return Ok(StreamEvent::Failed(ServerError::from_event(&event)));
        }
        if let Some(usage) = present(chunk.usage) {
            self.usage = usage_of(usage).or(self.usage);
        }
        let mut event = StreamEvent::Ignored;
        if let Some(choice) = chunk.choices.as_ref().and_then(|it| it.first()) {
            if let Some(reason) = present(choice.finish_reason).and_then(string) {
                self.finish_reason = Some(reason.into_owned());
            }
            if let Some(delta) = &choice.delta {
                event = piece(delta)?;
            }
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            self.id = chunk.id.and_then(string).unwrap_or_default().into_owned();
            if event == StreamEvent::Ignored {
                event = StreamEvent::Created {
                    response_id: self.id.clone(),
                };
            }
        }
        Ok(event)
    }

    /// The stream has ended, by `[DONE]` or by itself: the terminal event, or `None` if the answer
    /// was not complete. Servers that give no reason for the end say at least `[DONE]`.
    pub fn finish(&mut self, is_done: bool) -> Option<StreamEvent> {
        let unsaid = (is_done && self.has_begun).then(|| "stop".to_owned());
        let reason = self.finish_reason.take().or(unsaid)?;
        let usage = self.usage;
        let response_id = std::mem::take(&mut self.id);
        Some(match reason.as_str() {
            "length" => StreamEvent::Incomplete {
                reason: "max_output_tokens".to_owned(),
                usage,
            },
            "content_filter" => StreamEvent::Incomplete { reason, usage },
            _ => StreamEvent::Completed { response_id, usage },
        })
    }
}

fn piece(delta: &Delta<'_>) -> Result<StreamEvent, DecodeError> {
    let read = |field: Option<&RawValue>, name: &'static str| match present(field) {
        None => Ok(String::new()),
        Some(raw) => string(raw)
            .map(std::borrow::Cow::into_owned)
            .ok_or(DecodeError::Field {
                event: "chat.completion.chunk",
                field: name,
            }),
    };
    let text = read(delta.content, "content")?;
    if !text.is_empty() {
        return Ok(StreamEvent::Delta { text });
    }
    let text = read(delta.refusal, "refusal")?;
    Ok(match text.is_empty() {
        true => StreamEvent::Ignored,
        false => StreamEvent::Refusal { text },
    })
}

fn present(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|it| it.get() != "null")
}

fn usage_of(raw: &RawValue) -> Option<Usage> {
    let usage: Value = serde_json::from_str(raw.get()).ok()?;
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    usage.is_object().then(|| Usage {
        input: count(&usage["prompt_tokens"]),
        cached: count(&usage["prompt_tokens_details"]["cached_tokens"]),
        output: count(&usage["completion_tokens"]),
    })
}
