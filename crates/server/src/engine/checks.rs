//! Guards of proposals: when they are looked at, what their verdicts are worth under the settings, and which accepts
//! they refuse. What a fault is is in crate `guards`.
//!
//! Looking costs a parse, so a worker does it: once when a rewrite is proposed, again when the document rests, and
//! before an accept where the text has changed since. Such an accept is answered when the worker is done.
//! As long as one guard blocks nothing of the rewrite is accepted, neither whole nor in part: a syntax error belongs
//! to no hunk. Rejecting always goes, and what is left is looked at again.

mod levels;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use config::{GuardLevel, Guards};
use guards::{Change, Fault, Guard};
use rewrite::{RewriteId, RewriteView, State};
use serde_json::Value;
use text::{Encoding, Text};
use tower_lsp::ls_types::MessageType;

pub(super) use self::levels::Levels;
use self::levels::level;
use super::window::Answer;
use super::{Engine, Message, OpenDocument};
use crate::convert::to_range;
use crate::failure::{Failure, Reason};
use crate::outgoing::Outgoing;
use crate::protocol::GuardParams;

/// Which text was looked at, and by which guards.
#[derive(Clone, Debug, PartialEq)]
struct Subject {
    /// [`OpenDocument::state`].
    state: u64,
    /// Of what accepting would leave.
    hash: u64,
    guards: Vec<Guard>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    subject: Subject,
    verdicts: Verdicts,
}

/// What the guards say of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verdicts {
    /// Those that could say anything.
    checked: Vec<Guard>,
    faults: Vec<Fault>,
    /// The text stands in the document, so that places in it are places there.
    is_shown: bool,
}

/// One rewrite's.
#[derive(Debug, Default)]
struct Checked {
    levels: Levels,
    /// It was to be accepted whatever is found.
    is_forced: bool,
    /// A worker is at it; its ticket.
    asked: Option<(u64, Subject)>,
    found: Option<Found>,
}

/// A command that runs again when the worker of that ticket is done.
struct Waiting {
    ticket: u64,
    name: String,
    argument: Value,
    answer: Answer,
}

/// The guards of all rewrites.
#[derive(Default)]
pub(super) struct Checks {
    of: BTreeMap<RewriteId, Checked>,
    last_ticket: u64,
    /// The command that runs now has to wait for that.
    wait_for: Option<u64>,
    waiting: Vec<Waiting>,
    /// What was found of the text as it stood when the command that runs now was given.
    as_given: Option<(RewriteId, Vec<Fault>)>,
}

impl Checks {
    /// A rewrite begins.
    pub(super) fn begin(&mut self, id: RewriteId, levels: Levels) {
        self.of.entry(id).or_default().levels = levels;
    }

    /// What it said of guards.
    pub(super) fn levels(&self, id: RewriteId) -> Levels {
        let checked = self.of.get(&id);
        checked.map(|it| it.levels.clone()).unwrap_or_default()
    }

    /// Its accept holds whatever is found.
    pub(super) fn force(&mut self, id: RewriteId) {
        self.of.entry(id).or_default().is_forced = true;
    }

    /// Forgets the rewrites that are not remembered any more.
    pub(super) fn retain(&mut self, is_remembered: impl Fn(&RewriteId) -> bool) {
        self.of.retain(|id, _| is_remembered(id));
    }

    /// Keeps a command that has to wait; gives it back if it has not.
    pub(super) fn keep(&mut self, name: String, argument: Value, answer: Answer) -> Option<Answer> {
        let Some(ticket) = self.wait_for.take() else {
            return Some(answer);
        };
        self.waiting.push(Waiting {
            ticket,
            name,
            argument,
            answer,
        });
        None
    }

    fn found(&self, id: RewriteId) -> Option<&Verdicts> {
        Some(&self.of.get(&id)?.found.as_ref()?.verdicts)
    }
}

/// What is shown of a guard that failed.
pub(super) struct Failed<'a> {
    pub(super) guard: Guard,
    pub(super) message: &'a str,
    pub(super) blocks: bool,
    /// Bytes of the mirror.
    pub(super) range: Range<usize>,
}

impl Engine {
    fn guards_of(&self, id: RewriteId) -> Guards {
        self.checks.levels(id).in_force(&self.settings)
    }

    /// The guards that are not off for a rewrite.
    fn wanted(&self, id: RewriteId) -> Vec<Guard> {
        let in_force = self.guards_of(id);
        let all = Guard::ALL.into_iter();
        all.filter(|it| level(&in_force, *it) != GuardLevel::Off)
            .collect()
    }

    fn blocking(&self, id: RewriteId) -> Vec<Guard> {
        let in_force = self.guards_of(id);
        let all = Guard::ALL.into_iter();
        all.filter(|it| level(&in_force, *it) == GuardLevel::Block)
            .collect()
    }

