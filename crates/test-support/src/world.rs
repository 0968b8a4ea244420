//! [`World`]: an editor, the wires to and from it, the mirror and the engine; runs steps of a script and brings
//! everything to rest. What happens next is `person`'s; what must hold is `oracle`'s.

mod act;
mod rest;

use std::collections::VecDeque;

use rewrite::{DocumentRewrites, EditId, Effect, HunkView, State, Time};
use text::{ContentChange, Document};

use crate::alphabet;
use crate::coverage::Coverage;
use crate::editor::{Editor, Message, Model, Report, Request, position_of};
use crate::model::Outcome;
use crate::oracle::{self, Ledger};
use crate::step::Step;

/// What does not hold, in a sentence.
pub type Violation = String;

/// One session.
pub struct World {
    /// The editor.
    pub editor: Editor,
    /// Edits on their way to the editor.
    pub requests: VecDeque<Request>,
    mirror: Document,
    engine: DocumentRewrites,
    now: Time,
    wake_at: Option<Time>,
    /// How often the server has seen the file opened again.
    opening: u32,
    /// Every rewrite of the session, in order.
    pub ledgers: Vec<Ledger>,
    /// How many characters the person has typed.
    pub typed: usize,
    /// No character of the text occurs twice.
    distinct: bool,
    /// Where the person typed last, in characters.
    pub cursor: usize,
    /// What has been met.
    pub coverage: Coverage,
    /// Print what happens.
    pub traces: bool,
    /// Steps run, those of coming to rest included.
    pub steps: u64,
}

impl World {
    /// An editor with a file open.
    pub fn new(model: &Model, text: &str) -> World {
        let editor = Editor::open(*model, text);
        let mirror = Document::open(text, editor.version, model.version_rule());
        let profile = model.profile();
        World {
            engine: DocumentRewrites::open(mirror.text().clone(), editor.version, profile),
            mirror,
            editor,
            requests: VecDeque::new(),
            now: 0,
            wake_at: None,
            opening: 0,
            ledgers: Vec::new(),
            typed: 0,
            distinct: alphabet::is_distinct(text),
            cursor: 0,
            coverage: Coverage::default(),
            traces: std::env::var_os("TRACE").is_some(),
            steps: 0,
        }
    }

    /// The places in `ledgers` of the rewrites that are not over.
    pub fn active(&self) -> Vec<usize> {
        let places = 0..self.ledgers.len();
        places.filter(|at| !self.ledgers[*at].over).collect()
    }

    /// Runs one step.
    ///
    /// # Errors
    /// What does not hold after it.
    pub fn step(&mut self, step: &Step) -> Result<(), Violation> {
        self.steps += 1;
        let states: Vec<State> = self
            .active()
            .iter()
            .map(|at| self.ledgers[*at].state)
            .collect();
        self.coverage.note(self.editor.model.name, step, &states);
        let done = self.act(step);
        if self.traces {
            eprintln!("{step}");
            eprintln!(
                "    editor v{} {:?}",
                self.editor.version,
                self.editor.page.text()
            );
            eprintln!(
                "    mirror v{} {:?}",
                self.mirror.version(),
                self.mirror.text().to_string()
            );
            for view in self.engine.active() {
                eprintln!("    {:?} {:?} {:?}", view.id, view.state, view.region);
            }
        }
        done?;
        self.harm()
    }

    /// What an edit of ours did to the page that it must not.
    fn harm(&mut self) -> Result<(), Violation> {
        let page = &self.editor.page;
        // Which of two line breaks the person deleted, no report tells.
        // Nor, where the whole text is reported, which one an undo took away.
        let model = &self.editor.model;
        let blurred = !page.blurred.is_empty() || model.hostile && !self.editor.undone.is_empty();
        let clear = |(ch, harm): &&(char, String)| {
            !blurred || !alphabet::is_neutral(*ch) && !harm.starts_with("I4")
        };
        // What was deleted and came back before that was reported has never been away for the server.
        let late = model.report == Report::Late || model.hostile;
        let seen = |(ch, harm): &&(char, String)| {
            let unsure = !page.restored.is_empty() || !self.editor.confused.is_empty();
            // What an undo puts back across an edge of a region may have stood on either side of it, and so may be of what
            // the next rewrite there begins with.
            let next = harm.starts_with("an edit") && page.has_successors();
            if page.restored.contains(ch) && (harm.starts_with("I4") || next) {
                return false;
            }
            !late || !(page.restored.contains(ch) || unsure && harm.starts_with("I4"))
        };
        match page.harm.iter().filter(seen).find(clear) {
            Some((_, harm))
                if self.editor.late_edits == 0
                    && self.distinct
                    && !self.editor.redone
                    && !self.editor.coincided =>
            {
                Err(harm.clone())
            }
            _ => Ok(()),
        }
    }

