//! What is done once a document has rested for a moment, on workers: its tree is parsed and its secrets are looked
//! for, so that both are there when they are asked for; and the guards look at what is proposed in it. Not while text streams in or somebody types fast: nobody
//! needs them then, and each takes longer than the change itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rewrite::Time;

use super::{Engine, Message};

/// So long nothing changes in a document that rests, in microseconds; longer than a frame of a stream.
const REST: Time = 50_000;

/// The documents that changed, and when they will have rested.
#[derive(Debug, Default)]
pub(super) struct Resting(BTreeMap<String, Time>);

impl Engine {
    /// A document has a new text.
    pub(super) fn begin_rest(&mut self, uri: &str) {
        let due = self.now() + REST;
        match self.resting.0.get_mut(uri) {
            Some(at) => *at = due,
            None => drop(self.resting.0.insert(uri.to_owned(), due)),
        }
    }

    /// When the next document has rested.
    pub(super) fn next_rest(&self) -> Option<Instant> {
        let due = self.resting.0.values().min()?;
        Some(self.started + Duration::from_micros(*due))
    }

    /// Sees to the documents that have rested.
    pub(super) fn on_rest(&mut self) {
        let now = self.now();
        let all = self.resting.0.iter();
        let rested = all.filter(|(_, due)| **due <= now);
        for uri in rested.map(|(uri, _)| uri.clone()).collect::<Vec<_>>() {
            self.resting.0.remove(&uri);
            self.parse(&uri);
            self.look_again(&uri);
            self.look_for_secrets(uri);
        }
    }

    fn parse(&mut self, uri: &str) {
        let Some(document) = self.documents.get_mut(uri) else {
            return;
        };
        if document.is_parsing() {
            return self.begin_rest(uri);
        }
        let Some((mut syntax, text, tree)) = document.begin_parse() else {
            return;
        };
        let (uri, loopback) = (document.uri.clone(), self.loopback.clone());
        tokio::task::spawn_blocking(move || {
            syntax.parse(&text, &mut || true);
            // The engine may be gone by now.
            let _ = loopback.send(Message::Parsed {
                uri,
                syntax: Box::new(syntax),
                tree,
            });
        });
    }

    fn look_for_secrets(&mut self, uri: String) {
        let masks = self.masks();
        let document = self.documents.get(&uri).filter(|_| !masks.is_off());
        let Some((text, state)) = document.and_then(|it| it.begin_look()) else {
            return;
        };
        let loopback = self.loopback.clone();
        tokio::task::spawn_blocking(move || {
            let secrets = masks.look(&text, &(0..0), 0);
            let _ = loopback.send(Message::Looked {
                uri,
                secrets,
                state,
            });
        });
    }
}