    /// Sees to what was proposed in a document since it was last settled: has it looked at, and carries out an accept
    /// that nothing can hold up.
    pub(super) fn on_proposals(&mut self, uri: &str) {
        let changed = self.changed.iter().filter(|it| it.0 == uri).map(|it| it.1);
        let ids: Vec<RewriteId> = changed.filter(|id| self.is_open(uri, *id)).collect();
        for id in ids {
            let checked = self.checks.of.entry(id).or_default();
            let is_new = checked.asked.is_none() && checked.found.is_none();
            let is_free = checked.is_forced || self.blocking(id).is_empty();
            if is_free && self.holds_accept(uri, id) {
                self.accept_held(uri, id);
            } else if is_new {
                self.look_at(uri, id);
            }
        }
    }

    fn is_open(&self, uri: &str, id: RewriteId) -> bool {
        let state = self.documents.get(uri).and_then(|it| it.rewrites.state(id));
        matches!(state, Some(State::Proposed | State::Interrupted))
    }

    fn holds_accept(&self, uri: &str, id: RewriteId) -> bool {
        let document = self.documents.get(uri);
        document.is_some_and(|it| it.rewrites.holds_accept_of(id))
    }

    fn accept_held(&mut self, uri: &str, id: RewriteId) {
        self.with_document(uri, |document, _, out| {
            // It was open a moment ago, and may be decided by now.
            let _ = document.rewrites.decide(id, true, None, out);
        });
    }

