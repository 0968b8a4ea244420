//! What accepting would leave, and accepts that are held until somebody has looked at that.

use super::DocumentRewrites;
use crate::effect::{Outcomes, RewriteId};
use crate::piece::Showing;

impl DocumentRewrites {
    /// An accept that comes while the text still streams is not carried out at its end: who asked for this looks at the
    /// proposal, and decides or calls [`forget_accept`](Self::forget_accept).
    #[must_use]
    pub fn hold_accepts(mut self) -> Self {
        self.holds_accepts = true;
        self
    }

    /// Whether a proposal waits whose accept was asked for while it streamed.
    pub fn holds_accept_of(&self, id: RewriteId) -> bool {
        let mut open = self.rewrites.iter().filter(|it| it.is_open());
        open.any(|it| it.id == id && it.accept_when_proposed)
    }

    /// Takes such an accept back: the proposal waits for a decision.
    pub fn forget_accept(&mut self, id: RewriteId) {
        if let Some(rewrite) = self.rewrites.iter_mut().find(|it| it.id == id) {
            rewrite.accept_when_proposed = false;
        }
    }

    /// What a proposal would leave; `None` for what is no proposal. Costs the region.
    pub fn outcomes(&self, id: RewriteId) -> Option<Outcomes> {
        let mut open = self.rewrites.iter().filter(|it| it.is_open());
        let rewrite = open.find(|it| it.id == id)?;
        let tracked = &rewrite.tracked;
        Some(Outcomes {
            region: rewrite.region(),
            accepted: tracked.wanted(Showing::Applied),
            without: tracked.base_with_theirs(),
        })
    }
}

#[cfg(test)]
mod tests;
