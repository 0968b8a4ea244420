//! The masks of what was sent: which rewrite's answer needs which secrets put back, while it streams.
//!
//! What a secret is and what stands for it is in crate `prompt`.

use std::collections::BTreeMap;

use prompt::{Masks, Undo};
use rewrite::RewriteId;

use super::Engine;

/// For each rewrite whose request was masked.
#[derive(Debug, Default)]
pub(super) struct Masked(BTreeMap<RewriteId, Undo>);

impl Masked {
    /// A rewrite's request was masked so, if it was.
    pub(super) fn begin(&mut self, id: RewriteId, masks: Masks) {
        if !masks.is_empty() {
            self.0.insert(id, Undo::new(masks));
        }
    }

    /// The next piece of an answer, secrets put back; none, if all of it may be part of a stand-in.
    pub(super) fn text(&mut self, id: RewriteId, piece: String) -> Option<String> {
        let Some(undo) = self.0.get_mut(&id) else {
            return Some(piece);
        };
        Some(undo.push(&piece)).filter(|it| !it.is_empty())
    }

    /// What is still held back of an answer of which nothing more comes.
    pub(super) fn rest(&mut self, id: RewriteId) -> Option<String> {
        let text = self.0.get_mut(&id)?.finish();
        Some(text).filter(|it| !it.is_empty())
    }

    /// Forgets the rewrites that are not remembered any more.
    pub(super) fn retain(&mut self, is_remembered: impl Fn(&RewriteId) -> bool) {
        self.0.retain(|id, _| is_remembered(id));
    }
}

impl Engine {
    /// Masks for a request. What is asked of the embedded engine does not leave, and needs none.
    pub(super) fn masks(&self) -> Masks {
        self.masks_for(None)
    }

    /// The same for the model of that name.
    pub(super) fn masks_for(&self, model: Option<&str>) -> Masks {
        let models = self.models_named(model);
        let is_embedded = models.is_some_and(|it| it.is_embedded());
        match self.settings.privacy.mask && !is_embedded {
            true => Masks::default(),
            false => Masks::off(),
        }
    }

    /// The same for a request that goes on from a rewrite's: what was a secret there is one here.
    pub(super) fn masks_after(&self, id: RewriteId) -> Masks {
        let known = self.masked.0.get(&id).map(|it| it.masks().clone());
        known.unwrap_or_else(|| self.masks_for(self.asked.model(id).as_deref()))
    }
}
