//! What the engine's task is told.

use config::Settings;
use rewrite::RewriteId;
use serde_json::Value;
use syntax::Syntax;
use text::{ChangeSet, Text};
use tokio::sync::oneshot;
use tower_lsp::ls_types::{CodeActionParams, CodeActionResponse, CodeLens, Uri};

use super::Verdicts;
use super::completion::Question;
use super::window::{Answer, Counted};
use crate::client_facts::ClientFacts;

/// A message to the engine.
pub(crate) enum Message {
    /// The editor is there: what it can do, and the settings in force.
    Begin(Box<ClientFacts>, Box<Settings>),
    Configure(Box<Settings>),
    Opened {
        uri: Uri,
        language_id: String,
        text: Text,
        version: i32,
    },
    Changed {
        uri: Uri,
        changes: Vec<ChangeSet>,
        text: Text,
        version: i32,
    },
    /// The mirror has the whole text anew, after it had been out of step.
    Reset {
        uri: Uri,
        text: Text,
        version: i32,
    },
    Lost {
        uri: Uri,
    },
    Closed {
        uri: Uri,
    },
    Answered {
        uri: Uri,
        edit: rewrite::EditId,
        applied: bool,
    },
    Parsed {
        uri: Uri,
        syntax: Box<Syntax>,
        tree: u64,
    },
    /// Where secrets stand in a text of this name.
    Looked {
        uri: String,
        secrets: prompt::Secrets,
        state: u64,
    },
    /// What the guards say of a proposal.
    Guarded {
        uri: String,
        rewrite: RewriteId,
        ticket: u64,
        verdicts: Verdicts,
    },
    CancelProgress(u64),
    Command {
        name: String,
        argument: Value,
        answer: Answer,
    },
    /// The tokens of what a command is about have been counted; now it can run.
    Counted {
        counted: Box<Counted>,
        name: String,
        argument: Value,
        answer: Answer,
    },
    Actions {
        params: Box<CodeActionParams>,
        answer: oneshot::Sender<CodeActionResponse>,
    },
    Complete(Box<Question>),
    /// Nobody waits for the answer to this question any more.
    CompletionGone(u64),
    Lenses {
        uri: Uri,
        answer: oneshot::Sender<Vec<CodeLens>>,
    },
}
