//! What a response tells us, reduced to what an edit needs.
//!
//! Not here: how it is spelled on the wire (`decode`).

use std::time::Duration;

use serde_json::Value;

use crate::quota;

/// One step of a response.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// The server took the request. The id may be continued from.
    Created { response_id: String },
    /// The next piece of the answer's text, never empty.
    Delta { text: String },
    /// The next piece of a refusal, never empty. It is for people and is not part of the answer.
    Refusal { text: String },
    /// The answer is whole. Terminal.
    Completed {
        response_id: String,
        usage: Option<Usage>,
    },
    /// The answer ends early, for instance by `max_output_tokens` or `interrupted`. Terminal.
    Incomplete {
        reason: String,
        usage: Option<Usage>,
    },
    /// The server gave up. Terminal.
    Failed(ServerError),
    /// Nothing that an edit needs: unknown types, reasoning, other lanes, repeats.
    Ignored,
}

impl StreamEvent {
    /// Whether nothing of this response follows.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            StreamEvent::Completed { .. } | StreamEvent::Incomplete { .. } | StreamEvent::Failed(_)
        )
    }
}

/// Tokens as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens, cached ones included.
    pub input: u64,
    /// Those of `input` that came from the provider's cache.
    pub cached: u64,
    /// Generated tokens, reasoning included.
    pub output: u64,
}

/// A failure in the server's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerError {
    /// HTTP status, where one was given.
    pub status: Option<u16>,
    /// Machine-readable reason, for instance `previous_response_not_found`.
    pub code: Option<String>,
    /// Family of the reason, for instance `invalid_request_error`.
    pub kind: Option<String>,
    /// For people. Never empty.
    pub message: String,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl ServerError {
    /// Reads an error body of an HTTP answer; whatever cannot be read as JSON becomes the message,
    /// shortened to its first line.
    pub fn from_body(status: u16, body: &[u8]) -> ServerError {
        let mut error = match serde_json::from_slice::<Value>(body) {
            Ok(value) if value.is_object() => ServerError::from_event(&value),
            _ => {
                let text = String::from_utf8_lossy(body);
                let line = text
                    .lines()
                    .map(str::trim)
                    .find(|it| !it.is_empty())
                    .unwrap_or("");
                ServerError {
                    message: shortened(line),
                    ..ServerError::default()
                }
            }
        };
        error.status = Some(status);
        if error.message.is_empty() {
            error.message = format!("HTTP status {status}");
        }
        error
    }

    /// Reads an `error` event in any of its spellings: nested or flat, `status` or `status_code`,
    /// numbers or strings as code.
    pub(crate) fn from_event(event: &Value) -> ServerError {
        let inner = match &event["error"] {
            nested @ Value::Object(_) => nested,
            Value::String(message) => {
                return ServerError {
                    status: status(event),
                    message: shortened(message),
                    ..ServerError::default()
                };
            }
            _ => event,
        };
        let kind = match inner["type"].as_str() {
            // The flat form's `type` is the event's own.
            Some("error") | None => None,
            Some(kind) => Some(kind.to_owned()),
        };
        let code = word(&inner["code"]);
        let message = match inner["message"].as_str() {
            Some(text) if !text.trim().is_empty() => shortened(text),
            _ => match code.as_ref().or(kind.as_ref()) {
                Some(word) => word.clone(),
                None => "the server gave no reason".to_owned(),
            },
        };
        ServerError {
            status: status(event).or_else(|| status(inner)),
            code,
            kind,
            message,
            retry_after: retry_after(event).or_else(|| retry_after(inner)),
        }
    }

    /// Whether the same request may succeed when it is sent again, whole, perhaps later.
    pub fn retryable(&self) -> bool {
        for word in [&self.code, &self.kind].into_iter().flatten() {
            match word.as_str() {
                "previous_response_not_found"
                | "websocket_connection_limit_reached"
                | "rate_limit_exceeded"
                | "server_error"
                | "overloaded" => return true,
                "insufficient_quota"
                | "usage_limit_reached"
                | "usage_not_included"
                | "context_length_exceeded"
                | "invalid_prompt"
                | "invalid_api_key" => return false,
                _ => {}
            }
        }
        match (self.status, self.kind.as_deref()) {
            (Some(status), _) => matches!(status, 408 | 409 | 425 | 429 | 500..=599),
            (None, Some(kind)) => {
                matches!(
                    kind,
                    "server_error" | "rate_limit_error" | "overloaded_error"
                )
            }
            (None, None) => false,
        }
    }
}

fn status(value: &Value) -> Option<u16> {
    ["status", "status_code"]
        .iter()
        .find_map(|name| value[*name].as_u64())
        .and_then(|it| u16::try_from(it).ok())
        .filter(|it| (100..=599).contains(it))
}

/// By a header that the event carries along, or by the field that some servers have for it.
fn retry_after(value: &Value) -> Option<Duration> {
    let headers = value["headers"].as_object();
    let by_header = headers.into_iter().flatten().find_map(|(name, value)| {
        let text = value.as_str().map(str::to_owned);
        quota::retry_after(name, &text.unwrap_or_else(|| value.to_string()))
    });
    by_header.or_else(|| {
        let seconds = value["resets_in_seconds"].as_f64()?;
        Duration::try_from_secs_f64(seconds).ok()
    })
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A hostile server's message must not flood a status line.
fn shortened(text: &str) -> String {
    const LIMIT: usize = 2_000;
    let text = text.trim();
    match text.char_indices().nth(LIMIT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
