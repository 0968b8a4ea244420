//! [`Editor`]: everything that goes to the editor, from one task and in order.
//!
//! No handler and not the engine ever waits for the editor. Notifications leave in the order they were
//! handed over; the answer to an edit comes back to the engine as a message (see `edit_answers`).

use std::collections::HashMap;
use std::future::poll_fn;
use std::task::Poll;

use serde_json::json;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tower_lsp::Client;
use tower_lsp::ls_types::notification::{Progress, PublishDiagnostics, ShowMessage};
use tower_lsp::ls_types::request::{ApplyWorkspaceEdit, CodeLensRefresh, WorkDoneProgressCreate};
use tower_lsp::ls_types::{
    ApplyWorkspaceEditParams, MessageType, NumberOrString, ProgressParams, ProgressParamsValue,
    PublishDiagnosticsParams, Registration, ShowMessageParams, Unregistration, WorkDoneProgress,
    WorkDoneProgressBegin, WorkDoneProgressCreateParams, WorkDoneProgressEnd,
    WorkDoneProgressReport,
};

use crate::edit_answers::{EditAnswers, OnAnswer};
use crate::protocol::{RewriteChanged, RewriteChangedParams};

/// What goes to the editor.
pub(crate) enum Outgoing {
    /// An edit; whether it was applied comes back through the callback, also when the editor refuses with an error.
    Edit(Box<ApplyWorkspaceEditParams>, OnAnswer),
    RewriteChanged(Box<RewriteChangedParams>),
    Diagnostics(PublishDiagnosticsParams),
    Show(MessageType, String),
    RefreshLenses,
    /// Languages in which the editor may ask for suggestions from now on, instead of those before.
    OfferCompletions(Vec<String>),
    ProgressBegin(u64, String),
    ProgressReport(u64, String),
    ProgressEnd(u64, String),
}

/// A handle to that task.
#[derive(Clone)]
pub(crate) struct Editor {
    sender: UnboundedSender<Outgoing>,
}

impl Editor {
    /// Starts the task on the current runtime. It ends with the last handle.
    pub(crate) fn start(client: Client, answers: EditAnswers) -> Editor {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(send_all(client, answers, receiver));
        Editor { sender }
    }

    pub(crate) fn send(&self, outgoing: Outgoing) {
        // The task outlives every handle, but not the runtime, and then nothing is to be sent.
        let _ = self.sender.send(outgoing);
    }
}

async fn send_all(client: Client, answers: EditAnswers, mut receiver: UnboundedReceiver<Outgoing>) {
    let mut offers = None;
    let mut progress: HashMap<u64, UnboundedSender<WorkDoneProgress>> = HashMap::new();
    while let Some(outgoing) = receiver.recv().await {
        match outgoing {
            Outgoing::Edit(params, answer) => {
                let client = client.clone();
                answers.expect(answer);
                let request =
                    async move { client.send_request::<ApplyWorkspaceEdit>(*params).await };
                if send_in_order(request).await.is_some_and(|it| it.is_err()) {
                    answers.refused();
                }
            }
            Outgoing::RewriteChanged(params) => {
                client.send_notification::<RewriteChanged>(*params).await
            }
            Outgoing::Diagnostics(params) => {
                client.send_notification::<PublishDiagnostics>(params).await
            }
            Outgoing::Show(typ, message) => {
                client
                    .send_notification::<ShowMessage>(ShowMessageParams { typ, message })
                    .await;
            }
            Outgoing::RefreshLenses => {
                let client = client.clone();
                tokio::spawn(async move {
                    let _ = client.send_request::<CodeLensRefresh>(()).await;
                });
            }
            Outgoing::OfferCompletions(languages) => {
                let offers = offers.get_or_insert_with(|| {
                    let (sender, offers) = mpsc::unbounded_channel();
                    tokio::spawn(offer_completions(client.clone(), offers));
                    sender
                });
                let _ = offers.send(languages);
            }
            Outgoing::ProgressBegin(id, title) => {
                let (sender, steps) = mpsc::unbounded_channel();
                progress.insert(id, sender);
                tokio::spawn(show_progress(client.clone(), id, title, steps));
            }
            Outgoing::ProgressReport(id, message) => {
                if let Some(steps) = progress.get(&id) {
                    let report = WorkDoneProgressReport {
                        message: Some(message),
                        ..WorkDoneProgressReport::default()
                    };
                    let _ = steps.send(WorkDoneProgress::Report(report));
                }
            }
            Outgoing::ProgressEnd(id, message) => {
                if let Some(steps) = progress.remove(&id) {
                    let _ = steps.send(WorkDoneProgress::End(WorkDoneProgressEnd {
                        message: Some(message),
                    }));
                }
            }
        }
    }
}

/// Puts a request on the wire before anything that is handed over later, and lets its answer come aside: the framework
/// queues a request when its future is polled first. Gives what became of it where that is known at once.
async fn send_in_order<T: Send + 'static>(
    request: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let mut request = Box::pin(request);
    match poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await {
        Poll::Ready(done) => Some(done),
        Poll::Pending => {
            tokio::spawn(request);
            None
        }
    }
}

/// Keeps the editor's registration of suggestions at what is offered, one request after the other.
async fn offer_completions(client: Client, mut offers: UnboundedReceiver<Vec<String>>) {
    const ID: &str = "redline-completion";
    const METHOD: &str = "textDocument/inlineCompletion";
    let mut is_offered = false;
    while let Some(languages) = offers.recv().await {
        if is_offered {
            let gone = Unregistration {
                id: ID.to_owned(),
                method: METHOD.to_owned(),
            };
            // Who refuses keeps asking, and gets no suggestions.
            let _ = client.unregister_capability(vec![gone]).await;
        }
        is_offered = !languages.is_empty();
        if is_offered {
            let selector: Vec<_> = languages
                .iter()
                .map(|language| json!({ "language": language }))
                .collect();
            let offer = Registration {
                id: ID.to_owned(),
                method: METHOD.to_owned(),
                register_options: Some(json!({ "documentSelector": selector })),
            };
            if let Err(error) = client.register_capability(vec![offer]).await {
                tracing::warn!(%error, "the editor takes no suggestions");
            }
        }
    }
}

/// One progress from the editor's leave to show it to its end. What happens before the editor has answered
/// is shown late; where it refuses, nothing is.
async fn show_progress(
    client: Client,
    id: u64,
    title: String,
    mut steps: UnboundedReceiver<WorkDoneProgress>,
) {
    let token = NumberOrString::String(format!("redline/rewrite/{id}"));
    let create = WorkDoneProgressCreateParams {
        token: token.clone(),
    };
    if client
        .send_request::<WorkDoneProgressCreate>(create)
        .await
        .is_err()
    {
        return;
    }
    let begin = WorkDoneProgressBegin {
        title,
        cancellable: Some(true),
        ..WorkDoneProgressBegin::default()
    };
    let mut next = Some(WorkDoneProgress::Begin(begin));
    while let Some(step) = next {
        let last = matches!(step, WorkDoneProgress::End(_));
        let value = ProgressParamsValue::WorkDone(step);
        client
            .send_notification::<Progress>(ProgressParams {
                token: token.clone(),
                value,
            })
            .await;
        next = if last { None } else { steps.recv().await };
    }
}
