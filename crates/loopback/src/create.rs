//! Reading a `response.create`, leniently: unknown fields are ignored, known ones checked.
//!
//! Not here: answering it.

use model_protocol::{Message, Role};
use serde_json::{Map, Value, json};

/// A request that can be answered.
#[derive(Debug, Clone)]
pub(crate) struct Create {
    pub(crate) stream_id: Option<String>,
    /// The new messages only.
    pub(crate) input: Vec<Message>,
    pub(crate) previous_response_id: Option<String>,
    pub(crate) generate: bool,
    pub(crate) store: bool,
    pub(crate) max_output_tokens: Option<u64>,
    /// All fields, for those that are echoed.
    pub(crate) fields: Map<String, Value>,
}

/// An error as the wire says it, before it becomes an event or an HTTP body.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) param: Option<&'static str>,
}

impl Refused {
    pub(crate) fn invalid(
        code: Option<&'static str>,
        param: Option<&'static str>,
        message: impl Into<String>,
    ) -> Refused {
        Refused {
            status: 400,
            kind: "invalid_request_error",
            code,
            message: message.into(),
            param,
        }
    }

    pub(crate) fn error(&self) -> Value {
        json!({ "type": self.kind, "code": self.code, "message": self.message, "param": self.param })
    }
}

pub(crate) fn valid_stream_id(fields: &Map<String, Value>) -> Result<Option<String>, Refused> {
    match fields.get("stream_id") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id))
            if (1..=256).contains(&id.len())
                && id
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || b"_-.".contains(&it)) =>
        {
            Ok(Some(id.clone()))
        }
        Some(_) => Err(Refused::invalid(
            Some("invalid_stream_id"),
            Some("stream_id"),
            "The 'stream_id' field must be a non-empty string with at most 256 characters and may only contain letters, numbers, underscores, hyphens, and periods.",
        )),
    }
}

impl Create {
    pub(crate) fn read(fields: Map<String, Value>) -> Result<Create, Refused> {
        let wrong = |param: &'static str, wanted: &str| {
            Refused::invalid(
                Some("invalid_type"),
                Some(param),
                format!("'{param}' must be {wanted}."),
            )
        };
        let flag = |param: &'static str, usual: bool| match fields.get(param) {
            None | Some(Value::Null) => Ok(usual),
            Some(value) => value.as_bool().ok_or_else(|| wrong(param, "a boolean")),
        };
        let previous_response_id = match fields.get("previous_response_id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(wrong("previous_response_id", "a string")),
        };
        let max_output_tokens = match fields.get("max_output_tokens") {
            None | Some(Value::Null) => None,
            Some(value) => Some(
                value
                    .as_u64()
                    .ok_or_else(|| wrong("max_output_tokens", "an integer"))?,
            ),
        };
        if fields.get("model").is_some_and(|it| !it.is_string()) {
            return Err(wrong("model", "a string"));
        }
        let prewarm = fields
            .get("prompt_cache_options")
            .is_some_and(|it| it["prewarm"] == true);
        Ok(Create {
            stream_id: valid_stream_id(&fields)?,
            input: input(fields.get("input"))
                .ok_or_else(|| wrong("input", "a string or a list of items"))?,
            previous_response_id,
            generate: flag("generate", true)? && !prewarm,
            store: flag("store", true)?,
            max_output_tokens,
            fields,
        })
    }
}

fn input(value: Option<&Value>) -> Option<Vec<Message>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(text)) => Some(vec![Message::user(text.clone())]),
        Some(Value::Array(items)) => items
            .iter()
            .filter(|item| item["type"].as_str().is_none_or(|it| it == "message"))
            .map(message)
            .collect(),
        Some(_) => None,
    }
}

fn message(item: &Value) -> Option<Message> {
    let role = match item["role"].as_str()? {
        "assistant" => Role::Assistant,
        "developer" => Role::Developer,
        "system" => Role::System,
        _ => Role::User,
    };
    let text = match &item["content"] {
        Value::String(text) => text.as_str().into(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|it| it["text"].as_str());
            texts.collect::<String>().into()
        }
        _ => return None,
    };
    Some(Message { role, text })
}