    /// The server takes the next message.
    fn take_message(&mut self) -> Result<(), Violation> {
        if self.editor.outbox.is_empty() {
            return Ok(());
        }
        let mut out = Vec::new();
        match self.editor.outbox.remove(0) {
            Message::Changed {
                version,
                changes,
                after,
                ..
            } => {
                let sets = self
                    .mirror
                    .apply(version, &changes, self.editor.model.encoding)
                    .map_err(|error| format!("the mirror refuses {changes:?}: {error}"))?;
                if self.mirror.text().to_string() != after {
                    let text = self.mirror.text().to_string();
                    return Err(format!(
                        "I1: the mirror holds {text:?}, the editor {after:?}"
                    ));
                }
                if self.traces {
                    eprintln!("    reports {changes:?}");
                }
                let text = self.mirror.text().clone();
                self.engine
                    .changed(&sets, &text, version, self.now, &mut out);
            }
            Message::Answer { edit, applied } => self.engine.answered(EditId(edit), applied),
            Message::Reopened { version, text } => {
                self.engine.close(self.now, &mut out);
                self.carry_out(out)?;
                out = Vec::new();
                let rule = self.editor.model.version_rule();
                self.mirror = Document::open(&text, version, rule);
                let profile = self.editor.model.profile();
                self.wake_at = None;
                self.opening += 1;
                let last = self.engine.last_edit();
                self.engine = DocumentRewrites::open(self.mirror.text().clone(), version, profile)
                    .number_edits_behind(last);
            }
        }
        self.carry_out(out)
    }

    /// The server sees to its work.
    fn settle(&mut self) -> Result<(), Violation> {
        let mut out = Vec::new();
        self.engine.settle(self.now, &mut out);
        self.carry_out(out)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), Violation> {
        self.engine.check()?;
        for effect in effects {
            match effect {
                Effect::Edit {
                    edit,
                    version,
                    text,
                    parts,
                    ..
                } => {
                    if version != self.mirror.version() || text != *self.mirror.text() {
                        return Err(format!(
                            "{edit:?} is made for another text than the mirror's"
                        ));
                    }
                    if self.traces {
                        eprintln!("    asks {edit:?} {parts:?}");
                    }
                    let request = self.request(edit, &parts)?;
                    self.requests.push_back(request);
                }
                Effect::WakeAt(at) => self.wake_at = Some(at),
                Effect::Send { rewrite, .. } => {
                    if let Some(ledger) = self.ledger(rewrite.0) {
                        ledger.sends += 1;
                    }
                }
                Effect::Cancel { rewrite } => {
                    if let Some(ledger) = self.ledger(rewrite.0) {
                        ledger.cancels += 1;
                        if ledger.ended || ledger.cancels > 1 {
                            return Err(format!("I8: {rewrite:?} is cancelled, and has ended"));
                        }
                        ledger.outcome.get_or_insert(Outcome::Cut);
                    }
                }
                Effect::Changed { rewrite } => self.look_at(rewrite.0)?,
            }
        }
        self.check_over()
    }

    fn ledger(&mut self, id: u64) -> Option<&mut Ledger> {
        self.ledgers.iter_mut().find(|it| u64::from(it.id) == id)
    }

    /// The request that an edit becomes, if it is well-formed.
    fn request(&self, edit: EditId, parts: &[rewrite::Part]) -> Result<Request, Violation> {
        let text = self.mirror.text();
        let plain = text.to_string();
        let chars: Vec<char> = plain.chars().collect();
        let encoding = self.editor.model.encoding;
        let regions: Vec<std::ops::Range<usize>> =
            self.engine.active().map(|view| view.region).collect();
        let mut end = None;
        let mut changes = Vec::new();
        for part in parts {
            let range = part.range.clone();
            let bad = |why: &str| Err(format!("{edit:?}: {part:?} {why}"));
            if end.is_some_and(|end| end >= range.start) {
                return bad("touches the one before it, or is not in order");
            }
            end = Some(range.end);
            if range.end > text.len()
                || !text.is_boundary(range.start)
                || !text.is_boundary(range.end)
            {
                return bad("cuts a character, or ends past the text");
            }
            if text.splits_crlf(range.start) || text.splits_crlf(range.end) {
                return bad("splits a line break");
            }
            if plain[range.clone()] == part.text {
                return bad("changes nothing");
            }
            let start = regions.iter().map(|region| region.start).min();
            let last = regions.iter().map(|region| region.end).max();
            if start.is_none_or(|start| range.start + 1 < start)
                || last.is_none_or(|end| end + 1 < range.end)
            {
                return bad("lies outside of every region");
            }
            let index = |byte: usize| plain[..byte].chars().count();
            changes.push(ContentChange {
                range: Some(
                    position_of(&chars, index(range.start), encoding)
                        ..position_of(&chars, index(range.end), encoding),
                ),
                text: part.text.clone(),
            });
        }
        if changes.is_empty() {
            return Err(format!("{edit:?} is empty"));
        }
        Ok(Request {
            edit: edit.0,
            opening: self.opening,
            version: self.mirror.version(),
            text: plain,
            parts: changes,
            rewrites: parts
                .iter()
                .map(|part| part.rewrites.iter().map(|it| it.0 as u32).collect())
                .collect(),
        })
    }