    /// The document has rested: proposals that have changed since are looked at again.
    pub(super) fn look_again(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri) else {
            return;
        };
        let open = document.rewrites.active().map(|view| view.id);
        for id in open.filter(|id| self.is_open(uri, *id)).collect::<Vec<_>>() {
            self.look_at(uri, id);
        }
    }

    /// Has a proposal looked at, unless its very text was or is. Gives the worker's ticket, if one is at it.
    fn look_at(&mut self, uri: &str, id: RewriteId) -> Option<u64> {
        let wanted = self.wanted(id);
        if wanted.is_empty() {
            return None;
        }
        let document = self.documents.get(uri)?;
        let outcomes = document.rewrites.outcomes(id)?;
        let subject = subject(document, &outcomes.accepted, wanted);
        let checked = self.checks.of.entry(id).or_default();
        if checked
            .found
            .as_ref()
            .is_some_and(|it| it.subject == subject)
        {
            return None;
        }
        if let Some((ticket, _)) = checked.asked.as_ref().filter(|it| it.1 == subject) {
            return Some(*ticket);
        }
        self.checks.last_ticket += 1;
        let ticket = self.checks.last_ticket;
        checked.asked = Some((ticket, subject.clone()));
        let is_shown = document
            .text()
            .range_is(outcomes.region.clone(), &outcomes.accepted);
        let (language, mut before) = (document.language, document.text().clone());
        let (uri, loopback) = (uri.to_owned(), self.loopback.clone());
        let guards = subject.guards;
        tokio::task::spawn_blocking(move || {
            let start = outcomes.region.start;
            before.replace(outcomes.region, &outcomes.without);
            let change = Change {
                language,
                before: &before,
                region: start..start + outcomes.without.len(),
                new: &outcomes.accepted,
            };
            // Somebody may wait for the verdicts: a bug in a grammar must not keep them waiting.
            let verdicts = catch_unwind(AssertUnwindSafe(|| Verdicts {
                checked: guards
                    .iter()
                    .copied()
                    .filter(|it| it.sees(&change))
                    .collect(),
                faults: guards::check(&change, &guards),
                is_shown,
            }));
            // The engine may be gone by now.
            let _ = loopback.send(Message::Guarded {
                uri,
                rewrite: id,
                ticket,
                verdicts: verdicts.unwrap_or_default(),
            });
        });
        Some(ticket)
    }

    /// A worker has looked at a proposal.
    pub(super) fn on_guarded(&mut self, uri: &str, id: RewriteId, ticket: u64, verdicts: Verdicts) {
        let faults = verdicts.faults.clone();
        if let Some(checked) = self.checks.of.get_mut(&id)
            && let Some((_, subject)) = checked.asked.take_if(|it| it.0 == ticket)
        {
            checked.found = Some(Found { subject, verdicts });
            self.changed.insert((uri.to_owned(), id));
            self.stirred.insert(uri.to_owned());
        }
        if self.holds_accept(uri, id) {
            match self.refusal(id, &faults) {
                None => self.accept_held(uri, id),
                Some(why) => {
                    self.with_document(uri, |document, _, _| document.rewrites.forget_accept(id));
                    let message = format!("Redline: not accepted, because {why}.");
                    self.editor
                        .send(Outgoing::Show(MessageType::WARNING, message));
                }
            }
        }
        let (ready, waiting) = std::mem::take(&mut self.checks.waiting)
            .into_iter()
            .partition(|it| it.ticket == ticket);
        self.checks.waiting = waiting;
        for command in ready {
            self.checks.as_given = Some((id, faults.clone()));
            self.run_command(command.name, command.argument, command.answer);
        }
        self.checks.as_given = None;
    }

    /// Whether an accept may go through.
    ///
    /// # Errors
    /// The guard that refuses it; or anything, when it has to wait, see [`Checks::keep`].
    pub(super) fn let_through(&mut self, uri: &str, id: RewriteId) -> Result<(), Failure> {
        if !self.is_open(uri, id) || self.blocking(id).is_empty() {
            return Ok(());
        }
        let given = self.checks.as_given.take_if(|it| it.0 == id);
        let refusal = match given {
            Some((_, faults)) => self.refusal(id, &faults),
            None => match self.look_at(uri, id) {
                Some(ticket) => {
                    self.checks.wait_for = Some(ticket);
                    return Err(Failure::Moved);
                }
                None => {
                    let faults = self.checks.found(id).map_or(&[][..], |it| &it.faults);
                    self.refusal(id, faults)
                }
            },
        };
        match refusal {
            None => Ok(()),
            Some(why) => Err(Failure::new(Reason::Guard, why)),
        }
    }

    fn refusal(&self, id: RewriteId, faults: &[Fault]) -> Option<String> {
        let blocking = self.blocking(id);
        let fault = faults.iter().find(|it| blocking.contains(&it.guard))?;
        Some(format!(
            "the guard `{}` blocks this rewrite: {}; reject or redirect it, or accept it with `force: true`",
            fault.guard.name(),
            fault.message
        ))
    }

    /// The guards that failed for a rewrite that is open, and where.
    pub(super) fn failed(&self, text: &Text, view: &RewriteView) -> Vec<Failed<'_>> {
        let in_force = self.guards_of(view.id);
        let Some(verdicts) = self.checks.found(view.id) else {
            return Vec::new();
        };
        let faults = verdicts.faults.iter();
        faults
            .filter(|it| level(&in_force, it.guard) != GuardLevel::Off)
            .map(|fault| Failed {
                guard: fault.guard,
                message: &fault.message,
                blocks: level(&in_force, fault.guard) == GuardLevel::Block,
                range: place(
                    text,
                    &view.region,
                    fault.range.as_ref().filter(|_| verdicts.is_shown),
                ),
            })
            .collect()
    }

    /// The first guard that blocks a rewrite that is open, as far as is known.
    pub(super) fn blocked_by(&self, id: RewriteId) -> Option<Guard> {
        let blocking = self.blocking(id);
        let mut faults = self.checks.found(id)?.faults.iter();
        faults
            .find(|it| blocking.contains(&it.guard))
            .map(|it| it.guard)
    }

    /// The guards of a rewrite as the notification tells them.
    pub(super) fn guard_params(
        &self,
        document: &OpenDocument,
        view: &RewriteView,
        encoding: Encoding,
    ) -> Vec<GuardParams> {
        let Some(verdicts) = self.checks.found(view.id) else {
            return Vec::new();
        };
        let failed = self.failed(document.text(), view);
        let in_force = self.guards_of(view.id);
        let checked = verdicts.checked.iter();
        let checked = checked.filter(|it| level(&in_force, **it) != GuardLevel::Off);
        let params = |guard: &Guard| {
            let failed = failed.iter().find(|it| it.guard == *guard);
            GuardParams {
                guard: guard.name().to_owned(),
                verdict: match failed.map(|it| it.blocks) {
                    None => "passed",
                    Some(false) => "warn",
                    Some(true) => "block",
                }
                .to_owned(),
                message: failed.map(|it| it.message.to_owned()).unwrap_or_default(),
                range: failed
                    .filter(|_| !view.state.is_over())
                    .map(|it| to_range(document.text(), it.range.clone(), encoding)),
            }
        };
        checked.map(params).collect()
    }

    /// What is known of a rewrite's guards, to see whether something new is.
    pub(super) fn verdicts(&self, id: RewriteId) -> Option<Verdicts> {
        self.checks.found(id).cloned()
    }

    /// The rewrites that a guard blocks, and the first such guard; as far as is known.
    pub(super) fn blocked(&self) -> BTreeMap<RewriteId, Guard> {
        let all = self.checks.of.keys().copied();
        all.filter_map(|id| Some((id, self.blocked_by(id)?)))
            .collect()
    }
}

fn subject(document: &OpenDocument, accepted: &str, guards: Vec<Guard>) -> Subject {
    let mut hasher = DefaultHasher::new();
    accepted.hash(&mut hasher);
    Subject {
        state: document.state(),
        hash: hasher.finish(),
        guards,
    }
}

/// Where a fault is shown: at its place in the region, as far as that is still there, or on the region's first line.
fn place(text: &Text, region: &Range<usize>, fault: Option<&Range<usize>>) -> Range<usize> {
    let end = region.end.min(text.len());
    let start = region.start.min(end);
    let found = fault.map(|it| (start + it.start).min(end)..(start + it.end).min(end));
    let is_there = |it: &Range<usize>| text.is_boundary(it.start) && text.is_boundary(it.end);
    found.filter(is_there).unwrap_or_else(|| {
        let line_end = text.line_end(text.line_of(start));
        start..line_end.clamp(start, end)
    })
}
