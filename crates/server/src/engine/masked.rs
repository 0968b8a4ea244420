//! The masks of what was sent: which rewrite's answer needs which secrets put back, while it streams.
//!
//! What a secret is and what stands for it is in crate `prompt`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use prompt::{Masks, Undo};
use rewrite::{RewriteId, Time};

use super::{Engine, Message};

/// So long nothing changes in a document, in microseconds, before its secrets are looked for, so that they are
/// known when a request needs them.
const REST: Time = 50_000;

#[derive(Debug, Default)]
pub(super) struct Masked {
    /// For each rewrite whose request was masked.
    undo: BTreeMap<RewriteId, Undo>,
    /// The document that changed last, and when its secrets are to be looked for.
    look: Option<(String, Time)>,
}

impl Masked {
    /// A rewrite's request was masked so, if it was.
    pub(super) fn begin(&mut self, id: RewriteId, masks: Masks) {
        if !masks.is_empty() {
            self.undo.insert(id, Undo::new(masks));
        }
    }

    /// The next piece of an answer, secrets put back; none, if all of it may be part of a stand-in.
    pub(super) fn text(&mut self, id: RewriteId, piece: String) -> Option<String> {
        let Some(undo) = self.undo.get_mut(&id) else {
            return Some(piece);
        };
        Some(undo.push(&piece)).filter(|it| !it.is_empty())
    }

    /// What is still held back of an answer of which nothing more comes.
    pub(super) fn rest(&mut self, id: RewriteId) -> Option<String> {
        let text = self.undo.get_mut(&id)?.finish();
        Some(text).filter(|it| !it.is_empty())
    }

    /// Forgets the rewrites that are not remembered any more.
    pub(super) fn retain(&mut self, is_remembered: impl Fn(&RewriteId) -> bool) {
        self.undo.retain(|id, _| is_remembered(id));
    }
}

impl Engine {
    /// A document has a new text.
    pub(super) fn look_at_rest(&mut self, uri: &str) {
        self.masked.look = Some((uri.to_owned(), self.now() + REST));
    }

    /// When secrets are to be looked for.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let (_, due) = self.masked.look.as_ref()?;
        Some(self.started + Duration::from_micros(*due))
    }

    /// Has a worker look for the secrets of the document whose turn it is.
    pub(super) fn look_for_secrets(&mut self) {
        let now = self.now();
        let Some((uri, _)) = self.masked.look.take_if(|(_, due)| *due <= now) else {
            return;
        };
        let masks = self.masks();
        let document = self.documents.get(&uri).filter(|_| !masks.is_off());
        let Some((text, state)) = document.and_then(|it| it.begin_look()) else {
            return;
        };
        let loopback = self.loopback.clone();
        tokio::task::spawn_blocking(move || {
            let secrets = masks.look(&text, &(0..0), 0);
            // The engine may be gone by now.
            let _ = loopback.send(Message::Looked {
                uri,
                secrets,
                state,
            });
        });
    }

    /// Masks for a request. What is asked of the embedded engine does not leave, and needs none.
    pub(super) fn masks(&self) -> Masks {
        let is_embedded = self.models.as_ref().is_some_and(|it| it.is_embedded());
        match self.settings.privacy.mask && !is_embedded {
            true => Masks::default(),
            false => Masks::off(),
        }
    }

    /// The same for a request that goes on from a rewrite's: what was a secret there is one here.
    pub(super) fn masks_after(&self, id: RewriteId) -> Masks {
        let known = self.masked.undo.get(&id).map(|it| it.masks().clone());
        known.unwrap_or_else(|| self.masks())
    }
}
