//! Why a request ended badly, in words for the person who waits, and whether to try again.

use std::time::Duration;

use model_protocol::ServerError;

/// The end of a request without an answer. No variant ever holds the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The settings do not make a connection.
    #[error("the model's address cannot be used: {reason}; check the setting `models.fast.url`")]
    Config { reason: String },
    /// No connection came about: name, TCP or TLS.
    #[error("cannot reach {host}: {reason}")]
    Connect { host: String, reason: String },
    /// The server answered the upgrade with a plain HTTP status.
    #[error("{host} refused the connection with HTTP status {status}: {message}{}", cure(*.status))]
    Refused {
        host: String,
        status: u16,
        message: String,
    },
    /// The connection ended while the request was under way.
    #[error("{host} closed the connection before the answer was complete{}", closing(*.code, .reason))]
    Closed {
        host: String,
        code: Option<u16>,
        reason: String,
    },
    /// Nothing came for too long.
    #[error("{host} {phase} within {} s", .waited.as_secs_f64())]
    Timeout {
        host: String,
        phase: Phase,
        waited: Duration,
    },
    /// The server broke the protocol; the connection was given up.
    #[error("{host} does not speak the protocol: {reason}")]
    Protocol { host: String, reason: String },
    /// One message was larger than `max_frame`; the connection was given up.
    #[error("{host} sent a message of more than {limit} bytes, which is refused")]
    FrameTooLarge { host: String, limit: usize },
    /// The server said so itself.
    #[error("the model server reports: {}", .0.message)]
    Server(ServerError),
    /// By [`crate::Link::cancel`].
    #[error("cancelled")]
    Cancelled,
    /// The link itself was dropped.
    #[error("the link to the model was shut down")]
    Stopped,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The connection.
    Connect,
    /// The next piece of an answer.
    Answer,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Phase::Connect => "did not accept the connection",
            Phase::Answer => "sent no further piece of the answer",
        })
    }
}

/// Whether the same request is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// At once, whole: without `previous_response_id`.
    Now,
    /// After a while.
    Later,
    /// Not before a person changed something.
    Never,
}

impl LinkError {
    /// Whether the same request is worth another try.
    pub fn retry(&self) -> Retry {
        match self {
            LinkError::Config { .. }
            | LinkError::FrameTooLarge { .. }
            | LinkError::Cancelled
            | LinkError::Stopped => Retry::Never,
            LinkError::Connect { .. } | LinkError::Timeout { .. } | LinkError::Protocol { .. } => {
                Retry::Later
            }
            LinkError::Refused { status, .. } => match status {
                408 | 425 | 429 | 500..=599 => Retry::Later,
                _ => Retry::Never,
            },
            LinkError::Closed { code, .. } => match code {
                Some(1008) => Retry::Never,
                Some(1011..=1013) => Retry::Later,
                _ => Retry::Now,
            },
            LinkError::Server(error) => match error.code.as_deref() {
                Some("previous_response_not_found" | "websocket_connection_limit_reached") => {
                    Retry::Now
                }
                _ if error.retryable() => Retry::Later,
                _ => Retry::Never,
            },
        }
    }
}

fn cure(status: u16) -> &'static str {
    match status {
        401 | 403 => "; check the setting `models.fast.key`",
        404 | 405 => {
            "; there may be no Responses WebSocket at this address: check the setting `models.fast.url`"
        }
        426 => "; it wants plain HTTP: use an https:// address in the setting `models.fast.url`",
        429 => "; the limit of requests is reached, try again later",
        _ => "",
    }
}

fn closing(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, _) => String::new(),
        (Some(code), "") => format!(" (code {code})"),
        (Some(code), reason) => format!(" (code {code}: {reason})"),
    }
}
