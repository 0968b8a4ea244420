//! [`Failure`]: why a request cannot be answered, as LSP error codes with a sentence a user can act on.

use std::borrow::Cow;

use rewrite::{DecideError, StartError};
use serde_json::json;
use tower_lsp::jsonrpc::{Error, ErrorCode};

/// LSP 3.17, `LSPErrorCodes.RequestFailed`.
const REQUEST_FAILED: i64 = -32803;

/// The stable words of `data.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    OutOfStep,
    TooLarge,
    Ignored,
    ContextTooLong,
    NoKey,
    Unsupported,
    Undecided,
    NotOpen,
    Unknown,
    Over,
    Guard,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Reason::OutOfStep => "outOfStep",
            Reason::TooLarge => "tooLarge",
            Reason::Ignored => "ignored",
            Reason::ContextTooLong => "contextTooLong",
            Reason::NoKey => "noKey",
            Reason::Unsupported => "unsupported",
            Reason::Undecided => "undecided",
            Reason::NotOpen => "notOpen",
            Reason::Unknown => "unknown",
            Reason::Over => "over",
            Reason::Guard => "guard",
        }
    }
}

/// Why a request cannot be answered.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Failed(Reason, Cow<'static, str>),
    /// The text moved on since the position was meant.
    Moved,
    BadArguments(String),
}

impl Failure {
    pub(crate) fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Failure::Failed(reason, message.into())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Failed(reason, message) => Error {
                code: ErrorCode::ServerError(REQUEST_FAILED),
                message,
                data: Some(json!({ "reason": reason.as_str() })),
            },
            Failure::Moved => Error {
                code: ErrorCode::ContentModified,
                message: "the text has changed since; select again and retry".into(),
                data: None,
            },
            Failure::BadArguments(message) => Error::invalid_params(message),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let reason = match error {
            StartError::OutOfStep => Reason::OutOfStep,
            StartError::Overlaps(_) => Reason::Undecided,
        };
        Failure::new(reason, error.to_string())
    }
}

impl From<DecideError> for Failure {
    fn from(error: DecideError) -> Self {
        let reason = match error {
            DecideError::Unknown => Reason::Unknown,
            DecideError::Over(_) => Reason::Over,
            DecideError::NoHunk(_) | DecideError::NoLines(..) => Reason::Unknown,
            DecideError::Typed | DecideError::Waits(_) => Reason::Undecided,
            DecideError::StillStreaming => Reason::Undecided,
        };
        Failure::new(reason, error.to_string())
    }
}