    /// Something about a rewrite has changed.
    fn look_at(&mut self, id: u64) -> Result<(), Violation> {
        let Some(view) = self.engine.view(rewrite::RewriteId(id)) else {
            return Ok(());
        };
        let over = view.state.is_over() && !self.engine.active().any(|it| it.id == view.id);
        let undos = self.editor.undone.iter();
        let undos = undos.filter(|it| **it == id as u32).count();
        let undone = undos > 0;
        let page = &self.editor.page;
        let unsure = page.now(&self.editor.unsure_edges).contains(&(id as u32));
        let touched =
            unsure || page.is_touched(id as u32) || page.ever_touched.contains(&(id as u32));
        let late = self.editor.late_edits > 0;
        let hostile = self.editor.model.hostile;
        let length = self.mirror.text().len();
        let Some(ledger) = self.ledger(id) else {
            return Ok(());
        };
        if !oracle::may_follow(ledger.state, view.state) {
            return Err(format!(
                "{:?} goes from {:?} to {:?}",
                view.id, ledger.state, view.state
            ));
        }
        let lost = view
            .message
            .as_deref()
            .is_some_and(|it| it.contains("lost track"));
        if lost && !late && !hostile {
            return Err(format!("{:?} lost track of its text", view.id));
        }
        let proposed = matches!(view.state, State::Proposed | State::Interrupted);
        let new = ledger.hunks.is_empty() && !view.hunks.is_empty();
        if new {
            let sides = |hunk: &HunkView| (hunk.old.clone(), hunk.new.clone());
            ledger.hunks = view.hunks.iter().map(sides).collect();
        }
        if (new || proposed && ledger.state != view.state) && !undone && !late {
            oracle::check_hunks(ledger, &view, touched)?;
        }
        let mut end = view.region.start;
        for hunk in &view.hunks {
            if hunk.range.start < end || hunk.range.end > view.region.end || hunk.range.end > length
            {
                return Err(format!("{:?}: hunks lie at {:?}", view.id, view.hunks));
            }
            end = hunk.range.end;
        }
        if !ledger.state.is_over() && view.state.is_over() {
            ledger.undone = undos;
        }
        ledger.state = view.state;
        ledger.over |= over;
        Ok(())
    }

    /// Checks what is over and lets go of it.
    fn check_over(&mut self) -> Result<(), Violation> {
        let waiting = |it: &&Ledger| it.over && !it.checked;
        let waiting: Vec<u32> = self
            .ledgers
            .iter()
            .filter(waiting)
            .map(|it| it.id)
            .collect();
        for id in waiting {
            let group = self.group(id);
            let page = &self.editor.page;
            let mut members: Vec<&Ledger> = self
                .ledgers
                .iter()
                .filter(|it| group.contains(&it.id) && !it.checked)
                .collect();
            if members.is_empty() || members.iter().any(|it| !it.over) {
                continue;
            }
            members.sort_by_key(|it| page.inside(it.id).start);
            let seen = self.editor.late_edits == 0 && !self.editor.has_unseen_undo();
            let undone = group.iter().any(|id| self.editor.undone.contains(id));
            // The undo of a decision is the person's own business.
            let undos = |id: u32| self.editor.undone.iter().filter(|it| **it == id).count();
            let since = members.iter().any(|it| undos(it.id) > it.undone);
            let clear = !group.iter().any(|id| self.editor.confused.contains(id));
            let there = members.iter().all(|it| page.inside(it.id).start > 0);
            if seen && there && clear && !since {
                oracle::check_over(page, &members, undone, self.distinct)?;
            }
            let over = |it: &&mut Ledger| it.over && group.contains(&it.id);
            for ledger in self.ledgers.iter_mut().filter(over) {
                ledger.checked = true;
                self.editor.page.commit(ledger.id);
            }
        }
        Ok(())
    }

    /// The rewrites whose regions touch this one's, directly or through others.
    fn group(&self, id: u32) -> Vec<u32> {
        let mut group = vec![id];
        let mut at = 0;
        while at < group.len() {
            // Where they touch, the page cannot say which of two blanks or line breaks belongs to which.
            for other in self.editor.page.neighbours(group[at]) {
                if !group.contains(&other) {
                    group.push(other);
                }
            }
            at += 1;
        }
        group
    }
}
