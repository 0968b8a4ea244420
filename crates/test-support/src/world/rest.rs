//! Bringing a session to rest: everything under way arrives, streams end, what is undecided is decided; and what
//! must hold then.

use rewrite::State;

use super::{Violation, World};
use crate::step::{Place, Step};

/// Rounds after which something that is still under way hangs.
const ROUNDS: usize = 400;

impl World {
    /// Ends the session and checks what must hold at its end.
    ///
    /// # Errors
    /// What does not hold.
    pub fn rest(&mut self, accept: bool) -> Result<(), Violation> {
        self.quiet()?;
        for _ in 0..8 {
            let waiting = |world: &World| {
                let state = |at: &usize| world.ledgers[*at].state;
                let decided = |state| !matches!(state, State::Proposed | State::Interrupted);
                world.active().iter().any(|at| decided(state(at)))
            };
            if waiting(self) {
                // After a preview the editor's version is known again at the next real change only.
                self.step(&Step::Type(Place::At(1_000), "~".to_owned()))?;
                self.quiet()?;
            }
            if waiting(self) && self.may_hang() {
                self.step(&Step::Reopen)?;
                self.quiet()?;
            }
            if waiting(self) {
                let at = self.active()[0];
                let (id, state) = (self.ledgers[at].id, self.ledgers[at].state);
                return Err(format!(
                    "rewrite {id} hangs: {state:?}, and nothing is under way"
                ));
            }
            if self.active().is_empty() {
                break;
            }
            self.step(&if accept {
                Step::Accept(0)
            } else {
                Step::Reject(0)
            })?;
            self.quiet()?;
        }
        self.check_end()
    }

    /// Whether the editor may have left a request without a true answer.
    fn may_hang(&self) -> bool {
        self.editor.model.hostile
    }

    /// Lets everything arrive that is under way, streams included.
    fn quiet(&mut self) -> Result<(), Violation> {
        for _ in 0..ROUNDS {
            while !self.requests.is_empty() {
                self.step(&Step::Edit(0))?;
            }
            self.step(&Step::Report(1))?;
            let messages = self.editor.outbox.len() as u32;
            self.step(&Step::Serve(messages))?;
            self.step(&Step::Pass(40_000))?;
            let streaming = self.active().into_iter().any(|at| !self.ledgers[at].ended);
            if streaming {
                self.step(&Step::Stream(0, 40))?;
            }
            let under_way = streaming
                || !self.requests.is_empty()
                || !self.editor.outbox.is_empty()
                || self.editor.has_unreported()
                || self.wake_at.is_some();
            if !under_way {
                return Ok(());
            }
        }
        Err("the session never comes to rest".to_owned())
    }

    fn check_end(&self) -> Result<(), Violation> {
        let (mirror, page) = (self.engine.text().to_string(), self.editor.page.text());
        if mirror != page {
            return Err(format!(
                "I1: the engine holds {mirror:?}, the editor {page:?}"
            ));
        }
        if self.engine.active().next().is_some() {
            return Err("I8: the engine holds a rewrite that is over".to_owned());
        }
        for ledger in &self.ledgers {
            if ledger.sends != 1 || !ledger.state.is_over() {
                return Err(format!(
                    "I8: {} was sent {} times and ended {:?}",
                    ledger.id, ledger.sends, ledger.state
                ));
            }
            if !ledger.checked {
                return Err(format!("I8: {} was never let go of", ledger.id));
            }
        }
        Ok(())
    }
}
