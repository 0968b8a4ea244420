//! One request to the model, and its two spellings as Responses: a WebSocket frame and the body of
//! a POST.
//!
//! Not here: its spelling as a chat completion (`chat`), choosing the words (crate `prompt`) or the connection (crate `model-client`).

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

/// One `response.create`. Fields that are `None` are not sent, so that servers that know fewer
/// fields are not troubled by them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// The provider's name of the model.
    pub model: String,
    /// Standing instructions; they are never inherited from an earlier response.
    pub instructions: String,
    /// The conversation's new messages, oldest first. May be empty when warming up.
    pub input: Vec<Message>,
    /// The response that this request continues; valid only on the connection that made it.
    pub previous_response_id: Option<String>,
    /// Whether the provider may keep the conversation. Always sent, since its default is `true`.
    pub store: bool,
    /// Upper bound of generated tokens, reasoning included.
    pub max_output_tokens: Option<u32>,
    /// `none`, `minimal`, `low` … as the model allows.
    pub reasoning_effort: Option<String>,
    /// `priority`, `default` … as the provider allows.
    pub service_tier: Option<String>,
    /// Lane of the WebSocket; left out of a POST, which has no lanes.
    pub stream_id: Option<String>,
    /// The text that the answer will largely repeat; only chat completions have a place for it.
    pub prediction: Option<String>,
    /// `Some(false)` warms the state up without generating; left out of a POST.
    pub generate: Option<bool>,
    /// Further fields, sent as they are. They win over the ones above, except `type` and `stream`.
    pub extra: Map<String, Value>,
}

/// One message of the conversation. Its text may be a whole file and is handed on through several hands on the
/// way to the wire: copies share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub text: Arc<str>,
}

impl Message {
    /// A message that the user wrote.
    pub fn user(text: impl Into<Arc<str>>) -> Message {
        Message {
            role: Role::User,
            text: text.into(),
        }
    }
}

/// Who speaks in a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    User,
    Assistant,
    Developer,
    System,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Developer => "developer",
            Role::System => "system",
        }
    }
}

impl Request {
    /// The text message to send over a WebSocket. Cost: one pass over the texts.
    pub fn websocket_frame(&self) -> String {
        self.encode(Wire::WebSocket)
    }

    /// The body of a streaming POST. Cost: one pass over the texts.
    pub fn sse_body(&self) -> String {
        self.encode(Wire::Sse)
    }

    /// Bytes that these messages take on the wire, as items of `input`. Cost: one pass over the texts, and no
    /// memory.
    pub fn input_bytes(messages: &[Message]) -> usize {
        let mut count = Count(0);
        match serde_json::to_writer(&mut count, messages) {
            // Without the brackets around them.
            Ok(()) => count.0.saturating_sub(2),
            Err(_) => 0,
        }
    }

    fn encode(&self, wire: Wire) -> String {
        let texts: usize = self.input.iter().map(|it| it.text.len()).sum();
        let mut out = Vec::with_capacity(texts + texts / 8 + self.instructions.len() + 512);
        match serde_json::to_writer(
            &mut out,
            &Encoded {
                request: self,
                wire,
            },
        ) {
            Ok(()) => String::from_utf8(out).unwrap_or_default(),
            // Writing strings and JSON values into memory has no way to fail.
            Err(_) => String::new(),
        }
    }
}

/// Counts what is written to it.
struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Wire {
    WebSocket,
    Sse,
}

struct Encoded<'a> {
    request: &'a Request,
    wire: Wire,
}

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Encoded { request, wire } = *self;
        let mut fields = Fields {
            map: serializer.serialize_map(None)?,
            extra: &request.extra,
        };
        match wire {
            Wire::WebSocket => fields.map.serialize_entry("type", "response.create")?,
            Wire::Sse => fields.map.serialize_entry("stream", &true)?,
        }
        fields.put("model", Some(&request.model))?;
        fields.put(
            "instructions",
            Some(&request.instructions).filter(|it| !it.is_empty()),
        )?;
        fields.put("input", Some(&request.input))?;
        fields.put(
            "previous_response_id",
            request.previous_response_id.as_ref(),
        )?;
        fields.put("store", Some(&request.store))?;
        fields.put("max_output_tokens", request.max_output_tokens.as_ref())?;
        let reasoning = request
            .reasoning_effort
            .as_ref()
            .map(|effort| json!({ "effort": effort }));
        fields.put("reasoning", reasoning.as_ref())?;
        fields.put("service_tier", request.service_tier.as_ref())?;
        if wire == Wire::WebSocket {
            fields.put("stream_id", request.stream_id.as_ref())?;
            fields.put("generate", request.generate.as_ref())?;
        }
        for (name, value) in &request.extra {
            let reserved = match wire {
                Wire::WebSocket => matches!(name.as_str(), "type" | "stream"),
                Wire::Sse => matches!(name.as_str(), "type" | "stream" | "stream_id" | "generate"),
            };
            if !reserved {
                fields.map.serialize_entry(name, value)?;
            }
        }
        fields.map.end()
    }
}

pub(crate) struct Fields<'a, M> {
    pub(crate) map: M,
    pub(crate) extra: &'a Map<String, Value>,
}

impl<M: SerializeMap> Fields<'_, M> {
    /// Writes a field that has a value, unless the settings give it another one.
    pub(crate) fn put(
        &mut self,
        name: &str,
        value: Option<&impl Serialize>,
    ) -> Result<(), M::Error> {
        match value {
            Some(value) if !self.extra.contains_key(name) => self.map.serialize_entry(name, value),
            _ => Ok(()),
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Part<'a> {
            r#type: &'static str,
            text: &'a str,
        }
        // What the model said comes back as output; everything else is input.
        let kind = if self.role == Role::Assistant {
            "output_text"
        } else {
            "input_text"
        };
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("type", "message")?;
        map.serialize_entry("role", self.role.name())?;
        map.serialize_entry(
            "content",
            &[Part {
                r#type: kind,
                text: &self.text,
            }],
        )?;
        map.end()
    }
}
