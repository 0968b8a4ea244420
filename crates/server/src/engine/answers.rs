//! What comes from the model for a rewrite, on its way to the document: the place in the queue, the text, the end of
//! the answer, and an answer that has none.
//!
//! Not here: suggestions at the cursor (`completion`), and what a rewrite makes of its text (crate `rewrite`).

use model_client::LinkEvent;
use model_protocol::{ServerError, StreamEvent};
use rewrite::{ModelEvent, RewriteId};

use super::Engine;

impl Engine {
    pub(super) fn on_model(&mut self, event: LinkEvent) {
        let Some(event) = self.on_completion_event(event) else {
            return;
        };
        let (id, event) = match event {
            LinkEvent::Sent { id, .. } => {
                self.leave_queue(RewriteId(id));
                (id, ModelEvent::Sent)
            }
            LinkEvent::Stream { id, event } => {
                if event.is_terminal() {
                    self.hand_on_rest(RewriteId(id));
                }
                let arrived = &mut self.arrived;
                let event = match event {
                    StreamEvent::Failed(error) if arrived.end(RewriteId(id)) => {
                        arrived.broke_off(RewriteId(id), &error.message)
                    }
                    // Without a complete line there is nothing to decide on.
                    StreamEvent::Incomplete { reason, .. } if !arrived.end(RewriteId(id)) => {
                        let why =
                            format!("it stopped before its first line was complete ({reason})");
                        StreamEvent::Failed(ServerError {
                            message: why,
                            ..ServerError::default()
                        })
                    }
                    StreamEvent::Delta { text } => {
                        let Some(text) = self.masked.text(RewriteId(id), text) else {
                            return;
                        };
                        arrived.text(RewriteId(id), &text);
                        StreamEvent::Delta { text }
                    }
                    event => event,
                };
                (id, ModelEvent::Stream(event))
            }
            LinkEvent::Ended { id, error } => {
                let id = RewriteId(id);
                self.queued.remove(&id);
                return match error {
                    Some(error) => self.lose_answer(id, &error.to_string()),
                    None => drop(self.arrived.end(id)),
                };
            }
            LinkEvent::Queued { id, place } => return self.wait_in_queue(RewriteId(id), place),
            LinkEvent::Status(_) => return,
            LinkEvent::Traffic { id, traffic } => {
                self.traffic.insert(RewriteId(id), traffic);
                return;
            }
        };
        self.hand_on(RewriteId(id), event);
    }

    pub(super) fn hand_on(&mut self, id: RewriteId, event: ModelEvent) {
        if let Some(uri) = self.homes.get(&id).cloned() {
            self.with_document(&uri, |document, now, out| {
                document.rewrites.model(id, event, now, out)
            });
        }
    }

    /// A request waits for others; the place counts from 1.
    fn wait_in_queue(&mut self, id: RewriteId, place: usize) {
        self.queued.insert(id, place);
        self.place_changed(id);
    }

    fn leave_queue(&mut self, id: RewriteId) {
        if self.queued.remove(&id).is_some() {
            self.place_changed(id);
        }
    }

    fn place_changed(&mut self, id: RewriteId) {
        if let Some(uri) = self.homes.get(&id) {
            self.changed.insert((uri.clone(), id));
        }
    }

    /// Nothing more comes of an answer: what was held back of it is no stand-in.
    fn hand_on_rest(&mut self, id: RewriteId) {
        if let Some(text) = self.masked.rest(id) {
            self.arrived.text(id, &text);
            self.hand_on(id, ModelEvent::Stream(StreamEvent::Delta { text }));
        }
    }

    /// Nothing more comes of an answer that has no end: its complete lines are kept, if there are any.
    fn lose_answer(&mut self, id: RewriteId, why: &str) {
        self.hand_on_rest(id);
        let event = match self.arrived.end(id) {
            true => ModelEvent::Stream(self.arrived.broke_off(id, why)),
            false => ModelEvent::Failed(sentence(why)),
        };
        self.hand_on(id, event);
    }

    /// The link is gone, and with it every answer that was on its way.
    pub(super) fn lose_answers(&mut self) {
        for id in self.homes.keys().copied().collect::<Vec<_>>() {
            self.lose_answer(id, "the settings of the model were changed meanwhile");
        }
    }
}

/// A sentence begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    let rest = chars.as_str().trim_end_matches('.');
    format!("{first}{rest}.")
}
