//! [`EditAnswers`]: the editor's answers to edits, in the order in which they came among its other messages.
//!
//! The framework wakes the task that waits for an answer, and what the editor sent later may be handled before that task
//! runs. Whether an edit was applied means something else before a report of the text than after it, so `framing` puts a
//! notification behind every answer, which is handled in its turn; here is which edit that answer is for.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use serde_json::Value;
use tower_lsp::jsonrpc::Request;
use tower_lsp::ls_types::request::{ApplyWorkspaceEdit, Request as _};
use tower_lsp::{ClientSocket, Loopback};

/// What is to be called with whether an edit was applied.
pub(crate) type OnAnswer = Box<dyn FnOnce(bool) + Send>;

/// How many edits without an answer are remembered: an editor that answers none must not cost memory.
const MOST: usize = 256;

/// Edits that wait for an answer. Clones are one and the same.
#[derive(Clone, Default)]
pub(crate) struct EditAnswers {
    state: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    /// Handed over to the framework, in order, and not on the wire yet.
    leaving: VecDeque<OnAnswer>,
    /// On the wire, with the number of the request.
    sent: VecDeque<(Value, OnAnswer)>,
}

impl EditAnswers {
    /// The next request for an edit is about to be handed over.
    pub(crate) fn expect(&self, answer: OnAnswer) {
        self.with(|it| it.leaving.push_back(answer));
    }

    /// It could not be.
    pub(crate) fn refused(&self) {
        if let Some(answer) = self.with(|it| it.leaving.pop_back()) {
            answer(false);
        }
    }

    /// The editor has answered the request with this number. Answers to others are none of ours.
    pub(crate) fn answered(&self, id: &Value, applied: bool) {
        let answer = self.with(|it| {
            let at = it.sent.iter().position(|(sent, _)| sent == id)?;
            it.sent.remove(at)
        });
        if let Some((_, answer)) = answer {
            answer(applied);
        }
    }

    fn leaves(&self, request: &Request) {
        if request.method() != ApplyWorkspaceEdit::METHOD {
            return;
        }
        let id = serde_json::to_value(request.id()).unwrap_or_default();
        self.with(|it| {
            if let Some(answer) = it.leaving.pop_front() {
                it.sent.push_back((id, answer));
                while it.sent.len() > MOST {
                    it.sent.pop_front();
                }
            }
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The framework's socket to the editor, with the numbers of the edits that leave by it noted.
pub(crate) struct Watched {
    pub(crate) socket: ClientSocket,
    pub(crate) answers: EditAnswers,
}

impl Loopback for Watched {
    type RequestStream = Requests;
    type ResponseSink = <ClientSocket as Loopback>::ResponseSink;

    fn split(self) -> (Self::RequestStream, Self::ResponseSink) {
        let (stream, sink) = self.socket.split();
        let answers = self.answers;
        (Requests { stream, answers }, sink)
    }
}

/// The requests that leave.
pub(crate) struct Requests {
    stream: <ClientSocket as Loopback>::RequestStream,
    answers: EditAnswers,
}

impl Stream for Requests {
    type Item = Request;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        let next = ready!(Pin::new(&mut self.stream).poll_next(cx));
        if let Some(request) = &next {
            self.answers.leaves(request);
        }
        Poll::Ready(next)
    }
}
