//! What `redline/rewriteChanged` says.

use serde_json::Value;

use super::document::Span;

/// The state of a rewrite at one moment.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) rewrite: Value,
    pub(super) version: Option<i64>,
    pub(super) state: State,
    pub(super) hunks: Vec<Hunk>,
    /// Output tokens so far, where known.
    pub(super) tokens: Option<u64>,
    pub(super) message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Requested,
    Streaming,
    Proposed,
    Interrupted,
    Accepted,
    Rejected,
    Failed,
    Stale,
}

/// One change to decide on.
#[derive(Debug, Clone)]
pub(super) struct Hunk {
    pub(super) index: u64,
    pub(super) is_pending: bool,
    /// Of the new text, in the document at the proposal's version.
    pub(super) span: Span,
    pub(super) old_text: String,
    pub(super) new_text: String,
}

impl State {
    fn from_name(name: &str) -> Option<State> {
        Some(match name {
            "requested" => State::Requested,
            "streaming" => State::Streaming,
            "proposed" => State::Proposed,
            "interrupted" => State::Interrupted,
            "accepted" => State::Accepted,
            "rejected" => State::Rejected,
            "failed" => State::Failed,
            "stale" => State::Stale,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            State::Requested => "requested",
            State::Streaming => "streaming",
            State::Proposed => "proposed",
            State::Interrupted => "interrupted",
            State::Accepted => "accepted",
            State::Rejected => "rejected",
            State::Failed => "failed",
            State::Stale => "stale",
        }
    }

    /// Whether the model has nothing more to say.
    pub(super) fn is_at_rest(self) -> bool {
        !matches!(self, State::Requested | State::Streaming)
    }

    /// Whether nothing is left to decide.
    pub(super) fn is_decided(self) -> bool {
        matches!(
            self,
            State::Accepted | State::Rejected | State::Failed | State::Stale
        )
    }
}

impl Proposal {
    pub(super) fn from_json(value: &Value) -> Option<Proposal> {
        Some(Proposal {
            rewrite: value.get("rewrite")?.clone(),
            version: value.get("version").and_then(Value::as_i64),
            state: State::from_name(value.get("state")?.as_str()?)?,
            hunks: match value.get("hunks").and_then(Value::as_array) {
                Some(hunks) => hunks.iter().map(Hunk::from_json).collect::<Option<_>>()?,
                None => Vec::new(),
            },
            tokens: value.pointer("/tokens/output").and_then(Value::as_u64),
            message: value
                .get("message")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}

impl Hunk {
    fn from_json(value: &Value) -> Option<Hunk> {
        let text = |key| Some(value.get(key)?.as_str()?.to_owned());
        Some(Hunk {
            index: value.get("index")?.as_u64()?,
            is_pending: value.get("state")?.as_str()? == "pending",
            span: Span::from_json(value.get("range")?)?,
            old_text: text("oldText")?,
            new_text: text("newText")?,
        })
    }
}
